"""Recall@|S|: of a query's relevant documents S, the share among its |S| best ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.task import Relevance
    from bench.types import Bools, Ints


def found_at(ids: Ints, relevance: Relevance, removed: Relevance | None = None) -> Bools:
    """Which relevant pairs stand among the |S| best of their query's ranking.

    Args:
        ids: [n_queries, k] ranked document numbers, best first, -1 after the last. Ties are
            broken by this order.
        relevance: of the same queries.
        removed: documents dropped from a ranking before its |S| best are taken.

    Returns:
        [n_pairs] in the order of ``relevance``.
    """
    n_documents = relevance.n_documents
    real = ids >= 0
    if removed is not None and removed.n_pairs:
        real &= ~_is_relevant(ids, removed)
        rank = np.cumsum(real, axis=1) - 1
    else:
        rank = np.arange(ids.shape[1])[None, :]
    taken = real & (rank < relevance.counts[:, None])
    row, column = np.nonzero(taken)
    retrieved = np.sort(row * np.int64(n_documents) + ids[row, column])
    wanted = _codes(relevance)
    if not len(retrieved):
        return np.zeros(len(wanted), bool)
    place = np.minimum(np.searchsorted(retrieved, wanted), len(retrieved) - 1)
    found: Bools = retrieved[place] == wanted
    return found


def _codes(relevance: Relevance) -> Ints:
    """[n_pairs] one number for each (query, document) pair."""
    codes: Ints = relevance.queries * np.int64(relevance.n_documents) + relevance.documents
    return codes


def _is_relevant(ids: Ints, relevance: Relevance) -> Bools:
    """[n, k] whether each ranked document is relevant to its query."""
    codes = np.sort(_codes(relevance))
    asked = np.arange(len(ids), dtype=np.int64)[:, None] * relevance.n_documents + ids
    place = np.minimum(np.searchsorted(codes, asked), len(codes) - 1)
    is_relevant: Bools = codes[place] == asked
    return is_relevant
