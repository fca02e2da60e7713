"""The operating point that validation chose, beside the best one in hindsight."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.budget import DEFAULT, Budget
from bench.report.points import (
    SHARES_NOTE,
    Points,
    main_measure,
    main_score,
    mean_score,
    score_text,
    settings_text,
    shares_text,
)
from bench.report.table import Board, Column, table

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.report.rows import Row
    from bench.store.cell import Cell


class _Choices(NamedTuple):
    """For each seed, the point chosen on validation, and the best of the test within the budget."""

    chosen: Points
    hindsight: Points


def choice_boards(rows: list[Row], budget: Budget) -> list[Board]:
    """The board of points chosen within a budget; none where no row had several to choose from."""
    measure = main_measure(rows[0].cells[0])
    columns: list[Column[_Choices]] = [
        Column("seeds", lambda found: str(len(found.chosen))),
        Column("chosen", lambda found: settings_text(found.chosen)),
        Column(measure, lambda found: score_text(found.chosen)),
        Column("visited / work %", lambda found: shares_text(found.chosen)),
        Column("best in hindsight", lambda found: settings_text(found.hindsight)),
        Column(measure, lambda found: score_text(found.hindsight)),
        Column("gap", _gap),
    ]
    notes = [
        f"Chosen: the setting with the best {measure} on validation among those {budget.limit} "
        "there, on record before the test was opened. Best in hindsight: the best among those "
        f"{budget.limit} on the test, which nobody can know beforehand. Gap: what not knowing "
        "costs; below 0 where the chosen setting costs more on the test than it did on validation. "
        f"{SHARES_NOTE}"
    ]
    older = [row.label for row in rows if any(_is_not_recorded(cell, budget) for cell in row.cells)]
    if older:
        notes.append(
            f"Measured before choices within other budgets than {DEFAULT.limit} were on record: "
            f"{', '.join(older)}."
        )
    choose = partial(_choices, budget=budget)
    board = table("Chosen on validation", rows, choose, columns, notes)
    return [board] if board.rows or older else []


def _is_not_recorded(cell: Cell, budget: Budget) -> bool:
    """Whether validation was searched, and only one budget's choice was kept."""
    chosen = cell.chosen
    if chosen is None or chosen.number is None or len(cell.points) == 1:
        return False
    return chosen.tried is None and Budget(chosen.budget) != budget


def _choices(row: Row, budget: Budget) -> _Choices | None:
    """The choices of all seeds, or None if a seed has none."""
    pairs = [pair for cell in row.cells if (pair := _choice(cell, budget)) is not None]
    if len(pairs) < len(row.cells):
        return None
    chosen, best = zip(*pairs, strict=True)
    return _Choices(Points(row.cells, chosen), Points(row.cells, best))


def _choice(cell: Cell, budget: Budget) -> tuple[PointResult, PointResult] | None:
    """The chosen and the best point, or None if nothing was chosen or there was no choice."""
    number = None if cell.chosen is None else cell.chosen.within(budget)
    if number is None or len(cell.points) == 1:
        return None
    within = [point for point in cell.points if budget.allows(point)]
    return (cell.points[number], max(within, key=main_score)) if within else None


def _gap(found: _Choices) -> str:
    return f"{100 * (mean_score(found.hindsight) - mean_score(found.chosen)):+.1f}"
