"""The cells of a run: datasets × methods × seeds, with every hyper-parameter settled.

In: a grid of classes and typed values, or a suite's file. Out: planned cells with their keys, and
how long they may take. It may import ``registry``, ``data``, ``store``, ``versions``, ``method``,
``task`` and ``system``.
"""
