"""From the name of a dataset to a task: its card, its files, its reader.

In: what is typed after ``--dataset``. Out: a :class:`bench.task.Task`. It may import ``task``,
``measures`` (for the budget of a card), ``arrays`` and ``system``.
"""
