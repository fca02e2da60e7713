"""The metrics of stored cells against those that their runs give, task by task."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.query_values import read_query_values
from bench.replay.differences import means_differ
from bench.replay.rederive import wrong_metrics
from bench.store import QUERIES, RUN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.cell import Cell
    from bench.task import Task


@dataclass
class Derived:
    """What became of the cells of one task.

    Attributes:
        task: its name.
        cells: those that were measured from a run.
        equal: how many have the metrics that their run gives.
        absent: how many have no run file here.
        reason: why none was derived, where the dataset cannot be read.
        failures: a line for each cell whose metrics are not those of its run.
    """

    task: str
    cells: int
    equal: int = 0
    absent: int = 0
    reason: str = ""
    failures: list[str] = field(default_factory=list)


def check_metrics(cells: Mapping[Path, Cell], task_of: Callable[[str], Task]) -> Iterator[Derived]:
    """Derive the metrics of all cells again.

    Args:
        cells: by the path of their cell.json.
        task_of: reads a task, given its name; raises InputError where it cannot.
    """
    groups: dict[str, list[tuple[Path, Cell]]] = defaultdict(list)
    for path, cell in cells.items():
        if cell.run_sha256 is not None:
            groups[cell.task].append((path, cell))
    for name, group in groups.items():
        here = [(path, cell) for path, cell in group if path.with_name(RUN).exists()]
        found = Derived(name, len(group), absent=len(group) - len(here))
        found.failures = [
            problem
            for path, cell in group
            if not path.with_name(RUN).exists() and (problem := _wrong_means(path, cell))
        ]
        if here:
            try:
                task = task_of(name)
            except (InputError, OSError) as error:
                found.reason = " ".join(str(error).split())
            else:
                problems = [_problem(path, cell, task) for path, cell in here]
                failures = [problem for problem in problems if problem]
                found.failures += failures
                found.equal = len(problems) - len(failures)
        yield found


def _wrong_means(path: Path, cell: Cell) -> str | None:
    """What is wrong with the metrics of a cell whose run is not here, as far as queries tell."""
    values = read_query_values(path.with_name(QUERIES))
    if values is None:
        return None
    wrong = next(means_differ(cell.points, values), None)
    return f"{path}: {wrong}" if wrong else None


def _problem(path: Path, cell: Cell, task: Task) -> str | None:
    """What is wrong with the metrics of a cell, or None."""
    if task.digest != cell.task_digest:
        return (
            f"{path}: was measured on data {cell.task_digest[:12]}, but {task.name} here is "
            f"{task.digest[:12]}, with relevance of its own"
        )
    run = path.with_name(RUN)
    try:
        wrong = list(wrong_metrics(cell, task, run))
    except (ValueError, LookupError, TypeError, OSError) as error:  # Arrow's are of these
        return f"{run}: is not the run of its cell: {' '.join(str(error).split())}"
    more = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return f"{path}: {wrong[0]}{more}" if wrong else None
