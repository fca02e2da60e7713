"""Each dataset in one line: its best rows, near and far, within the budget, and the fastest."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, get_args

from bench.measures.budget import UNLIMITED, Budget, By
from bench.measures.recall import MIN_PAIRS
from bench.report.load import is_busy
from bench.report.published import scores_of
from bench.report.rows import (
    SHARES_NOTE,
    Choose,
    Row,
    at,
    chosen_points,
    earlier_note,
    main_measure,
    main_score,
    mean_score,
    most_visited,
    shares_text,
)
from bench.report.table import NONE, Board, mean_and_std

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
    header = [
        "dataset",
        "measure",
        "best",
        f"best {visited}",
        f"best {work}",
        f"fastest {_limit(reports)}",
    ]
    table = [[report.cells[0].task, *_best(report)] for report in reports if report.rows]
    notes = [
        "Means over seeds ± their standard deviation, in per cent, of rows that do not see the "
        "test. *Tied with*: the rows that the best one is not significantly ahead of, over seeds "
        "and queries, by the board *Ahead by* (in a hierarchy by recall (macro)); their true order "
        "is not known. *Not tested*: rows that no test compares with it, for want of seeds, "
        "queries or their values; °: no row is. *and 2 more*: rows that show the same digits. "
        f"Fastest: most queries a second among rows that come to {100 * FAST:.0f} % of the best "
        "one's score, without rows whose speed was taken on a busy machine. "
        f"{SHARES_NOTE}"
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
        alike, _ = _alike({label: row.most.mean for label, row in scores.rows.items()}, "{:.3f}", 1)
        shown = scores.text(scores.rows[alike[0]].most)
        return [scores.measure, f"{_named(alike, 1)} ({shown})", NONE, NONE, NONE]
    by_visited, by_work = (Budget(report.budget.share, by) for by in get_args(By))
    budgets = (UNLIMITED, by_visited, by_work)
    best = [_best_or_tied(report, rows, each) for each in budgets]
    within = _scores(rows, at(report.budget), main_score)
    enough = FAST * max(within.values(), default=0.0)
    speed = _scores(rows, at(report.budget), lambda point: point.queries_per_second)
    busy = _scores(rows, at(report.budget), lambda point: is_busy(point.waited))
    fast = {
        label: each for label, each in speed.items() if within[label] >= enough and not busy[label]
    }
    return [main_measure(cell), *best, _best_text(fast, form="{:,.0f} q/s", factor=1)]


def _best_or_tied(report: TaskReport, rows: list[Row], budget: Budget) -> str:
    """The best row with its cost, and how sure it is that it is the best."""
    chosen = {row.label: chosen_points(row, at(budget)) for row in rows}
    points = {label: found for label, found in chosen.items() if found}
    scores = {label: mean_score(found) for label, found in points.items()}
    if not scores:
        return NONE
    alike, _ = _alike(scores)
    best = alike[0]
    shown = mean_and_std([*map(main_score, points[best])])
    shares = "" if budget == UNLIMITED else f"; {shares_text(points[best])}"
    text = f"{_named(alike, 1)} ({shown}{shares})"
    comparison = report.comparisons[budget][0]
    others = [label for label in scores if label not in alike]
    others.sort(key=lambda label: -scores[label])  # of equals, in the order of the boards
    leads = {label: comparison.lead(best, label) for label in others}
    tested = {label: lead for label, lead in leads.items() if lead and lead.is_tested}
    if others and not tested:
        return text + UNTESTED
    tied = [label for label, lead in tested.items() if not lead.is_significantly_ahead]
    text += f", tied with {_named(tied, TIED)}" if tied else ""
    n_untested = len(others) - len(tested)
    return text + (f", {n_untested} not tested" if n_untested else "")


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
    alike, shown = _alike(scores, form, factor)
    return f"{before}{_named(alike, 1)} ({shown})"


def _alike(
    scores: dict[str, float], form: str = "{:.1f}", factor: float = 100
) -> tuple[list[str], str]:
    """The rows with the digits of the best score, in the order of the boards; and the digits."""
    texts = {label: form.format(factor * score) for label, score in scores.items()}
    shown = texts[max(scores, key=scores.__getitem__)]
    return [label for label, text in texts.items() if text == shown], shown


def _named(labels: list[str], most: int) -> str:
    """The first labels, and the number of the others."""
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more
