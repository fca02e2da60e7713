"""What is found against how much of the corpus is looked at."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.rows import NONE, Board, Row, chosen_points, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measures.records import PointResult

BUDGETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def against_visited(
    rows: list[Row], what: str, value: Callable[[PointResult], float | None]
) -> Board:
    """A measure at the dearest operating point within each visited share.

    Args:
        rows: of one task.
        what: name of the measure, for the title.
        value: of an operating point, a fraction; None where it has no such measure.
    """
    header = ["method", *(f"≤ {100 * budget:.0f} %" for budget in BUDGETS)]
    table = [[row.label, *(_at_budget(row, budget, value) for budget in BUDGETS)] for row in rows]
    notes = [
        f"{what} in per cent at the dearest operating point whose measured mean share of documents "
        "visited is within the column; in brackets that share / the work share, which adds the "
        "routing cost in document dot products. Nothing is interpolated. "
        "An asterisk marks the library's own count, in which a document may count twice. A cheap "
        "setting may return fewer documents than a measure reads."
    ]
    return Board(f"{what} against the share of documents visited", header, table, notes)


def _at_budget(row: Row, budget: float, value: Callable[[PointResult], float | None]) -> str:
    points = chosen_points(row, partial(within, budget=budget))
    values = [value(point) for point in points or []]
    known = [each for each in values if each is not None]
    if points is None or len(known) < len(values):
        return NONE
    visited = 100 * fmean(point.visited for point in points)
    work = 100 * fmean(point.work for point in points)
    mark = " *" if points[0].self_reported else ""
    return f"{100 * fmean(known):.1f} ({visited:.1f} / {work:.1f}){mark}"
