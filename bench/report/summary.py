"""Each dataset in one line: its best rows, near and far, at 10 % visited, and the fastest."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.recall import MIN_PAIRS
from bench.report.published import scores_of
from bench.report.rows import Choose, Row, chosen_points, earlier_note, most_visited, within_budget
from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.records import PointResult
    from bench.report.boards.all import TaskReport

FAST = 0.95
"""The share of the best score at 10 % visited that a row must reach to be called fast."""
MOST_AT_AN_END = 2
"""Number of distances that are called near, and far."""


def summary_board(reports: Sequence[TaskReport]) -> Board:
    """The best rows of each task, without those that see the test."""
    header = ["dataset", "measure", "best", "best at ≤ 10 % visited", "fastest at ≤ 10 % visited"]
    table = [[report.cells[0].task, *_best(_unaided(report))] for report in reports if report.rows]
    notes = [
        "Means over seeds, in per cent, of rows that do not see the test. Fastest: most queries a "
        f"second among rows that come to {100 * FAST:.0f} % of the best one's score within 10 % "
        "visited. *and 2 more*: rows that show the same digits. Rows behind in a digit may be as "
        "good: the boards have the intervals and tests."
    ]
    notes += earlier_note(row for report in reports for row in report.rows)
    return Board("Summary", header, table, notes)


def distance_board(reports: Sequence[TaskReport]) -> Board:
    """The best rows of each task near, far and at their worst distance, if it has several."""
    header = ["dataset", "best near", "best far", "best at its worst distance"]
    header += ["best near at ≤ 10 % visited", "best far at ≤ 10 % visited"]
    table = []
    for report in reports:
        rows = _unaided(report)
        if not rows or not (ends := _near_and_far(rows[0])):
            continue
        worst = _best_text(_scores(rows, most_visited, lambda point: point.min))
        near, far, *within = (
            _best_text(
                _scores(rows, choose, partial(_recall, distances=end)),
                f"{'–'.join(map(str, end))}: ",
            )
            for choose in (most_visited, within_budget)
            for end in ends
        )
        table.append([report.cells[0].task, near, far, worst, *within])
    notes = [
        "Share of all pairs found at the smallest distances and at the largest, two of each or one "
        f"where there are fewer than four (of at least {MIN_PAIRS} pairs); a worst distance is the "
        "one at which a row finds least. Without a limit on what is visited, and within 10 %."
    ]
    return Board("Best by distance", header, table, notes)


def _unaided(report: TaskReport) -> list[Row]:
    """Rows that do not see the test."""
    return [row for row in report.rows if not row.cells[0].sees_test]


def _best(rows: list[Row]) -> list[str]:
    """Measure and best rows of a task."""
    if not rows:
        return [NONE] * 4
    scores = scores_of(rows)
    most = {label: row.most.mean for label, row in scores.rows.items()}
    if scores.unit == "rho":
        return [scores.measure, _best_text(most, form="{:.3f}", factor=1), NONE, NONE]
    within = {label: row.tenth.mean for label, row in scores.rows.items() if row.tenth}
    enough = FAST * max(within.values(), default=0.0)
    speed = _scores(rows, within_budget, lambda point: point.queries_per_second)
    fast = {label: each for label, each in speed.items() if within[label] >= enough}
    fastest = _best_text(fast, form="{:,.0f} q/s", factor=1)
    return [scores.measure, _best_text(most), _best_text(within), fastest]


def _near_and_far(row: Row) -> list[list[int]]:
    """The distances of a task that are called near, and far; none if it has only one."""
    cell = row.cells[0]
    strata = most_visited(cell).recall_by_distance if cell.points else []
    ranked = [stratum.distance for stratum in strata if stratum.n >= MIN_PAIRS]
    each = min(MOST_AT_AN_END, len(ranked) // 2)
    return [ranked[:each], ranked[-each:]] if each else []


def _recall(point: PointResult, distances: list[int]) -> float:
    """Recall over all pairs at some distances."""
    strata = [each for each in point.recall_by_distance if each.distance in distances]
    return sum(each.n * each.recall for each in strata) / sum(each.n for each in strata)


def _scores(
    rows: list[Row], choose: Choose, value: Callable[[PointResult], float]
) -> dict[str, float]:
    """The mean over seeds by label, for rows that have such a point in each."""
    points = {row.label: chosen_points(row, choose) for row in rows}
    return {label: fmean(map(value, found)) for label, found in points.items() if found}


def _best_text(
    scores: dict[str, float], before: str = "", form: str = "{:.1f}", factor: float = 100
) -> str:
    """The best row and its score, and the number of others with the same digits."""
    if not scores:
        return NONE
    texts = {label: form.format(factor * score) for label, score in scores.items()}
    shown = texts[max(scores, key=scores.__getitem__)]
    # In the order of the boards.
    first, *others = (label for label, text in texts.items() if text == shown)
    return f"{before}{first}{f' and {len(others)} more' if others else ''} ({shown})"
