"""The metrics of stored cells against those that their runs give, task by task."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.errors import InputError
from bench.measures.ranking import PARTS
from bench.store.folder import QUERIES, RUN
from bench.store.query_values import read_query_values
from bench.verify.differences import differences, means_differ, values_differ
from bench.verify.rederive import rederive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.task import Task
    from bench.verify.rederive import Rederived


@dataclass
class Derived:
    """What became of the cells of one task.

    Attributes:
        task: its name.
        cells: those that were measured from a run.
        equal: how many have the metrics that their run gives.
        absent: how many have no run file here.
        reason: why none was derived, where the dataset cannot be read.
        lacking: measures that a cell does not have and its run gives.
        failures: a line for each cell whose metrics are not those of its run.
    """

    task: str
    cells: int
    equal: int = 0
    absent: int = 0
    reason: str = ""
    lacking: set[str] = field(default_factory=set)
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
                told = [_problem(path, cell, task) for path, cell in here]
                failures = [problem for problem, _ in told if problem]
                found.lacking = set().union(*(lacking for _, lacking in told))
                found.failures += failures
                found.equal = len(told) - len(failures)
        yield found


def _wrong_means(path: Path, cell: Cell) -> str | None:
    """What is wrong with the metrics of a cell whose run is not here, as far as queries tell."""
    values = read_query_values(path.with_name(QUERIES))
    if values is None:
        return None
    wrong = next(means_differ(cell.points, values), None)
    return f"{path}: {wrong}" if wrong else None


def _problem(path: Path, cell: Cell, task: Task) -> tuple[str | None, set[str]]:
    """What is wrong with the metrics of a cell, or None; and measures that it does not have yet."""
    try:
        derived = rederive(cell, task, path.with_name(RUN))
    except InputError as error:
        return f"{path}: {error}", set()
    lacking: set[str] = set()
    wrong = list(_wrong_metrics(path, cell, task, derived, lacking))
    more = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return (f"{path}: {wrong[0]}{more}" if wrong else None), lacking


def _wrong_metrics(
    path: Path, cell: Cell, task: Task, derived: Rederived, lacking: set[str]
) -> Iterator[str]:
    """What a cell says otherwise than its run does: where, which metric, and both numbers."""
    was = {"n_queries": cell.n_queries, "n_documents": cell.n_documents, "cut": cell.cut}
    now = {"n_queries": task.n_asked, "n_documents": len(task.document_names), "cut": task.test.cut}
    yield from differences(was, now)
    stored, again = (
        {f"{row.subset} by {row.score}": row.model_dump() for row in rows}
        for rows in (cell.similarity, derived.similarity)
    )
    yield from differences(stored, again)
    for number, (point, new) in enumerate(zip(cell.points, derived.points, strict=True)):
        setting = " ".join(f"{name}={value}" for name, value in point.point.items())
        where = f"point {number} ({setting})" if setting else f"point {number}"
        known = point.model_dump()
        for difference in differences(known, _known(new.model_dump(), known, lacking)):
            yield f"{where}: {difference}"
    kept = read_query_values(path.with_name(QUERIES))
    if kept is not None and derived.values is not None:
        for difference in values_differ(kept, derived.values):
            yield f"{QUERIES}: {difference}"


def _known(derived: dict[str, Any], stored: Mapping[str, Any], lacking: set[str]) -> dict[str, Any]:
    """What a run gives, without ranking measures that were not there when it was measured."""
    found = dict(derived)
    for name, part in derived.items():
        if name == "ranking":
            lacking |= part.keys() - stored[name].keys()
            found[name] = {key: part[key] for key in part if key in stored[name]}
        elif name in PARTS and part is not None and stored[name] is not None:
            found[name] = _known(part, stored[name], lacking)
    return found
