"""The one board that says most of a task: each row within the budget and without a limit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.ranking import DEEPEST
from bench.measures.recall import near_and_far, recall_at
from bench.report.load import speed_text
from bench.report.points import (
    Points,
    at,
    main_measure,
    mean_score,
    most_visited,
    score_text,
    shares_text,
)
from bench.report.rows import Row, chosen_points
from bench.report.table import NONE, Board, Column, ends_text, mean_and_std, mean_text, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.budget import Budget

NO_LIMIT = ", no limit"


class _Chosen(NamedTuple):
    """A row's points within the budget, or None, and without a limit."""

    within: Points | None
    most: Points


def main_board(rows: list[Row], budget: Budget) -> Board:
    """The rows of a searched task, the best within the budget first.

    In a hierarchy it shows recall near, far and at the worst distance; over texts the recall of
    many documents. Where no row has a point within the budget it shows none.
    """
    first = rows[0].cells[0]
    measure = main_measure(first)
    strata = most_visited(first).recall_by_distance
    ends = zip(("near", "far"), near_and_far(strata), strict=False)
    parts: dict[str, Callable[[Points], str]] = {
        f"{name} {ends_text(each)}": partial(_at_distances, distances=each) for name, each in ends
    }
    worst = {"worst": lambda points: mean_text(point.min for point in points)} if parts else {}
    if first.cut is not None:
        parts, worst = {DEEPEST: _deepest}, {}
    within = {f"{measure} {budget.limit}": score_text, **parts}
    within |= {"visited / work %": shares_text, "q/s": speed_text}
    cheap = any(chosen_points(row, at(budget)) for row in rows if not row.sees_test)
    columns = [
        Column[_Chosen]("seeds", lambda found: str(len(found.most))),
        *(_within(title, text) for title, text in within.items() if cheap),
        *(_most(title, text) for title, text in {measure: score_text, **parts, **worst}.items()),
    ]
    return table(
        f"{measure} {f'{budget.at}, and ' if cheap else ''}without a limit",
        rows,
        partial(_choose, budget=budget),
        columns,
        ["In per cent, means over seeds with their standard deviation."],
        best=_order,
    )


def _choose(row: Row, budget: Budget) -> _Chosen | None:
    most = chosen_points(row, most_visited)
    return _Chosen(chosen_points(row, at(budget)), most) if most else None


def _order(found: _Chosen) -> tuple[float, ...]:
    """Rows without a point within the budget come last, and after them those that see the test."""
    within = mean_score(found.within) if found.within else -1.0
    return (not found.most.sees_test, within, mean_score(found.most))


def _within(title: str, text: Callable[[Points], str]) -> Column[_Chosen]:
    return Column(title, lambda found: text(found.within) if found.within else NONE)


def _most(title: str, text: Callable[[Points], str]) -> Column[_Chosen]:
    return Column(title + NO_LIMIT, lambda found: text(found.most))


def _at_distances(points: Points, distances: Sequence[int]) -> str:
    return mean_text(recall_at(point.recall_by_distance, distances) for point in points)


def _deepest(points: Points) -> str:
    found = [value for point in points if (value := point.mean(DEEPEST)) is not None]
    return mean_and_std(found) if len(found) == len(points) else NONE
