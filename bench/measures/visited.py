"""How much of the corpus a query looked at, counted from the leaves that it probed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import MethodError

if TYPE_CHECKING:
    from bench.types import Bools, Ints


class VisitedMeter:
    """Counts distinct documents in probed leaves.

    Args:
        leaf: [n_documents] the leaf of each document.
        n_documents: size of the corpus.
    """

    def __init__(self, leaf: Ints, n_documents: int) -> None:
        if leaf.shape != (n_documents,) or not np.issubdtype(leaf.dtype, np.integer):
            raise MethodError(
                f"partition() must be [{n_documents}] integers, got {leaf.dtype} {leaf.shape}"
            )
        if len(leaf) and leaf.min() < 0:
            raise MethodError(f"partition() has the negative leaf {leaf.min()}")
        self._leaf = leaf
        self._sizes = np.bincount(leaf)

    def count(self, leaves: Ints, ids: Ints) -> Ints:
        """[n] documents visited by each query.

        Args:
            leaves: [n, p] leaves probed, -1 for none; a leaf named twice counts once.
            ids: [n, k] documents returned, -1 for none.

        Raises:
            MethodError: a returned document lies in no probed leaf.
        """
        if leaves.ndim != len(ids.shape) or len(leaves) != len(ids):
            raise MethodError(f"leaves must be [{len(ids)}, p], got {leaves.shape}")
        if not np.issubdtype(leaves.dtype, np.integer):
            raise MethodError(f"leaves must be integers, got {leaves.dtype}")
        probed = self._probed(leaves)
        outside = ~np.take_along_axis(probed, self._leaf[ids], axis=1) & (ids >= 0)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            document = ids[row, column]
            raise MethodError(
                f"query {row} of its batch returned document {document} of leaf "
                f"{self._leaf[document]}, which is not among the leaves that it probed"
            )
        counts: Ints = (probed @ self._sizes.astype(np.float64)).astype(np.int64)
        return counts

    def _probed(self, leaves: Ints) -> Bools:
        """[n, n_leaves] which leaves each query probed."""
        n_leaves = len(self._sizes)
        # A leaf past the last occupied one holds nothing and counts nothing.
        known = (leaves >= 0) & (leaves < n_leaves)
        probed = np.zeros((len(leaves), n_leaves + 1), bool)
        np.put_along_axis(probed, np.where(known, leaves, n_leaves), values=True, axis=1)
        return probed[:, :n_leaves]
