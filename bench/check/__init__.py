"""Whether a method keeps the contract: named checks on two small tasks.

In: a method's class. Out: a line for each check. It may import ``evaluation``, ``plan``,
``registry``, ``data``, ``method``, ``task``, ``measures``, ``arrays`` and ``system``.
"""
