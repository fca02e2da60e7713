"""The operating point that validation chose, beside the best one in hindsight."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.records import BUDGET
from bench.report.rows import Board, Row, main_measure, main_score, mean_and_std

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.store.cell import Cell


class _Pair(NamedTuple):
    """Of one cell: the point chosen on validation, and the best of the test within the budget."""

    chosen: PointResult
    hindsight: PointResult


def choice_board(rows: list[Row]) -> list[Board]:
    """The board of chosen points, where a row had points to choose from."""
    table = []
    for row in rows:
        pairs = [pair for cell in row.cells if (pair := _pair(cell)) is not None]
        if len(pairs) < len(row.cells):
            continue
        gaps = [main_score(pair.hindsight) - main_score(pair.chosen) for pair in pairs]
        table.append(
            [
                row.label,
                str(len(pairs)),
                _settings([pair.chosen for pair in pairs]),
                mean_and_std([main_score(pair.chosen) for pair in pairs]),
                f"{100 * fmean(pair.chosen.visited for pair in pairs):.1f}",
                _settings([pair.hindsight for pair in pairs]),
                mean_and_std([main_score(pair.hindsight) for pair in pairs]),
                f"{100 * fmean(gaps):+.1f}",
            ]
        )
    if not table:
        return []
    measure = main_measure(rows[0].cells[0])
    header = ["method", "seeds", "chosen", measure, "visited %", "best in hindsight", measure]
    notes = [
        f"Chosen: the setting with the best {measure} on validation among those that visit at most "
        f"{100 * BUDGET:.0f} % of the documents there, on record before the test was opened. Best "
        f"in hindsight: the best on the test among those within {100 * BUDGET:.0f} % on the test, "
        "which nobody can know beforehand. Gap: what not knowing costs; below 0 where the chosen "
        "setting visits more on the test than it did on validation."
    ]
    return [Board("Chosen on validation", [*header, "gap"], table, notes)]


def _pair(cell: Cell) -> _Pair | None:
    """None where nothing was chosen, or nothing was there to choose from."""
    chosen = cell.chosen
    if chosen is None or chosen.number is None or len(cell.points) < 2:  # noqa: PLR2004
        return None
    within = [point for point in cell.points if point.visited <= chosen.budget]
    if not within:
        return None
    return _Pair(cell.points[chosen.number], max(within, key=main_score))


def _settings(points: list[PointResult]) -> str:
    """The settings over seeds: of one that differs, the least and the most."""
    texts = []
    for name in points[0].point:
        values = sorted({point.point[name] for point in points})
        ends = [values[0], values[-1]] if len(values) > 1 else values
        texts.append(f"{name}={' … '.join(map(str, ends))}")
    return " ".join(texts)
