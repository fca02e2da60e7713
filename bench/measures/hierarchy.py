"""Recall by distance, its smallest value, its sum over pairs and its mean over queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.bootstrap import ratio_intervals
from bench.measures.records import Stratum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats

MIN_PAIRS = 30
"""A distance with fewer pairs is shown in grey and never ranked."""


class RecallByDistance(NamedTuple):
    """Recall@|S| of one operating point, as fractions.

    Attributes:
        strata: one for each distance that occurs.
        overall, low, high: over all pairs, with its interval.
        macro: mean over queries.
        min: smallest over distances of at least 30 pairs (over all, where none has as many).
    """

    strata: list[Stratum]
    overall: float
    low: float
    high: float
    macro: float
    min: float


def recall_by_distance(
    found: Sequence[Bools], relevance: Relevance, seed: int = 0
) -> list[RecallByDistance]:
    """Recall of the pairs at each distance, for several rankings of the same queries.

    Args:
        found: for each ranking, [n_pairs] whether a pair stands among the |S| best of its query.
        relevance: the same pairs; every query must have one.
        seed: of the bootstrap, whose resamples the rankings share.
    """
    n_distances = int(relevance.distances.max()) + 1
    total = sums_by_query(relevance, n_distances, np.ones(relevance.n_pairs))
    hits = [sums_by_query(relevance, n_distances, pairs) for pairs in found]
    rng = np.random.default_rng(seed)
    low, high = ratio_intervals(np.column_stack(hits), np.tile(total, len(hits)), rng)
    ends = zip(np.split(low, len(hits)), np.split(high, len(hits)), strict=True)
    return [_summary(of, total, *interval) for of, interval in zip(hits, ends, strict=True)]


def _summary(hits: Floats, total: Floats, low: Floats, high: Floats) -> RecallByDistance:
    """All measures of one ranking, from counts [n_queries, n_distances + 1]; the sum is last."""
    n = total.sum(axis=0)
    recall = hits.sum(axis=0) / np.maximum(n, 1)
    strata = [
        Stratum(distance=h, n=int(n[h]), recall=recall[h], low=low[h], high=high[h])
        for h in range(len(n) - 1)
        if n[h]
    ]
    ranked = [stratum for stratum in strata if stratum.n >= MIN_PAIRS] or strata
    return RecallByDistance(
        strata,
        float(recall[-1]),
        float(low[-1]),
        float(high[-1]),
        float((hits[:, -1] / total[:, -1]).mean()),
        min(stratum.recall for stratum in ranked),
    )


def sums_by_query(relevance: Relevance, n_distances: int, weights: Floats | Bools) -> Floats:
    """[n_queries, n_distances + 1] sums of ``weights`` over pairs; the last column is their sum."""
    places = relevance.queries.astype(np.int64) * n_distances + relevance.distances
    n_places = relevance.n_queries * n_distances
    sums = np.bincount(places, weights.astype(np.float64), n_places)
    by_distance = sums.astype(np.float64).reshape(relevance.n_queries, n_distances)
    return np.column_stack([by_distance, by_distance.sum(axis=1)])
