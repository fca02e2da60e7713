"""A row's figures at each of its operating points: the numbers behind every chart."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.report.load import speed_text
from bench.report.rows import at, chosen_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measures.budget import Budget
    from bench.measures.records import PointResult
    from bench.report.boards.xray import XRayed
    from bench.report.rows import PointMeasure, Row


class Strata(NamedTuple):
    """Recall by distance in per cent, at one operating point of each seed.

    Attributes:
        visited, work: mean shares of the corpus, in per cent.
        recall: recall at each distance of the task.
    """

    visited: float
    work: float
    recall: list[float]


class Curve(NamedTuple):
    """A row's operating points, cheapest first; every share in per cent.

    Attributes:
        n_seeds: number of seeds in the mean of a point.
        visited, work: shares of documents, without and with the routing cost.
        speed: queries a second, as texts.
        measures: values by name of the measure.
        recall: [points][distances] recall.
    """

    n_seeds: int
    visited: list[float]
    work: list[float]
    speed: list[str]
    measures: dict[str, list[float | None]]
    recall: list[list[float]]


def curve_of(row: Row, measures: dict[str, PointMeasure]) -> Curve:
    """The mean over seeds at each operating point; of the first seed if their numbers differ.

    Leaves are laid out again for each seed, and so the settings to search may differ.
    """
    seeds = [sorted(cell.points, key=lambda point: point.visited) for cell in row.cells]
    if len({len(points) for points in seeds}) > 1:
        seeds = seeds[:1]
    points = [list(each) for each in zip(*seeds, strict=True)]
    return Curve(
        len(seeds),
        [_percent([point.visited for point in each]) for each in points],
        [_percent([point.work for point in each]) for each in points],
        [speed_text(each) for each in points],
        {name: [_value(each, measure) for each in points] for name, measure in measures.items()},
        [_recall(each) for each in points],
    )


def strata_of(row: Row, budget: Budget) -> Strata | None:
    """Recall by distance at the points that cost most within a budget; None if a seed has none."""
    points = chosen_points(row, at(budget)) if row.cells[0].points else None
    if points is None:
        return None
    visited, work = (_percent([getattr(p, cost) for p in points]) for cost in ("visited", "work"))
    return Strata(visited, work, _recall(points))


def xray_values(row: XRayed) -> list[dict[str, Any]]:
    """Bars of a row: method, distance, why, missed (per cent; a gain is below 0)."""
    distances = list(row.seeds[0].by_distance)
    several = len(distances) > 1
    return [
        {
            "method": row.label,
            "distance": distance,
            "why": term,
            "missed": round(-share if term == "gain" else share, 2),
        }
        for distance in (distances if several else [0])
        for term, share in row.terms(distance if several else None).items()
    ]


def _recall(points: Sequence[PointResult]) -> list[float]:
    strata = zip(*(point.recall_by_distance for point in points), strict=True)
    return [_percent([stratum.recall for stratum in each]) for each in strata]


def _value(points: Sequence[PointResult], measure: PointMeasure) -> float | None:
    known = [value for point in points if (value := measure(point)) is not None]
    return _percent(known) if known else None


def _percent(shares: Sequence[float]) -> float:
    return round(100 * fmean(shares), 3)
