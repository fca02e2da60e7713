"""Advice: which method and settings to take for data and a budget, measured within minutes.

In: a task, and the limits that an answer must keep. Out: the best candidate on validation, its
price, its figures on the test, and why the others lost. Candidates are cells as in a run, and are
kept in a results folder. It may import ``executors``, ``report``, ``plan``, ``registry``,
``store``, ``data``, ``method``, ``task``, ``measures`` and ``system``.
"""
