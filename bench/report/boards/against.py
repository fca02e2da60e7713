"""A measure against the cost of a search: the share of documents visited, or of work."""

from __future__ import annotations

import math
from functools import partial
from operator import methodcaller
from typing import TYPE_CHECKING, get_args

from bench.measures.budget import SHARES, Budget, By
from bench.measures.ranking import MEASURES, titled
from bench.measures.recall import MIN_PAIRS
from bench.report.points import SHARES_NOTE, at, most_visited, n_queries_of, parts_of, shares_text
from bench.report.rows import chosen_points
from bench.report.table import NONE, Board, Column, itself, mean_text, table

if TYPE_CHECKING:
    from bench.report.points import PointMeasure
    from bench.report.rows import Row
    from bench.store.cell import Cell

RECALL = "Recall"
"""The title of the main measure of a hierarchy."""
SHOWN = (*SHARES, 0.5, math.inf)
"""Shares of the corpus, one for each column of a board against a cost."""


def against_boards(rows: list[Row]) -> list[Board]:
    """The boards of measures against visited; of the main measure against work, too."""
    measures = measures_of(rows)
    if rows[0].cells[0].cut is None:
        measures = dict([*measures.items()][:1])
    return [
        against_cost(rows, name, value, by, with_shares=number == 0)
        for number, (name, value) in enumerate(measures.items())
        for by in (get_args(By) if number == 0 else ("visited",))
    ]


def measures_of(rows: list[Row]) -> dict[str, PointMeasure]:
    """The measures drawn against the share of documents visited, by title, the main one first."""
    cell = rows[0].cells[0]
    if not cell.points:
        return {}
    if cell.cut is None:
        return {
            RECALL: lambda point: point.recall,
            "Recall, mean of queries": lambda point: point.macro,
            "Recall, worst distance": lambda point: point.min,
        }
    return {
        titled(name, part) + _few_queries(cell, part): methodcaller("mean", name, part)
        for name, measure in MEASURES.items()
        for part in parts_of(most_visited(cell))
        if part in measure.against_visited
    }


def _few_queries(cell: Cell, part: str) -> str:
    """The end of the title of a measure of a part that has too few queries to rank rows by."""
    few = part and n_queries_of(cell, part) < MIN_PAIRS
    return f" (fewer than {MIN_PAIRS} queries)" if few else ""


def against_cost(
    rows: list[Row], what: str, value: PointMeasure, by: By, *, with_shares: bool
) -> Board:
    """A measure at the operating point that costs most within each share of the corpus.

    Args:
        rows: the rows of one task.
        what: title of the measure.
        value: the measure.
        by: the cost that is limited.
        with_shares: whether the point's own shares stand in brackets.
    """

    def text(row: Row, share: float) -> str:
        points = chosen_points(row, at(Budget(share, by)))
        values = [found for point in points or () if (found := value(point)) is not None]
        if points is None or len(values) < len(points):
            return NONE
        return mean_text(values) + f" ({shares_text(points)})" * with_shares

    columns = [Column(_limit(share), partial(text, share=share)) for share in SHOWN]
    cost = "share of documents visited" if by == "visited" else "work"
    shares = "; in brackets its visited / work shares" if with_shares else ""
    notes = [
        f"{what} in per cent at the operating point with the largest mean {cost} within the "
        f"column{shares}. Nothing is interpolated. A cheap setting may return fewer documents than "
        f"a measure reads.{f' {SHARES_NOTE}' if with_shares else ''}"
    ]
    return table(against_title(what, by), rows, itself, columns, notes)


def _limit(share: float) -> str:
    return "no limit" if math.isinf(share) else f"≤ {100 * share:g} %"


def against_title(what: str, by: By) -> str:
    """The title of a board of a measure against a cost."""
    return f"{what} against the share of {'documents visited' if by == 'visited' else 'work'}"
