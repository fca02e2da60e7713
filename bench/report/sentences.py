"""What the cells of a task say, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.measures.budget import UNLIMITED
from bench.measures.recall import near_and_far, recall_at
from bench.report.best import best_of, measure_of, unaided
from bench.report.boards.xray import xrayed
from bench.report.points import at
from bench.report.rows import chosen_points
from bench.report.table import ends_text, mean_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measures.budget import Budget
    from bench.report.best import Best
    from bench.report.rows import Row
    from bench.report.task_report import TaskReport

TIED = 2
"""Number of tied rows that are named."""


def sentences(report: TaskReport) -> Iterator[str]:
    """The best row within the budget and without a limit, how sure that is, and what they miss."""
    if not unaided(report):
        yield "Nothing was measured." if not report.rows else "Every row sees the test."
        return
    if report.is_searched:
        yield from _within(report, report.budget)
    best = best_of(report, UNLIMITED)
    if best is not None:
        yield f"Without a limit {_finds(report, best)}; {_certainty(best)}."


def _within(report: TaskReport, budget: Budget) -> Iterator[str]:
    best = best_of(report, budget)
    if best is None:
        yield f"No row has a setting that costs {budget.limit}."
        return
    yield (
        f"{budget.at.capitalize()} {_finds(report, best)} (visited / work {best.shares} %); "
        f"{_certainty(best)}."
    )
    (row,) = (row for row in report.rows if row.label == best.labels[0])
    if report.is_hierarchy:
        yield from _by_distance(row, budget)
    for found in xrayed([row], budget):
        terms = found.terms()
        yield (
            f"It misses {found.missed():.1f} %: {terms['encoder']:.1f} by its encoder, "
            f"{terms['routing']:.1f} unvisited, {terms['scoring']:.1f} by their order; it gains "
            f"{terms['gain']:.1f} by not visiting others."
        )


def _finds(report: TaskReport, best: Best) -> str:
    """The best row and its score."""
    others = [label for label in best.labels[1:] if label]
    same = f" (as {_named(others)})" if others else ""
    return f"**{best.labels[0]}**{same} is best by {measure_of(report)}: {best.score}"


def _by_distance(row: Row, budget: Budget) -> Iterator[str]:
    """Recall near and far, of a task with several distances."""
    points = chosen_points(row, at(budget))
    if points and (ends := near_and_far(points[0].recall_by_distance)):
        near, far = (
            mean_text(recall_at(point.recall_by_distance, end) for point in points) for end in ends
        )
        yield (
            f"It finds {near} % at distance {ends_text(ends[0])} and {far} % at "
            f"{ends_text(ends[1])}."
        )


def _certainty(best: Best) -> str:
    """How sure the best row is the best."""
    if not best.n_others:
        return "there is no other row" if len(best.labels) == 1 else "no row shows another score"
    if not best.n_tested:
        return "no test compares it with others"
    untested = best.n_others - best.n_tested
    rest = f", and not tested against {untested}" if untested else ""
    if best.tied:
        return f"it is not significantly ahead of {_named(best.tied)}{rest}"
    others = "the other row" if best.n_others == 1 else f"{best.n_tested} of {best.n_others} rows"
    return f"it is significantly ahead of {others}{rest}"


def _named(labels: list[str]) -> str:
    """The first labels, and the number of the others."""
    more = f" and {len(labels) - TIED} more" if len(labels) > TIED else ""
    return ", ".join(labels[:TIED]) + more
