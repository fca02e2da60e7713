"""nDCG, recall at a rank and reciprocal rank, of each query, straight from arrays.

The definitions are those of trec_eval, and tests compare with ir_measures. Ours reads a ranking in
the order that the method returned, where trec_eval breaks ties of scores by document name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.relevance import Relevance
    from bench.types import Bools, Floats, Ints

CUTS = (10, 20, 50, 100)
"""Ranks at which recall is reported."""


def ranking_measures(
    ids: Ints, relevance: Relevance, gains: Floats, least_gain: int = 1
) -> dict[str, Floats]:
    """Every ranking measure by name, [n_queries] each.

    Args:
        ids: [n_queries, k] ranked document numbers, best first, -1 after the last.
        relevance: of the same queries.
        gains: [n_pairs] of each relevant document.
        least_gain: from which gain a document counts for recall and reciprocal rank.
    """
    gained = _gained(ids, relevance, gains)
    relevant = gained >= least_gain
    n_relevant = np.bincount(relevance.queries[gains >= least_gain], minlength=len(ids))
    recalls = {f"R@{cut}": _share(relevant[:, :cut], n_relevant) for cut in CUTS}
    return {
        "nDCG@10": _ndcg(gained, relevance, gains, 10),
        "MRR@10": _reciprocal_rank(relevant[:, :10]),
        **recalls,
    }


def ndcg(ids: Ints, relevance: Relevance, gains: Floats, cut: int) -> Floats:
    """[n_queries] discounted cumulative gain over the ideal one (Järvelin & Kekäläinen 2002).

    A document of gain g at rank r = 1, 2, … adds g / log2(r + 1); a query without a gain scores 0.
    """
    return _ndcg(_gained(ids, relevance, gains), relevance, gains, cut)


def without(ids: Ints, removed: Relevance) -> Ints:
    """Rankings with a query's ``removed`` documents left out; those below move up."""
    gone = removed.pairs_of(ids) >= 0
    order = np.argsort(gone, axis=1, kind="stable")
    return np.take_along_axis(np.where(gone, -1, ids), order, axis=1)


def _gained(ids: Ints, relevance: Relevance, gains: Floats) -> Floats:
    """[n_queries, k] gain of each ranked document, 0 where it is not relevant."""
    pair = relevance.pairs_of(ids)
    return np.where(pair >= 0, np.append(gains, 0.0)[pair], 0.0)


def _ndcg(gained: Floats, relevance: Relevance, gains: Floats, cut: int) -> Floats:
    discount = 1 / np.log2(np.arange(cut) + 2)
    width = min(cut, gained.shape[1])
    dcg = gained[:, :width] @ discount[:width]
    best = np.lexsort((-gains, relevance.queries))
    rank = np.arange(len(gains)) - relevance.indptr[relevance.queries]
    counted = rank < cut
    ideal = np.bincount(
        relevance.queries[counted],
        gains[best][counted] * discount[rank[counted]],
        relevance.n_queries,
    )
    share: Floats = np.divide(dcg, ideal, out=np.zeros_like(ideal), where=ideal > 0)
    return share


def _share(relevant: Bools, n_relevant: Ints) -> Floats:
    found = relevant.sum(axis=1).astype(np.float64)
    share: Floats = np.divide(found, n_relevant, out=np.zeros_like(found), where=n_relevant > 0)
    return share


def _reciprocal_rank(relevant: Bools) -> Floats:
    first = relevant.argmax(axis=1)
    return np.where(relevant.any(axis=1), 1 / (first + 1), 0.0)
