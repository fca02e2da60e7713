"""The metrics of stored cells against those that their runs give, task by task."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import InputError
from bench.measures.xray import LOSSES
from bench.store.folder import QUERIES, RUN
from bench.store.query_values import read_query_values
from bench.verify.runs import rederive, runs_by_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.task import Task
    from bench.verify.runs import TaskRuns

EQUAL = 1e-7
"""Relative difference of equal figures, which are stored with eight digits."""
EQUAL_SINGLE = 1e-4
"""The same for ends of intervals and losses, which are stored with five digits."""
EQUAL_QUERY = 1e-5
"""The same for values of queries, which are kept in single precision."""
_FIVE_DIGITS = ("low", "high", *LOSSES)


@dataclass
class Derived:
    """The outcome for the cells of one task.

    Attributes:
        runs: the cells that were measured from a run.
        equal: how many cells have the metrics that their run gives.
        lacking: measures that a run gives and its cell does not have.
        failures: a line for each cell whose metrics are not those of its run.
    """

    runs: TaskRuns
    equal: int = 0
    lacking: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)


def check_metrics(
    cells: Mapping[Path, Cell], task_of: Callable[[str, str | None], Task]
) -> Iterator[Derived]:
    """Derive the metrics of all cells again and compare.

    Args:
        cells: cells by the path of their cell.json.
        task_of: reads a task, given its name and the path of its data; raises InputError where it
            cannot.
    """
    for runs in runs_by_task(cells, task_of):
        found = Derived(runs)
        for path, cell in runs.absent.items():
            try:
                kept = read_query_values(path.with_name(QUERIES), cell.n_queries)
                wrong = [] if kept is None else list(_means_differ(cell, kept))
            except InputError as error:
                wrong = [str(error)]
            found.failures += [f"{path}: {each}" for each in wrong[:1]]
        for path, cell in () if runs.reason else runs.here.items():
            try:
                again, values = rederive(cell, runs.task, path.with_name(RUN))
                kept = read_query_values(path.with_name(QUERIES), cell.n_queries)
            except InputError as error:
                found.failures.append(f"{path}: {error}")
                continue
            wrong = list(_figures_differ(_figures_of(cell), _figures_of(again), found.lacking))
            if kept is not None and values is not None:
                wrong += [f"{QUERIES}: {each}" for each in _values_differ(kept, values)]
            if wrong:
                more = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
                found.failures.append(f"{path}: {wrong[0]}{more}")
            else:
                found.equal += 1
        yield found


_Names = tuple[str, ...]


def _figures_of(cell: Cell) -> dict[_Names, Any]:
    """Every figure of a cell that its run gives, by the names that lead to it."""
    found: dict[str, Any] = {
        "n_queries": cell.n_queries,
        "n_documents": cell.n_documents,
        "cut": cell.cut,
    }
    for row in cell.similarity:
        found[f"{row.subset} by {row.score}"] = row.model_dump()
    for number, point in enumerate(cell.points):
        setting = " ".join(f"{name}={value}" for name, value in point.point.items())
        found[f"point {number} ({setting})" if setting else f"point {number}"] = point.model_dump()
    return dict(_flat(found))


def _flat(value: Any, names: _Names = ()) -> Iterator[tuple[_Names, Any]]:  # noqa: ANN401
    """The single figures of nested values; in a list, rows are named by their distance."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _flat(part, (*names, str(name)))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            at = part.get("distance", number) if isinstance(part, dict) else number
            yield from _flat(part, (*names[:-1], f"{names[-1]}[{at}]"))
    else:
        yield names, value


def _figures_differ(
    stored: dict[_Names, Any], derived: dict[_Names, Any], lacking: set[str]
) -> Iterator[str]:
    """The figures that are not equal, with both numbers.

    Measures of a ranking that are not stored were added since; they go into ``lacking``.
    """
    for names in stored | derived:
        if names not in stored and "ranking" in names:
            lacking.add(names[names.index("ranking") + 1])
            continue
        was, now = stored.get(names, "missing"), derived.get(names, "none")
        single = names[-1] in _FIVE_DIGITS
        if isinstance(was, float) and isinstance(now, float):
            near = EQUAL_SINGLE if single else EQUAL
            same = math.isclose(was, now, rel_tol=near, abs_tol=1e-12)
        else:
            same = type(was) is type(now) and was == now
        if not same:
            where = ": ".join(filter(None, (names[0], ".".join(names[1:]))))
            yield f"{where} is {was!r}, its run gives {now!r}"


def _means_differ(cell: Cell, stored: QueryValues) -> Iterator[str]:
    """The measures of a cell that are not the means over its queries."""
    for number, values in stored.points.items():
        point = cell.points[number]
        means = {"recall": point.macro} | {name: each.mean for name, each in point.ranking.items()}
        for name in means.keys() & values.keys():
            mean = float(np.mean(values[name], dtype=np.float64))
            if not math.isclose(mean, means[name], rel_tol=EQUAL_QUERY, abs_tol=1e-9):
                yield f"point {number}: {name} is {means[name]!r}, its queries give {mean!r}"


def _values_differ(stored: QueryValues, derived: QueryValues) -> Iterator[str]:
    """The first query, at each point and measure, whose value is not equal."""
    if not np.array_equal(stored.queries, derived.queries):
        yield "its queries are not those of the run"
        return
    for number in sorted(stored.points.keys() | derived.points.keys()):
        was, now = stored.points.get(number, {}), derived.points.get(number, {})
        if was.keys() - now.keys():
            yield f"point {number} has {', '.join(was.keys() - now.keys())}; its run does not"
        for name in was.keys() & now.keys():
            near = np.isclose(was[name], now[name], rtol=EQUAL_QUERY, atol=0, equal_nan=True)
            if not near.all():
                i = int(near.argmin())
                yield (
                    f"point {number}, query {stored.queries[i]}: {name} is {was[name][i]}, its "
                    f"run gives {now[name][i]}"
                )
