"""Each dataset in one line: its best rows within the budget and without, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.measures.budget import UNLIMITED
from bench.measures.recall import MIN_PAIRS, near_and_far, recall_at
from bench.report.best import FAST, Best, best_of, best_text, fastest, means_of, measure_of, unaided
from bench.report.load import load_notes
from bench.report.points import SHARES_NOTE, at, most_visited
from bench.report.rows import chosen_points, earlier_note
from bench.report.table import NONE, Board, ends_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.budget import Budget
    from bench.measures.records import PointResult
    from bench.report.task_report import TaskReport


def summary_boards(reports: Sequence[TaskReport]) -> list[Board]:
    """The best rows of each task within its budget, and without a limit."""
    return [_within(reports), _unlimited(reports)]


def _within(reports: Sequence[TaskReport]) -> Board:
    limit = _limit([each.budget for each in reports])
    other = _limit([each.budget.other for each in reports])
    header = ["dataset", "measure", f"best {limit}", "score", "visited / work %", "how sure"]
    header += [f"best {other}", f"fastest {limit}"]
    table, without = [], []
    for report in reports:
        best = best_of(report, report.budget)
        if best is None:
            without.append(report.name)
            continue
        by_other = best_of(report, report.budget.other)
        others = [by_other.alone if by_other else NONE, fastest(report)]
        others = [_the_same(best, text) for text in others]
        table.append([*_first_columns(report), *_columns(best, best.shares), *others])
    notes = [
        "Means over seeds, in per cent, of rows that do not see the test; *+ 2*: two more rows "
        "show the same digits. *How sure*: the best row is compared with the others seed "
        "by seed and query by query, in a hierarchy by recall (macro). *Tied*: it is not "
        "significantly ahead of so many, and their true order is not known. *Not tested*: for want "
        "of seeds, queries or their values. Fastest: most queries a second among rows that come to "
        f"{100 * FAST:.0f} % of the best one's score, without rows whose speed was taken on a busy "
        f"machine. {SHARES_NOTE}",
        *_load_notes(reports),
        *earlier_note(row for report in reports for row in report.rows),
        *([f"No row searches so little: {', '.join(without)}."] if without else []),
    ]
    return Board(f"Best {limit}", header, table, notes)


def _unlimited(reports: Sequence[TaskReport]) -> Board:
    header = ["dataset", "measure", "best", "score", "how sure", "best near", "best far"]
    header += ["best at its worst distance"]
    table = []
    for report in reports:
        best = best_of(report, UNLIMITED)
        if best is not None:
            table.append([*_first_columns(report), *_columns(best), *_by_distance(report)])
    notes = [
        "Near and far: the share of all pairs found at the smallest distances and at the largest, "
        f"two of each or one where there are fewer than four (of at least {MIN_PAIRS} pairs); a "
        "worst distance is the one at which a row finds least."
    ]
    return Board("Best without a limit", header, table, notes)


def _the_same(best: Best, text: str) -> str:
    """A row and its figure, without its name if the best row has it."""
    return text.replace(f"{best.name} (", "the same (") if text.startswith(best.name) else text


def _limit(budgets: Sequence[Budget]) -> str:
    """Budgets as they end a title; in words, if they differ."""
    limits = {each.at for each in budgets}
    return limits.pop() if len(limits) == 1 else "within the budget"


def _first_columns(report: TaskReport) -> list[str]:
    """Name of the task, and of the measure that orders its rows."""
    return [report.name, measure_of(report)]


def _columns(best: Best, *shares: str) -> list[str]:
    return [best.name, best.score, *shares, best.certainty]


def _load_notes(reports: Sequence[TaskReport]) -> list[str]:
    """Sentences on how busy the machine was that took the speeds of rows within the budget."""
    points = [
        point
        for report in reports
        for row in unaided(report)
        for point in chosen_points(row, at(report.budget)) or ()
    ]
    return load_notes([point.waited for point in points])


def _by_distance(report: TaskReport) -> list[str]:
    """The best rows near, far and at their worst distance; dashes where there are no distances."""
    rows = unaided(report)
    ends = report.is_hierarchy and near_and_far(rows[0].cells[0].points[0].recall_by_distance)
    if not ends:
        return [NONE] * 3

    def best(value: Callable[[PointResult], float], before: str = "") -> str:
        return best_text(means_of(rows, most_visited, value), before)

    def best_at(distances: list[int]) -> str:
        return best(
            lambda point: recall_at(point.recall_by_distance, distances),
            f"{ends_text(distances)}: ",
        )

    return [*map(best_at, ends), best(lambda point: point.min)]
