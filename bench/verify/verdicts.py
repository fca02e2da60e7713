"""A cell and the same cell measured again: what is equal, what is near, what is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.measures.xray import LOSSES
from bench.verify.mark import JudgedMetric, MetricVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.measures.records import Interval, PointResult, Stratum
    from bench.store.cell import Cell

    Figures = dict[str, tuple[float | None, float]]
    """Metrics by name: the value, and how much it may differ when it is measured again."""

EQUAL = 1e-6
"""Relative or absolute difference of two equal figures."""
EFFORT = 0.05
"""Relative tolerance of what is visited and of the routing cost."""
STATED = (
    "Tolerance: √2 times half the metric's stored 95 % interval, which two measurements on queries "
    "of their own differ by in 95 % of cases (that of its recall, where it has none: macro, min, "
    "losses), and at least one pair or query; "
    f"{100 * EFFORT:.0f} % of what was visited and of the routing cost."
)


def judge(stored: Cell, again: Cell) -> Iterator[JudgedMetric]:
    """The verdict on every metric of a stored cell, operating point by operating point.

    A point that is not searched again fails in all its metrics. Metrics that the stored cell does
    not have are not judged.
    """
    then, now = _points(stored), _points(again)
    for point, figures in then.items():
        for metric, (value, tolerance) in figures.items():
            there = point in now and metric in now[point]
            other = now[point][metric][0] if there else None
            verdict = _verdict(value, other, tolerance) if there else MetricVerdict.FAIL
            yield JudgedMetric(
                point=point, metric=metric, stored=value, again=other,
                tolerance=tolerance, verdict=verdict,
            )  # fmt: skip


def _verdict(stored: float | None, again: float | None, tolerance: float) -> MetricVerdict:
    if stored is None or again is None:
        return MetricVerdict.OK if stored is again else MetricVerdict.FAIL
    if math.isclose(stored, again, rel_tol=EQUAL, abs_tol=EQUAL):
        return MetricVerdict.OK
    return MetricVerdict.WITHIN if abs(stored - again) <= tolerance else MetricVerdict.FAIL


def _points(cell: Cell) -> dict[str, Figures]:
    """The metrics of a cell under the name of each operating point."""
    points = {
        " ".join(f"{name}={value}" for name, value in point.point.items())
        or "the only point": _figures(point, cell.n_queries)
        for point in cell.points
    }
    correlations: Figures = {
        f"rho of {row.subset} by {row.score}": (row.rho, _near(row.low or 0, row.high or 0, row.n))
        for row in cell.similarity
    }
    return {"pairs of words": correlations, **points} if correlations else points


def _figures(point: PointResult, n_queries: int) -> Figures:
    """The metrics of an operating point."""
    strata = point.recall_by_distance
    near = _near(point.low, point.high, sum(row.n for row in strata))
    at = {row.distance: _near(row.low, row.high, row.n) for row in strata}
    least = next((row.distance for row in strata if row.recall == point.min), None)
    costs = {"visited": point.visited, "routing": point.routing, "work": point.work}
    figures: Figures = {
        **{name: (cost, EFFORT * cost) for name, cost in costs.items() if cost is not None},
        "recall": (point.recall, near),
        "macro": (point.macro, near),
        "min": (point.min, near if least is None else at[least]),
        **_of_queries("", strata, point.ranking, n_queries),
    }
    for name, part in point.parts().items():
        # It has no interval over all its pairs: that of the distance which most are at.
        most = max(part.recall_by_distance, key=lambda row: row.n)
        figures[f"{name} recall"] = part.recall, _near(most.low, most.high, most.n)
        figures |= _of_queries(f"{name} ", part.recall_by_distance, part.ranking, part.n_queries)
    if point.xray is not None:
        losses = [("", point.xray.overall, near)]
        losses += [(f" at {h}", loss, at[h]) for h, loss in point.xray.by_distance.items()]
        for place, loss, tolerance in losses:
            for name in LOSSES:
                figures[f"lost: {name}{place}"] = getattr(loss, name), tolerance
    return figures


def _of_queries(
    name: str, strata: list[Stratum], ranking: Mapping[str, Interval], n_queries: int
) -> Figures:
    """Recall by distance and the measures of the ranking, which have intervals of their own."""
    recalls: Figures = {
        f"{name}recall at {row.distance}": (row.recall, _near(row.low, row.high, row.n))
        for row in strata
    }
    measures: Figures = {
        f"{name}{measure}": (found.mean, _near(found.low, found.high, n_queries))
        for measure, found in ranking.items()
    }
    return recalls | measures


def _near(low: float, high: float, n: int) -> float:
    """The tolerance of a mean over n pairs or queries that has this interval."""
    return max(math.sqrt(2) * (high - low) / 2, 1 / n)
