"""Leaves of some of the documents around shared centroids, in memory or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np
from faiss.contrib.inspect_tools import get_invlist

from methods.chunks import chunks, numbered
from methods.indexes.kmeans import quantizer_of
from methods.indexes.scan import scan

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints


class IVFBlock:
    """The leaves of a block of documents, one of several blocks of the corpus."""

    def __init__(
        self,
        documents: Floats,
        first: int,
        centroids: Floats,
        ceiling: int = 0,
        file: Path | None = None,
    ) -> None:
        """Fill the leaves.

        Args:
            documents: [n, dim] documents of this block.
            first: number of the first of them in the corpus.
            centroids: [nlist, dim] centroids of the leaves.
            ceiling: bytes that the process may allocate; 0: not known.
            file: a file for the leaves, mapped during the search; None: they are in memory.
        """
        self._first = first
        self._file = file
        ivf = _empty(centroids)
        for _, chunk in chunks(documents, ceiling):
            ivf.add(chunk)
        self._ivf = ivf if file is None else None
        if file is not None:
            faiss.write_index(ivf, str(file))

    def leaves(self) -> Ints:
        """[n] the leaf of each document."""
        ivf = self._opened()
        leaf: Ints = np.empty(ivf.ntotal, np.int32)
        for number in range(ivf.nlist):
            leaf[get_invlist(ivf.invlists, number)[0]] = number
        return leaf

    def search(
        self, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
    ) -> tuple[Floats, Ints]:
        """Scores and numbers [n, k] of the best in the leaves [n, nprobe] of each query."""
        scores, ids = scan(self._opened(), queries, k, leaves, scores_of_leaves)
        return scores, numbered(ids, self._first)

    def _opened(self) -> faiss.IndexIVFFlat:
        return self._ivf or faiss.read_index(str(self._file), faiss.IO_FLAG_MMAP)


def _empty(centroids: Floats) -> faiss.IndexIVFFlat:
    """Leaves around centroids [nlist, dim]."""
    nlist, dim = centroids.shape
    ivf = faiss.IndexIVFFlat(quantizer_of(centroids), dim, nlist, faiss.METRIC_INNER_PRODUCT)
    ivf.is_trained = True
    return ivf
