"""A row's figures at each of its operating points: the numbers behind every chart."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.measures.budget import UNLIMITED
from bench.report.load import is_busy
from bench.report.points import Points, at, main_score, settings_text
from bench.report.rows import chosen_points

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.budget import Budget
    from bench.measures.records import PointResult
    from bench.report.boards.xray import XRayed
    from bench.report.points import PointMeasure
    from bench.report.rows import Row


VISITED, WORK = UNLIMITED, UNLIMITED.other


class Strata(NamedTuple):
    """The main score and recall by distance in per cent, at one operating point of each seed.

    Attributes:
        visited, work: mean shares of the corpus, in per cent; None: not known.
        score: the figure that orders rows.
        means: the measures that were asked for; None where a seed lacks one.
        recall: recall at each distance of the task.
    """

    visited: float | None
    work: float | None
    score: float
    means: list[float | None]
    recall: list[float]


class Curve(NamedTuple):
    """A row's operating points, cheapest first; every share in per cent.

    Attributes:
        n_seeds: number of seeds in the mean of a point.
        settings: the settings of each point, as boards print them.
        visited, work: shares of documents, without and with the routing cost; None where no
            document is scored.
        latency: median milliseconds of a single query, None where it was not timed.
        speed: queries a second.
        busy: ``latency`` and ``speed``, with the places of the points for which a machine was busy.
        measures: values by name of the measure.
        recall: [points][distances] recall.
    """

    n_seeds: int
    settings: list[str]
    visited: list[float | None]
    work: list[float]
    latency: list[float | None]
    speed: list[float]
    busy: dict[str, list[int]]
    measures: dict[str, list[float | None]]
    recall: list[list[float]]


def curve_of(row: Row, measures: dict[str, PointMeasure]) -> Curve:
    """The mean over seeds at each operating point; of the first seed if their numbers differ.

    Leaves are laid out again for each seed, and so the settings to search may differ. A row that
    was brought from a file has no curve.
    """
    seeds = [sorted(cell.points, key=VISITED.order) for cell in row.cells]
    if len({len(points) for points in seeds}) > 1:
        seeds = seeds[:1]
    points = [Points(row.cells, each) for each in zip(*seeds, strict=True)]
    return Curve(
        len(seeds),
        [settings_text(each) for each in points],
        [_cost(each, VISITED) for each in points],
        [_percent([*map(WORK.cost, each)]) for each in points],
        [_latency(each) for each in points],
        [_figures(fmean(point.queries_per_second or 0.0 for point in each)) for each in points],
        {
            "latency": _busy(points, lambda point: point.latency.waited if point.latency else None),
            "speed": _busy(points, lambda point: point.waited),
        },
        {name: [_value(each, measure) for each in points] for name, measure in measures.items()},
        [_recall(each) for each in points],
    )


def curves_of_seeds(row: Row, measures: dict[str, PointMeasure]) -> list[Curve]:
    """The curve of each of several seeds, without recall by distance.

    A seed with the settings of the row's own curve has none of its own.
    """
    whole = curve_of(row, measures).settings
    seeds = [curve_of(replace(row, cells=[cell]), measures) for cell in row.cells]
    return [
        each._replace(recall=[], settings=[] if each.settings == whole else each.settings)
        for each in seeds
        if len(seeds) > 1
    ]


def strata_of(row: Row, budget: Budget, measures: Sequence[PointMeasure] = ()) -> Strata | None:
    """Recall by distance at the points that cost most within a budget; None if a seed has none."""
    points = chosen_points(row, at(budget)) if row.cells[0].points else None
    if points is None:
        return None
    visited, work = (_cost(points, by) for by in (VISITED, WORK))
    score = _percent([main_score(point) for point in points])
    means = [_value(points, measure) for measure in measures]
    return Strata(visited, work, score, means, _recall(points))


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


def _latency(points: Sequence[PointResult]) -> float | None:
    times = [point.latency.p50_ms for point in points if point.latency is not None]
    return _figures(fmean(times)) if len(times) == len(points) else None


def _busy(points: Sequence[Points], waited: Callable[[PointResult], float | None]) -> list[int]:
    """The places of the points of which a seed was measured on a busy machine."""
    return [place for place, each in enumerate(points) if is_busy(*map(waited, each))]


def _figures(value: float) -> float:
    return float(f"{value:.4g}")


def _recall(points: Sequence[PointResult]) -> list[float]:
    strata = zip(*(point.recall_by_distance for point in points), strict=True)
    return [_percent([stratum.recall for stratum in each]) for each in strata]


def _value(points: Sequence[PointResult], measure: PointMeasure) -> float | None:
    known = [value for point in points if (value := measure(point)) is not None]
    return _percent(known) if known else None


def _cost(points: Sequence[PointResult], by: Budget) -> float | None:
    """The mean cost in per cent; None where it is not known."""
    shares = [*map(by.cost, points)]
    return None if math.inf in shares else _percent(shares)


def _percent(shares: Sequence[float]) -> float:
    return round(100 * fmean(shares), 3)
