"""Each dataset in one line: its best rows, near and far, within the budget, and the fastest."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, get_args

from bench.measures.budget import UNLIMITED, Budget, By
from bench.measures.recall import MIN_PAIRS
from bench.report.published import scores_of
from bench.report.rows import (
    Choose,
    Row,
    at,
    chosen_points,
    earlier_note,
    main_measure,
    main_score,
    most_visited,
)
from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.records import PointResult
    from bench.report.boards.all import TaskReport

TIED = 2
"""Number of tied rows that are named."""
UNTESTED = " °"
"""Marks a best row that no test compares with another."""
FAST = 0.95
"""The share of the best score within the budget that a row must reach to be called fast."""
MOST_AT_AN_END = 2
"""Number of distances that are called near, and far."""


def summary_board(reports: Sequence[TaskReport]) -> Board:
    """The best rows of each task, without those that see the test."""
    visited, work = (_limit(reports, by) for by in get_args(By))
    header = ["dataset", "measure", "best", f"best {visited}", f"best {work}", f"fastest {visited}"]
    table = [[report.cells[0].task, *_best(report)] for report in reports if report.rows]
    notes = [
        "Means over seeds, in per cent, of rows that do not see the test. *Tied with*: the rows "
        "that the best one is not significantly ahead of, over seeds and queries, with Holm's "
        "correction over the pairs of the board; their true order is not known. °: of one seed, or "
        "without values of queries, so that no test can tell. Fastest: most queries a second among "
        f"rows that come to {100 * FAST:.0f} % of the best one's score. *and 2 more*: rows that "
        "show the same digits."
    ]
    notes += earlier_note(row for report in reports for row in report.rows)
    return Board("Summary", header, table, notes)


def distance_board(reports: Sequence[TaskReport]) -> Board:
    """The best rows of each task near, far and at their worst distance, if it has several."""
    header = ["dataset", "best near", "best far", "best at its worst distance"]
    limit = _limit(reports)
    header += [f"best near {limit}", f"best far {limit}"]
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
            for choose in (most_visited, at(report.budget))
            for end in ends
        )
        table.append([report.cells[0].task, near, far, worst, *within])
    notes = [
        "Share of all pairs found at the smallest distances and at the largest, two of each or one "
        f"where there are fewer than four (of at least {MIN_PAIRS} pairs); a worst distance is the "
        "one at which a row finds least. Without a limit on cost, and within the budget."
    ]
    return Board("Best by distance", header, table, notes)


def _unaided(report: TaskReport) -> list[Row]:
    """Rows that do not see the test."""
    return [row for row in report.rows if not row.cells[0].sees_test]


def _limit(reports: Sequence[TaskReport], by: By | None = None) -> str:
    """The budget of all reports as it ends a title; of each its own, if they differ."""
    limits = {Budget(each.budget.share, by or each.budget.by).at for each in reports}
    return limits.pop() if len(limits) == 1 else f"within the budget{f', by {by}' if by else ''}"


def _best(report: TaskReport) -> list[str]:
    """Measure and best rows of a task."""
    rows = _unaided(report)
    if not rows:
        return [NONE] * 5
    cell = rows[0].cells[0]
    if not cell.points:
        scores = scores_of(rows)
        most = {label: row.most.mean for label, row in scores.rows.items()}
        return [scores.measure, _best_text(most, form="{:.3f}", factor=1), NONE, NONE, NONE]
    by_visited, by_work = (Budget(report.budget.share, by) for by in get_args(By))
    budgets = (UNLIMITED, by_visited, by_work)
    best = [_best_or_tied(report, _scores(rows, at(each), main_score), each) for each in budgets]
    within = _scores(rows, at(by_visited), main_score)
    enough = FAST * max(within.values(), default=0.0)
    speed = _scores(rows, at(by_visited), lambda point: point.queries_per_second)
    fast = {label: each for label, each in speed.items() if within[label] >= enough}
    return [main_measure(cell), *best, _best_text(fast, form="{:,.0f} q/s", factor=1)]


def _best_or_tied(report: TaskReport, scores: dict[str, float], budget: Budget) -> str:
    """The best row, and the rows that it is not significantly ahead of."""
    text = _best_text(scores)
    comparison = report.main_comparison(budget)
    if comparison is None or not scores:
        return text + UNTESTED * bool(scores)
    best = max(scores, key=scores.__getitem__)
    leads = {label: comparison.lead(best, label) for label in scores if label != best}
    tested = {label: lead for label, lead in leads.items() if lead and lead.is_tested}
    tied = [label for label in scores if label in tested and not tested[label].is_significant]
    if not tested:
        return text + UNTESTED
    named, more = ", ".join(tied[:TIED]), len(tied) - TIED
    others = f" and {more} more" if more > 0 else ""
    return f"{text}, tied with {named}{others}" if tied else text


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
