"""One cell in this process: fit, index, choose, search, measure. ``cell.py`` has all the steps.

In: a method, a task and a seed. Out: a measured :class:`bench.store.cell.Cell`. It may import
``plan``, ``registry``, ``versions``, ``store``, ``method``, ``task``, ``measures``, ``leaves``,
``arrays`` and ``system``.
"""
