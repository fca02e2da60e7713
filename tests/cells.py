"""Cells made by hand, whose boards can be checked by hand."""

from bench.measures.records import LossShares, PointResult, Stratum, XRay
from bench.store.cell import Cell, Status
from bench.store.point_run import PointSummary
from bench.system.provenance import provenance


def dated(day):
    """The provenance of a cell that was measured on a day of January 2026."""
    return provenance(1).model_copy(update={"date": f"2026-01-{day:02}T00:00:00+00:00"})


def point(visited, recall, self_reported=False, n=100):
    strata = [
        Stratum(distance=h, n=n if h == 0 else 29, recall=recall, low=0, high=1) for h in (0, 1)
    ]
    return PointResult(
        point={"nprobe": int(100 * visited)},
        visited=visited,
        self_reported=self_reported,
        routing=5,
        work=visited + 0.01,
        queries_per_second=1000,
        recall=recall,
        low=max(0.0, recall - 0.01),
        high=min(1.0, recall + 0.01),
        macro=recall,
        min=recall,
        recall_by_distance=strata,
    )


def cell(method="mine", seed=0, points=(), status=Status.OK, **changes):
    is_searched = status == Status.OK and "similarity" not in changes
    facts = {
        "key": f"{method}{seed}{changes}",
        "status": status,
        "task": "small",
        "task_digest": "d",
        "n_queries": 3,
        "n_documents": 3,
        "method": method,
        "params": {"dim": 3},
        "changed": {},
        "code": ["Mine 0123456789abcdef"],
        "seed": seed,
        "k": 3,
        "points": list(points) or [point(1, 0.5)] * is_searched,
        "cost": {
            "fit_s": 1, "fit_shared": False, "index_s": 1, "search_s": 1, "harness_s": 1,
            "peak_mb": 1, "index_bytes": 1,
        },
        "provenance": provenance(1),
    }  # fmt: skip
    return Cell(**{**facts, **changes})


def lost(n, encoder, routing, scoring, gain):
    return LossShares(n=n, encoder=encoder, routing=routing, scoring=scoring, gain=gain)


def xrayed(visited, recall, undivided=False):
    """A point of which it is known where it loses documents: 30 % of the pairs."""
    seen = XRay(
        overall=lost(129, 0.2, 0.1, 0.05, 0.05),
        by_distance={0: lost(100, 0.1, 0.1, 0.05, 0), 1: lost(29, 0.5, 0, 0, 0.25)},
        undivided=undivided,
    )
    return point(visited, recall).model_copy(update={"xray": seen})


SUMMARY = PointSummary({}, 1, 1.0, False, 0.0, 1.0)
"""How an operating point was searched, where a test asks for its measures alone."""
