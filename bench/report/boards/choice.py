"""The operating point that validation chose, beside the best one in hindsight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.measures.records import BUDGET
from bench.report.rows import Points, Row, main_measure, main_score, mean_score, settings_text
from bench.report.table import Board, Column, mean_and_std, mean_text, table

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.store.cell import Cell


class _Choices(NamedTuple):
    """For each seed, the point chosen on validation, and the best of the test within the budget."""

    chosen: Points
    hindsight: Points


def choice_board(rows: list[Row]) -> Board:
    """The board of chosen points, for rows that had several points to choose from."""
    measure = main_measure(rows[0].cells[0])
    columns: list[Column[_Choices]] = [
        Column("seeds", lambda found: str(len(found.chosen))),
        Column("chosen", lambda found: settings_text(found.chosen)),
        Column(measure, lambda found: _scores(found.chosen)),
        Column("visited %", lambda found: mean_text(point.visited for point in found.chosen)),
        Column("best in hindsight", lambda found: settings_text(found.hindsight)),
        Column(measure, lambda found: _scores(found.hindsight)),
        Column("gap", _gap),
    ]
    notes = [
        f"Chosen: the setting with the best {measure} on validation among those that visit at most "
        f"{100 * BUDGET:.0f} % of the documents there, on record before the test was opened. Best "
        f"in hindsight: the best on the test among those within {100 * BUDGET:.0f} % on the test, "
        "which nobody can know beforehand. Gap: what not knowing costs; below 0 where the chosen "
        "setting visits more on the test than it did on validation."
    ]
    return table("Chosen on validation", rows, _choices, columns, notes)


def _choices(row: Row) -> _Choices | None:
    """The choices of all seeds, or None if a seed has none."""
    pairs = [pair for cell in row.cells if (pair := _choice(cell)) is not None]
    if len(pairs) < len(row.cells):
        return None
    return _Choices([chosen for chosen, _ in pairs], [best for _, best in pairs])


def _choice(cell: Cell) -> tuple[PointResult, PointResult] | None:
    """The chosen and the best point, or None if nothing was chosen or there was no choice."""
    chosen = cell.chosen
    if chosen is None or chosen.number is None or len(cell.points) < 2:  # noqa: PLR2004
        return None
    within = [point for point in cell.points if point.visited <= chosen.budget]
    return (cell.points[chosen.number], max(within, key=main_score)) if within else None


def _gap(found: _Choices) -> str:
    return f"{100 * (mean_score(found.hindsight) - mean_score(found.chosen)):+.1f}"


def _scores(points: Points) -> str:
    return mean_and_std([main_score(point) for point in points])
