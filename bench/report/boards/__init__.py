"""The tables of a task: a module for each family of boards.

In: the rows of a task. Out: :class:`bench.report.rows.Board`. ``all.py`` lists them in the order in
which they are printed.
"""
