"""Each dataset in a line: the best row, at its worst distance, at 10 % visited, and the fastest."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.board import (
    NONE,
    Board,
    Row,
    chosen_points,
    dearest,
    main_score,
    within_tenth,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.cell import Cell
    from bench.measured import PointResult
    from bench.report.task_report import TaskReport

NEAR = 0.95
"""Of the best score at 10 % visited, what a row must reach to be called fast."""


def summary_board(reports: Sequence[TaskReport]) -> Board:
    """The best rows of each task, those that see the test left out."""
    header = ["dataset", "measure", "best", "best at its worst distance", "best at ≤ 10 % visited"]
    header.append("fastest at ≤ 10 % visited")
    table = [[report.cells[0].task, *_best(report)] for report in reports if report.rows]
    notes = [
        "Means over seeds, in per cent, of rows that do not see the test. Worst distance: the "
        "distance at which a row finds least. Fastest: most queries a second among rows that come "
        f"to {100 * NEAR:.0f} % of the best one's score within 10 % visited. Rows behind in a "
        "digit may be as good: the boards have the intervals and tests."
    ]
    return Board("Summary", header, table, notes)


def _best(report: TaskReport) -> list[str]:
    """Measure and best rows of a task."""
    rows = [row for row in report.rows if not row.cells[0].sees_test]
    if not rows or not rows[0].cells[0].points:
        return _best_pairs(rows)
    several = len(dearest(rows[0].cells[0]).recall_by_distance) > 1
    cheap = _scores(rows, within_tenth, main_score)
    enough = NEAR * max(cheap.values(), default=0.0)
    speed = {
        label: each
        for label, each in _scores(rows, within_tenth, _speed).items()
        if cheap[label] >= enough
    }
    return [
        "recall@|S|" if rows[0].cells[0].cut is None else "nDCG@10",
        _told(_scores(rows, dearest, main_score)),
        _told(_scores(rows, dearest, _worst)) if several else NONE,
        _told(cheap),
        _told(speed, "{:,.0f} q/s"),
    ]


def _best_pairs(rows: list[Row]) -> list[str]:
    """The same of a task of word pairs: by its first way of scoring and subset."""
    found = [(row.label, [cell.similarity[0] for cell in row.cells]) for row in rows]
    if not found:
        return [NONE] * 5
    rho = {label: fmean(each.rho or 0.0 for each in seeds) for label, seeds in found}
    return [f"Spearman's rho, {found[0][1][0].subset}", _told(rho, "{:.3f}"), NONE, NONE, NONE]


def _scores(
    rows: list[Row],
    choose: Callable[[Cell], PointResult | None],
    value: Callable[[PointResult], float],
) -> dict[str, float]:
    """Label to the mean over seeds, of rows that have such a point in each."""
    points = {row.label: chosen_points(row, choose) for row in rows}
    return {label: fmean(map(value, found)) for label, found in points.items() if found}


def _told(scores: dict[str, float], form: str = "") -> str:
    """The best row and its score, a share where there is no other form."""
    if not scores:
        return NONE
    label = max(scores, key=lambda each: scores[each])
    return f"{label} ({form.format(scores[label]) if form else f'{100 * scores[label]:.1f}'})"


def _worst(point: PointResult) -> float:
    return point.min


def _speed(point: PointResult) -> float:
    return point.queries_per_second
