"""Operating points of a row: the choice of one for each seed, and its figures as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from bench.measures.budget import UNLIMITED
from bench.measures.ranking import MAIN, PARTS
from bench.measures.records import PartResult, PointResult
from bench.report.table import NONE, Column, mean_and_std, mean_text
from bench.store.cell import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.measures.budget import Budget

ABSENT = "No operating point costs so little"
CLAIMED = " claimed"
"""Marks a figure that is a method's own word, which the harness cannot count."""
MUCH_WORK = " ‡"
"""Marks a row that costs much more work than the share that it visits."""
MUCH_ROUTING = 2
"""Work of so many times the share visited is marked."""
SHARES_NOTE = (
    "Visited / work: mean shares of the corpus, without and with routing; *claimed*: the method's "
    f"own word; {MUCH_WORK.strip()}: more than twice as much work as visited."
)
ROUTING_ROUNDED = 1e-4
"""Relative rounding of a stored routing cost."""

Choose: TypeAlias = Callable[[Cell], PointResult | None]
PointMeasure: TypeAlias = Callable[[PointResult], float | None]
"""A fraction that an operating point comes to; None where it has no such measure."""


class Points(list[PointResult]):
    """One operating point of each seed of a row.

    Attributes:
        cells: the cells that they are of.
    """

    def __init__(self, cells: list[Cell], points: Iterable[PointResult]) -> None:
        super().__init__(points)
        self.cells = cells

    @property
    def sees_test(self) -> bool:
        """Whether they are of a method that is given the test relevance."""
        return self.cells[0].sees_test


def main_score(point: PointResult) -> float:
    """The figure that rows are ordered by, a fraction; see ``main_measure``."""
    return point.ranking[MAIN].mean if point.ranking else point.recall


def main_measure(cell: Cell) -> str:
    """The name of the measure that orders rows of a searched cell."""
    return "recall@|S|" if cell.cut is None else MAIN


def most_visited(cell: Cell) -> PointResult:
    """The operating point that visits most, of at least one."""
    return max(cell.points, key=UNLIMITED.order)


def within(cell: Cell, budget: Budget) -> PointResult | None:
    """The operating point that costs most within a budget, by measured means over queries."""
    number = budget.most(cell.points)
    return None if number is None else cell.points[number]


def at(budget: Budget) -> Choose:
    """The choice of the operating point that costs most within a budget."""
    return partial(within, budget=budget)


def parts_of(point: PointResult) -> Sequence[str]:
    """The parts with boards of their own; a single part would have the figures of the whole."""
    return PARTS if point.seen is not None and point.unseen is not None else PARTS[:1]


def n_queries_of(cell: Cell, part: str) -> int:
    """The number of queries that a measure of a part is a mean over."""
    found = most_visited(cell).part(part)
    return found.n_queries if isinstance(found, PartResult) else cell.n_queries


def mean_score(points: Sequence[PointResult]) -> float:
    """Mean of the main score over seeds."""
    return fmean(map(main_score, points))


def score_text(points: Sequence[PointResult]) -> str:
    """Mean and standard deviation of the main score over seeds, in per cent."""
    return mean_and_std([main_score(point) for point in points])


def shares_text(points: Points) -> str:
    """Mean shares visited and of work in per cent, each marked where it is claimed; – if unknown.

    Work of more than twice the share visited is marked too. Where no document is scored there is
    work alone.
    """
    visited, work = (fmean(map(by.cost, points)) for by in (UNLIMITED, UNLIMITED.other))
    if math.isinf(work):
        return NONE
    claimed = any(map(routing_is_claimed, points.cells, points))
    marks = CLAIMED * claimed + MUCH_WORK * (work > MUCH_ROUTING * visited)
    if math.isinf(visited):
        return f"{NONE} / {mean_text([work])}{marks}"
    return f"{mean_text([visited])}{CLAIMED * points[0].self_reported} / {mean_text([work])}{marks}"


def query_load_text(points: Sequence[PointResult] | None) -> str:
    """Mean load of queries over the seeds for which it was counted; – if for none."""
    loads = [point.query_load for point in points or () if point.query_load is not None]
    return f"{fmean(loads):.2f}" if loads else NONE


def settings_text(points: Points) -> str:
    """The settings over seeds; a setting that differs is shown with its least and its most."""
    texts = []
    for name in points[0].point:
        values = sorted({point.point[name] for point in points})
        ends = [values[0], values[-1]] if len(values) > 1 else values
        texts.append(f"{name}={' … '.join(map(str, ends))}")
    return " ".join(texts)


def routing_is_claimed(cell: Cell, point: PointResult) -> bool:
    """Whether the routing cost is a method's own word: below a dot product for each leaf."""
    if point.self_reported or cell.leaves is None:
        return point.self_reported
    occupied = cell.leaves.leaves - cell.leaves.empty
    return (point.routing or 0.0) < (1 - ROUTING_ROUNDED) * occupied


SEEDS = Column[Points]("seeds", lambda points: str(len(points)))
SHARES = Column("visited / work %", shares_text)
