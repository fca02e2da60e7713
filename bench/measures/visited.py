"""The documents that a query visits, counted from the leaves that it probed.

``bench.evaluation.points`` divides their mean by the size of the corpus: the share on boards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import MethodError
from bench.leaves import leaf_health

if TYPE_CHECKING:
    from bench.leaves import LeafHealth
    from bench.types import Bools, Ints

REACHED = 1 << 26
"""Pairs of a query and a document held in memory at once, if documents lie in several leaves."""
MOST_LEAVES = 1 << 26
"""Leaves, empty ones included: each takes memory here, and for each query of a batch."""


class VisitedMeter:
    """Counts distinct documents in probed leaves.

    Attributes:
        leaf: [n_documents, r] the leaves of each document.

    Args:
        leaf: [n_documents] the leaf of each document, or [n_documents, r] its r leaves; integers.
        n_documents: number of documents in the corpus.

    Raises:
        MethodError: a document lies in no leaf, or leaves are not numbered from 0.
    """

    def __init__(self, leaf: Ints, n_documents: int) -> None:
        if n_documents and not leaf.size:
            raise MethodError(
                f"partition() has the shape {leaf.shape}: a document lies in one leaf at least"
            )
        if leaf.max(initial=0) >= MOST_LEAVES:
            raise MethodError(
                f"partition() has the leaf {leaf.max()}; leaves are numbered from 0, those without "
                f"documents too, and there are at most {MOST_LEAVES:,}"
            )
        if len(leaf) and leaf.min() < 0:
            raise MethodError(f"partition() has the negative leaf {leaf.min()}")
        self.leaf = leaf.reshape(n_documents, -1)
        self._sizes = np.bincount(leaf.ravel())
        self._n_leaves = len(self._sizes)

    @property
    def occupied(self) -> int:
        """Number of leaves that hold a document."""
        return int(np.count_nonzero(self._sizes))

    def health(self) -> LeafHealth:
        """How evenly documents lie in the leaves, including empty leaves that were probed."""
        return leaf_health(self.leaf, self._n_leaves)

    def count(self, leaves: Ints, ids: Ints) -> Ints:
        """[n] documents visited by each query.

        Args:
            leaves: [n, p] leaves probed, -1 for none; a leaf named twice counts once.
            ids: [n, k] documents returned, -1 for none.

        Raises:
            MethodError: a returned document lies in no probed leaf.
        """
        self._n_leaves = max(self._n_leaves, int(leaves.max(initial=-1)) + 1)
        probed = self._probed(leaves)
        reached = np.zeros(ids.shape, bool)
        for column in self.leaf.T:
            reached |= np.take_along_axis(probed, column[ids], axis=1)
        outside = ~reached & (ids >= 0)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            document = ids[row, column]
            leaves_of = ", ".join(map(str, self.leaf[document]))
            raise MethodError(
                f"query {row} of its batch returned document {document} of leaf {leaves_of}, "
                "which is not among the leaves that it probed"
            )
        return self._distinct(probed)

    def probes(self, leaves: Ints) -> Ints:
        """[m] how many queries probed each leaf, up to the last leaf that holds a document.

        Args:
            leaves: [n, p] leaves probed, as for ``count``.
        """
        probed: Ints = np.count_nonzero(self._probed(leaves), axis=0)
        return probed

    def reached(self, leaves: Ints, rows: Ints, documents: Ints) -> Bools:
        """[m] whether the query of each pair visited its document.

        Args:
            leaves: [n, p] leaves probed, as for ``count``.
            rows: [m] rows of ``leaves``.
            documents: [m] the document of each pair; one beyond the corpus is never visited.
        """
        probed = self._probed(leaves)
        found = np.zeros(len(rows), bool)
        here = documents < len(self.leaf)
        for column in self.leaf.T:
            found[here] |= probed[rows[here], column[documents[here]]]
        return found

    def _distinct(self, probed: Bools) -> Ints:
        """[n] documents in probed leaves; a document that lies in several counts once."""
        counts: Ints
        if self.leaf.shape[1] == 1:
            counts = (probed @ self._sizes.astype(np.float64)).astype(np.int64)
            return counts
        counts = np.empty(len(probed), np.int64)
        block = max(1, REACHED // len(self.leaf))
        for begin in range(0, len(probed), block):
            some = slice(begin, begin + block)
            reached = np.zeros((len(probed[some]), len(self.leaf)), bool)
            for column in self.leaf.T:
                reached |= probed[some][:, column]
            counts[some] = np.count_nonzero(reached, axis=1)
        return counts

    def _probed(self, leaves: Ints) -> Bools:
        """[n, n_leaves] which leaves each query probed."""
        n_leaves = len(self._sizes)
        # A leaf past the last occupied one holds nothing and counts nothing.
        known = (leaves >= 0) & (leaves < n_leaves)
        probed = np.zeros((len(leaves), n_leaves + 1), bool)
        np.put_along_axis(probed, np.where(known, leaves, n_leaves), values=True, axis=1)
        return probed[:, :n_leaves]
