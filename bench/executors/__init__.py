"""Cells in processes of their own, here or on a cluster; nothing outlives them.

In: planned cells. Out: events, and cells in the store. It may import ``evaluation``, ``plan``,
``store``, ``registry``, ``method``, ``task``, ``measures`` and ``system``.
"""
