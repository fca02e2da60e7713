"""Leaves stored contiguously and scanned by Faiss, for any assignment of the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np
from faiss.contrib.ivf_tools import add_preassigned

from methods.indexes.scan import scan

if TYPE_CHECKING:
    from bench.types import Floats, Ints


class LeafLists:
    """Inverted lists of document vectors, searched leaf by leaf under the inner product."""

    def __init__(self, documents: Floats, leaf: Ints, n_leaves: int) -> None:
        """Fill the lists.

        Args:
            documents: [n_documents, dim] vectors.
            leaf: [n_documents, r] the leaves that hold each document.
            n_leaves: number of leaves, including the empty ones.
        """
        n_documents, dim = documents.shape
        self._copies = leaf.shape[1]
        self._n_documents = n_documents
        # The quantizer is never used: the caller says which leaves are probed.
        self._ivf = faiss.IndexIVFFlat(
            faiss.IndexFlatIP(dim), dim, n_leaves, faiss.METRIC_INNER_PRODUCT
        )
        self._ivf.is_trained = True
        numbers = np.arange(n_documents, dtype=np.int64)
        for column in leaf.T:
            assigned = np.ascontiguousarray(column, np.int64)
            add_preassigned(self._ivf, documents, assigned, numbers)

    def search(self, queries: Floats, k: int, leaves: Ints) -> tuple[Ints, Floats]:
        """Numbers and scores, both [n, k], of the best documents in the leaves of each query.

        Args:
            queries: [n, dim] vectors.
            k: number of documents asked for.
            leaves: [n, p] leaves to be scanned, -1 for none.
        """
        # A document that lies in several of the leaves is found several times.
        wanted = min(k, self._n_documents) * self._copies
        none = np.zeros(leaves.shape, np.float32)
        scores, ids = scan(self._ivf, queries, wanted, leaves, none)
        return (ids, scores) if self._copies == 1 else _distinct(ids, scores, k)

    def memory_bytes(self) -> int:
        """Vectors and numbers."""
        return int(self._ivf.ntotal * (4 * self._ivf.d + 8))


def _distinct(ids: Ints, scores: Floats, k: int) -> tuple[Ints, Floats]:
    """The rankings with each document once, at its first place."""
    order = np.argsort(ids, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, order, axis=1)
    repeated = np.zeros(ids.shape, bool)
    again = np.zeros(ids.shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    np.put_along_axis(repeated, order, again, axis=1)
    out = repeated | (ids < 0)
    kept = np.argsort(out, axis=1, kind="stable")[:, :k]
    gone = np.take_along_axis(out, kept, axis=1)
    return (
        np.where(gone, -1, np.take_along_axis(ids, kept, axis=1)),
        np.where(gone, -np.inf, np.take_along_axis(scores, kept, axis=1)),
    )
