"""Stored runs: the cells of a results folder task by task, and what the run of each gives."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import InputError, in_one_line
from bench.evaluation.points import Evaluation
from bench.measures.word_pairs import correlations
from bench.store.folder import RUN, Store
from bench.store.point_run import PointSummary
from bench.store.run_file import read_run, read_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from bench.measures.records import PointResult
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.store.run_file import PointRecord
    from bench.task import Task

ABLATIONS = "ablations"
"""A results folder of its own within one: it has cells, and no leaderboard."""
_COLUMNS = 6
"""Of a run; in an empty list a parquet file counts one value."""


def stores_of(out: Path) -> list[Store]:
    """The store of a results folder, and that of the ablations in it.

    Raises:
        InputError: neither holds runs.
    """
    stores = [each for each in (Store(out), Store(out / ABLATIONS)) if each.runs.is_dir()]
    if not stores:
        raise InputError(f"{out / 'runs'} is not there; name a results folder with --out")
    return stores


def require_measured(path: Path, cell: Cell) -> None:
    """Raise InputError for a run that was brought from a file: no method is known that made it."""
    if cell.brought is not None:
        raise InputError(
            f"{path} was brought from a file, {cell.brought.file}: it was not measured here, and "
            "there is no method to fit; name a cell that was measured"
        )


def tasks_in(stores: Iterable[Store]) -> set[str]:
    """The names of the tasks that stores have cells of."""
    return {folder.name for store in stores for folder in store.runs.iterdir()}


@dataclass
class TaskRuns:
    """The cells of one task that were measured from a run, by the path of their cell.json.

    Attributes:
        name: the name of the task.
        here: cells whose run file is here.
        absent: cells whose run file is not here.
        reason: why the dataset cannot be read, or empty.
        task: the task; it is set where a run is here and the dataset can be read.
    """

    name: str
    here: dict[Path, Cell] = field(default_factory=dict)
    absent: dict[Path, Cell] = field(default_factory=dict)
    reason: str = ""
    task: Task = field(init=False)

    @property
    def without(self) -> str:
        """How many cells have no run file here, to end a line with; empty for none."""
        return f"; {len(self.absent)} have no run file here" if self.absent else ""


def runs_by_task(
    cells: Mapping[Path, Cell], task_of: Callable[[str, str | None], Task]
) -> Iterator[TaskRuns]:
    """Group cells by task, and read each task of which a run is here.

    Args:
        cells: cells by the path of their cell.json.
        task_of: reads a task, given its name and the path of its data; raises InputError or
            OSError where it cannot.
    """
    groups: dict[tuple[str, str | None], TaskRuns] = {}
    for path, cell in cells.items():
        if cell.run_sha256 is not None:
            runs = groups.setdefault((cell.task, cell.dataset), TaskRuns(cell.task))
            is_here = os.path.lexists(path.with_name(RUN))
            (runs.here if is_here else runs.absent)[path] = cell
    for named, runs in groups.items():
        try:
            if runs.here:
                runs.task = task_of(*named)
        except (InputError, OSError) as error:
            runs.reason = in_one_line(str(error))
        yield runs


def rederive(cell: Cell, task: Task, run: Path) -> tuple[Cell, QueryValues | None]:
    """Derive every measure of a cell again, from its run and the task's relevance alone.

    Args:
        cell: the cell as stored. The setting of a point, its routing cost, its speed, its
            latency and whether its count is self-reported are taken from it, as no run has them.
        task: the task that the cell was measured on.
        run: the cell's run file.

    Returns:
        The cell with the figures of its run; and the values of each query, or None where nothing
        was searched.

    Raises:
        InputError: the run is not one of this cell, or of another form.
    """
    if task.digest != cell.task_digest:
        raise InputError(
            f"was measured on data {cell.task_digest[:12]}, but {task.name} here is "
            f"{task.digest[:12]}, with relevance of its own"
        )
    found: dict[str, Any] = {
        "n_queries": task.n_asked,
        "n_documents": len(task.document_names),
        "cut": task.test.cut,
    }
    values = None
    try:
        if (pairs := task.similarity) is not None:
            found["similarity"] = correlations(
                read_scores(run, len(pairs.gold)), pairs.gold, pairs.subsets
            )
        elif (results := _evaluation(cell, task, run)) is not None:
            found["points"] = results.points()
            values = results.query_values(task.test.relevance.answered, found["points"])
    except InputError:  # of a measure, which says so itself
        raise
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError) as error:
        problem = in_one_line(str(error))  # Arrow's errors are among these
        raise InputError(f"{run} is not the run of its cell: {problem}") from error
    return cell.model_copy(update=found), values


def _evaluation(cell: Cell, task: Task, run: Path) -> Evaluation | None:
    """The results of all operating points, or None where there is none.

    Raises:
        ValueError: the run is of other points, other queries or other pairs.
    """
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    results: Evaluation | None = None
    most_values = len(cell.points) * (
        len(rows) * (cell.k + _COLUMNS) + 2 * judged.relevance.n_pairs
    )
    for stored, record in zip(cell.points, read_run(run, most_values), strict=True):
        if not np.array_equal(record.queries, rows):
            raise ValueError(f"its queries are not the {len(rows):,} that the task asks")
        for name, known in (("reached", record.reached), ("exact", record.exact)):
            if known is not None and len(known) != judged.relevance.n_pairs:
                n_pairs = judged.relevance.n_pairs
                raise ValueError(f"{name} has {len(known):,} pairs, the task {n_pairs:,}")
        if results is None:
            results = Evaluation(judged, len(task.document_names))
            results.latencies = [point.latency for point in cell.points]
        if record.exact is not None:
            results.exact = record.exact
        results.add(_summary(stored, record, len(rows)), record.ids, record.reached)
    return results


def _summary(stored: PointResult, record: PointRecord, n_queries: int) -> PointSummary | None:
    """How a point was searched, by its run where that tells; None for one from a file."""
    if stored.routing is None or stored.queries_per_second is None:
        return None
    return PointSummary(
        point=stored.point,
        n_queries=n_queries,
        mean_visited=float(record.visited.mean()),
        self_reported=stored.self_reported,
        routing=stored.routing,
        seconds=n_queries / stored.queries_per_second,
        waited=stored.waited,
        tied=stored.tied,
        query_load=stored.query_load,
    )
