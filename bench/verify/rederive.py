"""What a cell's stored run gives: every measure again, from it and the task's relevance alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError
from bench.evaluation.points import Evaluation
from bench.measures.word_pairs import correlations
from bench.store.run_file import PointSummary, read_run, read_scores

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measures.records import Correlation, PointResult
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.store.run_file import PointRecord
    from bench.task import Task
    from bench.types import Ints


class Rederived(NamedTuple):
    """Every figure that a run gives, as a cell has it.

    Attributes:
        points: of what was searched; the setting of each, its routing cost and its speed are the
            cell's own, as no run tells them.
        similarity: of pairs that were scored.
        values: what each query came to, or None where nothing was searched.
    """

    points: list[PointResult]
    similarity: list[Correlation]
    values: QueryValues | None


def rederive(cell: Cell, task: Task, run: Path) -> Rederived:
    """Every measure of a cell again.

    Args:
        cell: as stored.
        task: that it was measured on.
        run: its run file.

    Raises:
        InputError: the run is not one of this cell, or of another form.
    """
    if task.digest != cell.task_digest:
        raise InputError(
            f"was measured on data {cell.task_digest[:12]}, but {task.name} here is "
            f"{task.digest[:12]}, with relevance of its own"
        )
    try:
        if (pairs := task.similarity) is not None:
            return Rederived([], correlations(read_scores(run), pairs.gold, pairs.subsets), None)
        return _of_rankings(cell, task, run)
    except InputError:  # of a measure, which says so itself
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError) as error:
        problem = " ".join(str(error).split())  # Arrow's errors are among these
        raise InputError(f"{run} is not the run of its cell: {problem}") from error


def _of_rankings(cell: Cell, task: Task, run: Path) -> Rederived:
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    results: Evaluation | None = None
    for stored, record in zip(cell.points, read_run(run), strict=True):
        _check_form(record, rows, judged.relevance.n_pairs)
        if results is None:
            results = Evaluation(judged, len(task.document_names), record.exact)
        results.add(_summary(stored, record), record.ids, record.reached)
    if results is None:
        return Rederived([], [], None)
    points = results.points()
    return Rederived(points, [], results.query_values(rows, points))


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
