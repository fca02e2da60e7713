"""Recall@|S| and recall@k: of a query's relevant documents S, the share among its best ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Ints


def found_at(
    ids: Ints, relevance: Relevance, removed: Relevance | None = None, cut: int | None = None
) -> Bools:
    """Which relevant pairs stand among the best of their query's ranking.

    Args:
        ids: [n_queries, k] ranked document numbers, best first, -1 after the last. Ties are
            broken by this order.
        relevance: of the same queries.
        removed: documents dropped from a ranking before its best are taken.
        cut: how many are taken; None for |S|, the number of documents relevant to the query.

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
