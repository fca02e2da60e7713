"""The files of a cell on disk.

In: a cell with its run. Out: ``cell.json``, ``run.parquet`` and ``queries.parquet``, whole or not
at all. It may import ``method``, ``measures``, ``arrays`` and ``system``.
"""
