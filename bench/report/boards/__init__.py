"""The tables of a task: a module for each family of boards.

In: the rows of a task. Out: :class:`bench.report.table.Board`. ``all.py`` puts the boards in the
order of printing.
"""
