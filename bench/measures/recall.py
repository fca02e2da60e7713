"""Recall@|S| and recall@k: which relevant documents S are among the best ranked, by distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.intervals import ratio_intervals
from bench.measures.records import Stratum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats, Ints

MIN_PAIRS = 30
"""A distance with fewer pairs is shown in grey and never ranked."""
MOST_AT_AN_END = 2
"""Number of distances that are called near, and far."""


def found_at(
    ids: Ints, relevance: Relevance, removed: Relevance | None = None, cut: int | None = None
) -> Bools:
    """Which relevant pairs stand among the best of their query's ranking.

    Args:
        ids: [n_queries, k] ranked document numbers, best first, -1 after the last. Ties are
            broken by this order.
        relevance: the relevance of the same queries.
        removed: documents that leave a ranking before its best are taken.
        cut: number of documents taken; None for |S|, the number of relevant documents of a query.

    Returns:
        [n_pairs] in the order of ``relevance``.
    """
    real = ids >= 0
    if removed is not None and removed.n_pairs:
        real &= removed.pairs_of(ids) < 0
        rank = np.cumsum(real, axis=1) - 1
    else:
        rank = np.arange(ids.shape[1])[None, :]
    taken = real & (rank < (relevance.counts[:, None] if cut is None else cut))
    row, column = np.nonzero(taken)
    retrieved = np.sort(row * np.int64(relevance.n_documents) + ids[row, column])
    wanted = relevance.codes
    if not len(retrieved):
        return np.zeros(len(wanted), bool)
    place = np.minimum(np.searchsorted(retrieved, wanted), len(retrieved) - 1)
    found: Bools = retrieved[place] == wanted
    return found


def share_tied(ids: Ints, scores: Floats, depth: Ints) -> float:
    """The share of queries whose last document that counts has the score of a neighbour.

    There the order in which a library returns equal scores decides what is found. At the end of
    what was asked for the next score is not known: the one before stands for it.

    Args:
        ids: [n, k] documents, best first, -1 after the last.
        scores: [n, k] their scores.
        depth: [n] number of documents of each ranking that count.
    """
    n, k = ids.shape
    rows = np.arange(n)
    last = np.minimum(depth, k) - 1
    beside = np.where(last + 1 < k, last + 1, np.maximum(last - 1, 0))
    real = (ids[rows, last] >= 0) & (ids[rows, beside] >= 0) & (beside != last) & (last >= 0)
    return float((real & (scores[rows, last] == scores[rows, beside])).mean())


class RecallByDistance(NamedTuple):
    """Recall@|S| of one operating point, as fractions.

    Attributes:
        recall, low, high: over all pairs, with its interval.
        macro: mean over queries.
        min: smallest over distances of at least 30 pairs (over all, where none has as many).
        recall_by_distance: one for each distance that occurs.
    """

    recall: float
    low: float
    high: float
    macro: float
    min: float
    recall_by_distance: list[Stratum]


def recall_by_distance(found: Sequence[Bools], relevance: Relevance) -> list[RecallByDistance]:
    """Recall of the pairs at each distance, for several rankings of the same queries.

    The rankings share the resamples of the bootstrap.

    Args:
        found: a list with, for each ranking, [n_pairs] whether a pair is among the |S| best.
        relevance: the same pairs; every query must have one.
    """
    n_distances = int(relevance.distances.max()) + 1
    total = sums_by_query(relevance, n_distances, np.ones(relevance.n_pairs))
    hits = [sums_by_query(relevance, n_distances, pairs) for pairs in found]
    rng = np.random.default_rng(0)
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
        float(recall[-1]),
        float(low[-1]),
        float(high[-1]),
        float((hits[:, -1] / total[:, -1]).mean()),
        min(stratum.recall for stratum in ranked),
        strata,
    )


def sums_by_query(relevance: Relevance, n_distances: int, weights: Floats | Bools) -> Floats:
    """[n_queries, n_distances + 1] sums of ``weights`` over pairs; the last column is their sum."""
    places = relevance.queries.astype(np.int64) * n_distances + relevance.distances
    n_places = relevance.n_queries * n_distances
    sums = np.bincount(places, weights.astype(np.float64), n_places)
    by_distance = sums.astype(np.float64).reshape(relevance.n_queries, n_distances)
    return np.column_stack([by_distance, by_distance.sum(axis=1)])


def near_and_far(strata: Sequence[Stratum]) -> list[list[int]]:
    """The distances that are called near, and far; none if fewer than two have pairs enough."""
    ranked = [stratum.distance for stratum in strata if stratum.n >= MIN_PAIRS]
    each = min(MOST_AT_AN_END, len(ranked) // 2)
    return [ranked[:each], ranked[-each:]] if each else []


def recall_at(strata: Sequence[Stratum], distances: Sequence[int]) -> float:
    """Recall over all pairs at some distances."""
    among = [each for each in strata if each.distance in distances]
    return sum(each.n * each.recall for each in among) / sum(each.n for each in among)
