"""The metrics of one cell, derived again from its run and its task's relevance alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.derive import Results, correlations
from bench.query_values import read_query_values
from bench.replay.differences import differences, values_differ
from bench.run_file import read_run, read_scores
from bench.search import PointSummary
from bench.store import QUERIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.cell import Cell
    from bench.measured import PointResult
    from bench.run_file import PointRecord
    from bench.similarity import SimilarityPairs
    from bench.task import Task
    from bench.types import Ints


def wrong_metrics(cell: Cell, task: Task, run: Path) -> Iterator[str]:
    """What a cell says otherwise than its run does: where, which metric, and both numbers.

    The setting of each operating point, its routing cost and its speed are taken from the cell.

    Args:
        cell: as stored.
        task: that it was measured on.
        run: its run file.

    Raises:
        ValueError, LookupError, TypeError, OSError: the run is not one of this cell.
    """
    was = {"n_queries": cell.n_queries, "n_documents": cell.n_documents, "cut": cell.cut}
    now = {"n_queries": task.n_asked, "n_documents": len(task.document_names), "cut": task.test.cut}
    yield from differences(was, now)
    if task.similarity is None:
        yield from _of_rankings(cell, task, run)
    else:
        yield from _of_scores(cell, task.similarity, run)


def _of_scores(cell: Cell, pairs: SimilarityPairs, run: Path) -> Iterator[str]:
    """Of a cell that scored pairs of words."""
    stored, derived = (
        {f"{row.subset} by {row.score}": row.model_dump() for row in rows}
        for rows in (cell.similarity, correlations(read_scores(run), pairs))
    )
    yield from differences(stored, derived)


def _of_rankings(cell: Cell, task: Task, run: Path) -> Iterator[str]:
    """Of a cell that searched."""
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    results: Results | None = None
    for stored, record in zip(cell.points, read_run(run), strict=True):
        _check_form(record, rows, judged.relevance.n_pairs)
        if results is None:
            results = Results(judged, record.exact, len(task.document_names))
        results.add(_summary(stored, record), record.ids, record.reached)
    if results is None:
        return
    points = results.points()
    for number, (stored, derived) in enumerate(zip(cell.points, points, strict=True)):
        setting = " ".join(f"{name}={value}" for name, value in stored.point.items())
        where = f"point {number} ({setting})" if setting else f"point {number}"
        for difference in differences(stored.model_dump(), derived.model_dump()):
            yield f"{where}: {difference}"
    kept = read_query_values(run.with_name(QUERIES))
    if kept is not None:
        for difference in values_differ(kept, results.query_values(rows, points)):
            yield f"{QUERIES}: {difference}"


def _summary(stored: PointResult, record: PointRecord) -> PointSummary:
    """How a point was searched: visited from the run, what no run tells from the cell."""
    n = len(record.queries)
    return PointSummary(
        point=stored.point,
        n_queries=n,
        mean_visited=float(record.visited.mean()),
        self_reported=stored.self_reported,
        routing=stored.routing,
        seconds=n / stored.queries_per_second,
    )


def _check_form(record: PointRecord, rows: Ints, n_pairs: int) -> None:
    """Raise ValueError for a point of other queries or other pairs."""
    if not np.array_equal(record.queries, rows):
        raise ValueError(f"its queries are not the {len(rows):,} that the task asks")
    for name, known in (("reached", record.reached), ("exact", record.exact)):
        if known is not None and len(known) != n_pairs:
            raise ValueError(f"{name} has {len(known):,} pairs, the task {n_pairs:,}")
