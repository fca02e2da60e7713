"""The figures of one row in two folders, and whether the second is ahead of the first."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.ranking import PARTS
from bench.report.boards.paired import RowValues, leads, values_at
from bench.report.points import Points, at
from bench.report.rows import chosen_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measures.budget import Budget
    from bench.measures.differences import Lead
    from bench.measures.records import PointResult
    from bench.report.boards.paired import ValuesOf
    from bench.report.compare.pairs import Pair
    from bench.report.rows import Row
    from bench.types import Floats, Ints

MACRO = "recall"
"""The measure of a hierarchy by which rows are compared, of each query."""


class Side(NamedTuple):
    """A row in one folder, within a budget.

    Attributes:
        row: the row, of the seeds that both folders have; of all of its own, if there is none.
        points: the point of each seed that costs most within the budget; None: a seed has none.
        means: [n_seeds] means of the measure over queries, or empty.
        queries: [n_queries] the queries that have values.
        values: the values of each query by seed, or a reason why there are none.
    """

    row: Row
    points: Points | None
    means: list[float]
    queries: Ints
    values: dict[int, Floats] | str


class Change(NamedTuple):
    """A row in both folders, by one measure within a budget.

    Attributes:
        pair: the row.
        before, after: its two sides.
        lead: the lead of the second side over the first; None: it cannot be computed.
    """

    pair: Pair
    before: Side
    after: Side
    lead: Lead | None

    @property
    def by(self) -> float | None:
        """By how many points the second side is ahead; None where a side has no figure."""
        if self.lead is not None:
            return self.lead.difference.mean
        if not self.before.means or not self.after.means:
            return None
        return 100 * (fmean(self.after.means) - fmean(self.before.means))

    @property
    def is_same(self) -> bool:
        """Whether each query has the same value on both sides; else whether each seed has."""
        one, other = self.before.values, self.after.values
        if isinstance(one, str) or isinstance(other, str):
            return self.before.means == self.after.means
        return _equal(one, other)


def measures_of(pairs: Sequence[Pair]) -> list[str]:
    """The measures by which some of the rows can be compared, the main one first."""
    from bench.report.task_report import COMPARED

    points = [
        point for pair in pairs for row in pair for cell in row.cells for point in cell.points
    ]
    return [name for name in COMPARED if any(_mean(point, name) is not None for point in points)]


def changes(
    pairs: Sequence[Pair],
    measure: str,
    budget: Budget,
    values_before: ValuesOf,
    values_after: ValuesOf,
) -> list[Change]:
    """The rows of a task that have a point within a budget on a side, by one measure.

    Rows whose queries have other values are tested together, with Holm's correction over them.

    Args:
        pairs: the rows of one task.
        measure: a key of ``COMPARED``.
        budget: the largest cost of each side.
        values_before: a function that gives the values of each query of a cell of the first side,
            or None if they are not kept.
        values_after: the same of the second side.

    Returns:
        The changes, the largest first; rows that are the same last.
    """
    sides = [
        (
            _side(pair.before, pair, measure, budget, values_before),
            _side(pair.after, pair, measure, budget, values_after),
        )
        for pair in pairs
    ]
    found = [
        Change(pair, before, after, None)
        for pair, (before, after) in zip(pairs, sides, strict=True)
        if before.points is not None or after.points is not None
    ]
    tested: dict[int, tuple[dict[int, Floats], dict[int, Floats]]] = {}
    queries: Ints | None = None
    for number, each in enumerate(found, start=1):
        new, old = each.after.values, each.before.values
        if isinstance(new, str) or isinstance(old, str) or _equal(new, old):
            continue
        queries = each.after.queries if queries is None else queries
        if all(np.array_equal(side.queries, queries) for side in (each.before, each.after)):
            tested[number] = new, old
    every = [column for rows in tested.values() for row in rows for column in row.values()]
    if every:
        known = ~np.isnan(np.array(every)).any(axis=0)
        # m pairs that share no row are as independent as those of m rows with one more.
        of_pairs = leads({(0, number): rows for number, rows in tested.items()}, known)
        for (_, number), lead in of_pairs.items():
            found[number - 1] = found[number - 1]._replace(lead=lead)
    return sorted(found, key=lambda each: (each.is_same, -abs(each.by or 0.0)))


def _side(row: Row, pair: Pair, measure: str, budget: Budget, values_of: ValuesOf) -> Side:
    seeds = pair.seeds
    common = replace(row, cells=[cell for cell in row.cells if not seeds or cell.seed in seeds])
    points = chosen_points(common, at(budget))
    means = [found for point in points or () if (found := _mean(point, measure)) is not None]
    values = values_at(common, values_of, budget)
    if not isinstance(values, RowValues):
        return Side(common, points, means, np.zeros(0, int), values)
    of_measure = values.by_measure.get(measure, {})
    whole = len(of_measure) == len(common.cells)
    by_seed = dict(of_measure) if whole else "a seed lacks the measure"
    return Side(common, points, means, values.queries, by_seed)


def _mean(point: PointResult, measure: str) -> float | None:
    """The mean over queries of a key of ``COMPARED``."""
    if measure == MACRO:
        return None if point.ranking else point.macro
    part, _, name = measure.rpartition(" ")
    return point.mean(name, part) if part in PARTS else None


def _equal(one: dict[int, Floats], other: dict[int, Floats]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[seed], other[seed], equal_nan=True) for seed in one
    )
