"""A cell and the same cell measured again: what is equal, what is near, what is not."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.xray import LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.measures.records import Interval, PartResult, PointResult, Stratum
    from bench.store.cell import Cell

EQUAL = 1e-6
"""What two equal figures may differ by."""
EFFORT = 0.05
"""Relative tolerance of what is visited and of the routing cost."""
STATED = (
    "Tolerance: √2 times half the metric's stored 95 % interval, which two measurements on queries "
    "of their own differ by in 95 % of cases (that of its recall, where it has none: macro, min, "
    "losses), and at least one pair or query; "
    f"{100 * EFFORT:.0f} % of what was visited and of the routing cost."
)


class Verdict(StrEnum):
    """What a metric is called."""

    OK = "OK"
    WITHIN = "within tolerance"
    FAIL = "FAIL"


class Figure(NamedTuple):
    """A metric, and how much it may differ where training or search is not deterministic."""

    value: float | None
    tolerance: float


class Judged(NamedTuple):
    """A stored metric beside the one measured again; None where there is none."""

    metric: str
    stored: float | None
    again: float | None
    tolerance: float
    verdict: Verdict


def judge(stored: Cell, again: Cell) -> Iterator[tuple[str, list[Judged]]]:
    """What the stored cell says of each operating point, under its name.

    A point that is not searched again fails in all its metrics. What older code did not measure is
    not judged.
    """
    if stored.similarity:
        yield "pairs of words", _judged(_correlations(stored), _correlations(again))
    n = stored.n_queries
    searched = {str(point.point): point for point in again.points}
    for point in stored.points:
        found = searched.get(str(point.point))
        yield _name(point), _judged(_figures(point, n), {} if found is None else _figures(found, n))


def _name(point: PointResult) -> str:
    return " ".join(f"{name}={value}" for name, value in point.point.items()) or "the only point"


def _judged(was: dict[str, Figure], now: dict[str, Figure]) -> list[Judged]:
    rows = []
    for name, stored in was.items():
        again = now[name].value if name in now else None
        verdict = _verdict(stored, again) if name in now else Verdict.FAIL
        rows.append(Judged(name, stored.value, again, stored.tolerance, verdict))
    return rows


def _verdict(stored: Figure, again: float | None) -> Verdict:
    if stored.value is None or again is None:
        return Verdict.OK if stored.value is again else Verdict.FAIL
    if math.isclose(stored.value, again, rel_tol=EQUAL, abs_tol=EQUAL):
        return Verdict.OK
    return Verdict.WITHIN if abs(stored.value - again) <= stored.tolerance else Verdict.FAIL


def _correlations(cell: Cell) -> dict[str, Figure]:
    return {
        f"rho of {row.subset} by {row.score}": Figure(
            row.rho, _near(row.low or 0.0, row.high or 0.0, row.n)
        )
        for row in cell.similarity
    }


def _figures(point: PointResult, n_queries: int) -> dict[str, Figure]:
    """Every metric of an operating point by name."""
    near = _near(point.low, point.high, sum(row.n for row in point.recall_by_distance))
    at = {row.distance: _near(row.low, row.high, row.n) for row in point.recall_by_distance}
    least = next((h for h, recall in _recalls(point) if recall == point.min), None)
    figures = {
        "visited": Figure(point.visited, EFFORT * point.visited),
        "routing": Figure(point.routing, EFFORT * point.routing),
        "work": Figure(point.work, EFFORT * point.work),
        "recall": Figure(point.recall, near),
        "macro": Figure(point.macro, near),
        "min": Figure(point.min, near if least is None else at[least]),
        **_by_distance("", point.recall_by_distance),
        **_ranking("", point.ranking, n_queries),
    }
    for name, part in (("seen ", point.seen), ("unseen ", point.unseen)):
        if part is not None:
            figures |= _part(name, part)
    if point.xray is not None:
        losses = [("", point.xray.overall, near)]
        losses += [(f" at {h}", loss, at[h]) for h, loss in point.xray.by_distance.items()]
        for place, loss, tolerance in losses:
            for name in LOSSES:
                figures[f"lost: {name}{place}"] = Figure(getattr(loss, name), tolerance)
    return figures


def _recalls(point: PointResult) -> Iterator[tuple[int, float]]:
    yield from ((row.distance, row.recall) for row in point.recall_by_distance)


def _part(name: str, part: PartResult) -> dict[str, Figure]:
    # It has no interval over all its pairs: that of the distance which most are at.
    most = max(part.recall_by_distance, key=lambda row: row.n)
    return {
        f"{name}recall": Figure(part.recall, _near(most.low, most.high, most.n)),
        **_by_distance(name, part.recall_by_distance),
        **_ranking(name, part.ranking, part.n_queries),
    }


def _by_distance(name: str, strata: list[Stratum]) -> dict[str, Figure]:
    return {
        f"{name}recall at {row.distance}": Figure(row.recall, _near(row.low, row.high, row.n))
        for row in strata
    }


def _ranking(name: str, ranking: Mapping[str, Interval], n_queries: int) -> dict[str, Figure]:
    return {
        f"{name}{measure}": Figure(found.mean, _near(found.low, found.high, n_queries))
        for measure, found in ranking.items()
    }


def _near(low: float, high: float, n: int) -> float:
    """The tolerance of a mean over n pairs or queries that has this interval."""
    return max(math.sqrt(2) * (high - low) / 2, 1 / n)
