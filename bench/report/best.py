"""The best rows of a task within a budget, and how sure it is that they are the best."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.budget import UNLIMITED
from bench.report.load import is_busy
from bench.report.points import Choose, at, main_measure, main_score, score_text, shares_text
from bench.report.published import scores_of
from bench.report.rows import Row, chosen_points
from bench.report.table import NONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measures.budget import Budget
    from bench.measures.records import PointResult
    from bench.report.published import RowScores, Score
    from bench.report.task_report import TaskReport

FAST = 0.95
"""The share of the best score within the budget that a row must reach to be called fast."""


class Best(NamedTuple):
    """The best rows of a task at a budget, and how sure it is that they are.

    Attributes:
        labels: the rows whose mean shows the digits of the best one, which comes first.
        score: mean and standard deviation over seeds, as boards show them.
        shares: mean shares visited and of work, as boards show them; empty for word pairs.
        tied: rows that the first one is tested against and not significantly ahead of.
        n_tested, n_others: number of the other rows that it is tested against, and of all others.
    """

    labels: list[str]
    score: str
    shares: str
    tied: list[str]
    n_tested: int
    n_others: int

    @property
    def name(self) -> str:
        """The first row, and the number of those that show the same digits."""
        return _named(self.labels)

    @property
    def alone(self) -> str:
        """The best row with its mean."""
        return f"{self.name} ({self.score.partition(' ')[0]})"

    @property
    def certainty(self) -> str:
        """How sure it is that the best row is the best."""
        if not self.n_others:
            return "no other row" if len(self.labels) == 1 else "all show the same"
        if not self.n_tested:
            return "not tested"
        if self.tied:
            return f"tied with {len(self.tied)} of {self.n_others}"
        if self.n_tested == self.n_others:
            return f"ahead of all {self.n_others}" if self.n_others > 1 else "ahead of the other"
        return f"ahead of {self.n_tested} of {self.n_others}"


def measure_of(report: TaskReport) -> str:
    """The measure that orders the rows of a task."""
    cell = report.rows[0].cells[0]
    return main_measure(cell) if cell.points else scores_of(report.rows).measure


def best_of(report: TaskReport, budget: Budget) -> Best | None:
    """The best row of a task within a budget; None if no row that is blind to the test is there."""
    rows = {row.label: row for row in unaided(report)}
    if not rows:
        return None
    if not report.is_searched:
        found = scores_of([*rows.values()])
        return _best_of_pairs(found.rows, found.text) if budget == UNLIMITED else None
    chosen = {label: chosen_points(row, at(budget)) for label, row in rows.items()}
    points = {label: found for label, found in chosen.items() if found}
    if not points:
        return None
    means = {label: fmean(map(main_score, found)) for label, found in points.items()}
    alike, _ = _alike(means)
    others = [label for label in means if label not in alike]
    others.sort(key=lambda label: -means[label])  # of equals, in the order of the boards
    comparison = report.comparisons[budget][0]
    leads = {label: comparison.lead(alike[0], label) for label in others}
    tested = {label: lead for label, lead in leads.items() if lead and lead.is_tested}
    return Best(
        alike,
        score_text(points[alike[0]]),
        shares_text(points[alike[0]]),
        [label for label, lead in tested.items() if not lead.is_significantly_ahead],
        len(tested),
        len(others),
    )


def _best_of_pairs(rows: dict[str, RowScores], text: Callable[[Score], str]) -> Best:
    """The best rows of word pairs, which no test compares."""
    alike, _ = _alike({label: row.most.mean for label, row in rows.items()}, "{:.3f}", 1)
    return Best(alike, text(rows[alike[0]].most), "", [], 0, len(rows) - len(alike))


def fastest(report: TaskReport) -> str:
    """The fastest row within the budget of those nearly as good as the best, with its speed."""
    rows, choose = unaided(report), at(report.budget)
    within = means_of(rows, choose, main_score)
    enough = FAST * max(within.values(), default=0.0)
    speed = means_of(rows, choose, lambda point: point.queries_per_second or 0.0)
    busy = means_of(rows, choose, lambda point: is_busy(point.waited))
    fast = {
        label: each for label, each in speed.items() if within[label] >= enough and not busy[label]
    }
    return best_text(fast, form="{:,.0f} q/s", factor=1)


def unaided(report: TaskReport) -> list[Row]:
    """Rows that do not see the test."""
    return [row for row in report.rows if not row.sees_test]


def means_of(
    rows: list[Row], choose: Choose, value: Callable[[PointResult], float]
) -> dict[str, float]:
    """The mean over seeds by label, for rows that have such a point in each."""
    points = {row.label: chosen_points(row, choose) for row in rows if row.cells[0].points}
    return {label: fmean(map(value, found)) for label, found in points.items() if found}


def best_text(
    scores: dict[str, float], before: str = "", form: str = "{:.1f}", factor: float = 100
) -> str:
    """The best row and its score, and the number of others with the same digits."""
    if not scores:
        return NONE
    alike, shown = _alike(scores, form, factor)
    return f"{before}{_named(alike)} ({shown})"


def _alike(
    scores: dict[str, float], form: str = "{:.1f}", factor: float = 100
) -> tuple[list[str], str]:
    """The rows with the digits of the best score, in the order of the boards; and the digits."""
    texts = {label: form.format(factor * score) for label, score in scores.items()}
    shown = texts[max(scores, key=scores.__getitem__)]
    return [label for label, text in texts.items() if text == shown], shown


def _named(labels: list[str]) -> str:
    """The first label, and the number of the others."""
    return labels[0] + (f" + {len(labels) - 1}" if len(labels) > 1 else "")
