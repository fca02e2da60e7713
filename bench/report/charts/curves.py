"""What a row finds at each of its operating points: the numbers behind every chart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bench.measures.ranking import PARTS, titled
from bench.report.boards.ranking import against_visited_of, value_of
from bench.report.rows import chosen_points, most_visited, within_budget

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.report.rows import Row

Measure: TypeAlias = Callable[["PointResult"], float | None]

AT = ("tenth", "all")
"""Points at which recall by distance is shown: within 10 % visited, and the dearest."""


class Strata(NamedTuple):
    """Recall by distance in per cent, at one operating point of each seed.

    Attributes:
        visited: mean share of documents, in per cent.
        recall: at each distance that the task has.
    """

    visited: float
    recall: list[float]


class Curve(NamedTuple):
    """A row's operating points, cheapest first; every share in per cent.

    Attributes:
        n_seeds: over how many seeds a point is the mean.
        visited, work: shares of documents, without and with the routing cost.
        speed: queries a second.
        measures: name to values.
        recall: [points][distances].
    """

    n_seeds: int
    visited: list[float]
    work: list[float]
    speed: list[float]
    measures: dict[str, list[float | None]]
    recall: list[list[float]]


def measures_of(rows: list[Row]) -> dict[str, Measure]:
    """What is drawn against the share of documents visited, the main measure first."""
    cell = rows[0].cells[0]
    if not cell.points:
        return {}
    if cell.cut is None:
        return {
            "Recall": lambda point: point.recall,
            "Recall, mean of queries": lambda point: point.macro,
            "Recall, worst distance": lambda point: point.min,
        }
    first = most_visited(cell)
    parts = PARTS if first.seen is not None and first.unseen is not None else PARTS[:1]
    return {
        titled(name, part): partial(value_of, part=part, measure=name)
        for name, part in against_visited_of(parts)
    }


def curve_of(row: Row, measures: dict[str, Measure]) -> Curve:
    """The mean over seeds at each operating point, or the first seed's where they differ in number.

    Leaves are laid out anew for each seed, and so may be the settings that are worth searching.
    """
    seeds = [sorted(cell.points, key=lambda point: point.visited) for cell in row.cells]
    if len({len(points) for points in seeds}) > 1:
        seeds = seeds[:1]
    points = list(zip(*seeds, strict=True))
    return Curve(
        len(seeds),
        [_percent([point.visited for point in each]) for each in points],
        [_percent([point.work for point in each]) for each in points],
        [round(fmean(point.queries_per_second for point in each), 1) for each in points],
        {
            name: [_known_percent([value(point) for point in each]) for each in points]
            for name, value in measures.items()
        },
        [_recall(each) for each in points],
    )


def strata_of(row: Row, at: str) -> Strata | None:
    """Recall by distance at one of ``AT``, or None where a seed has no such point."""
    if not row.cells[0].points:
        return None
    points = chosen_points(row, within_budget if at == "tenth" else most_visited)
    if points is None:
        return None
    return Strata(_percent([point.visited for point in points]), _recall(points))


def _recall(points: list[PointResult] | tuple[PointResult, ...]) -> list[float]:
    strata = zip(*(point.recall_by_distance for point in points), strict=True)
    return [_percent([stratum.recall for stratum in each]) for each in strata]


def _percent(shares: list[float]) -> float:
    return round(100 * fmean(shares), 3)


def _known_percent(shares: list[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return _percent(known) if known else None
