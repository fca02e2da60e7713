"""Whether what is published is what was measured, and what keeps it so.

In: a results folder. Out: verdicts of replay and certify, derived measures written by recompute,
submitted cells, exported cells that find the same, and the lock of versions. It may import
``executors``, ``report``, ``check``, ``evaluation``, ``plan``, ``registry``, ``data``, ``store``,
``versions``, ``method``, ``task``, ``measures`` and ``system``.
"""
