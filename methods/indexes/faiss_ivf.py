"""Faiss-IVF: k-means leaves, the nearest of which are scanned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np
from faiss.contrib.inspect_tools import get_invlist

from bench.method import Point, SearchResult
from methods.indexes.leaves import ClusteredLeaves

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


@dataclass
class FaissIVF(ClusteredLeaves):
    """IndexIVFFlat under the inner product (Johnson, Douze & Jégou 2019).

    Leaves are chosen first and handed over, so that those scanned are those reported.
    """

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster the documents and fill the leaves."""
        n_documents, dim = documents.shape
        quantizer = faiss.IndexFlatIP(dim)
        self._ivf = faiss.IndexIVFFlat(quantizer, dim, nlist, faiss.METRIC_INNER_PRODUCT)
        self._ivf.cp.min_points_per_centroid = 1  # says nothing of small corpora
        self._ivf.train(documents)
        self._ivf.add(documents)
        self._leaf = np.empty(n_documents, np.int32)
        for leaf in range(nlist):
            self._leaf[get_invlist(self._ivf.invlists, leaf)[0]] = leaf

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the scores of their centroids."""
        ranked: Ints = self._ivf.quantizer.search(queries, self._ivf.nlist)[1]
        return ranked

    def partition(self) -> Ints:
        """[n_documents] the inverted list of each document."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves whose centroids score highest."""
        self._ivf.nprobe = int(point["nprobe"])
        scores_of_leaves, leaves = self._ivf.quantizer.search(queries, self._ivf.nprobe)
        scores, ids = self._ivf.search_preassigned(queries, k, leaves, scores_of_leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=float(self._ivf.nlist))

    def memory_bytes(self) -> int:
        """Vectors and ids in the leaves, and the centroids."""
        dim, nlist = self._ivf.d, self._ivf.nlist
        return int(self._ivf.ntotal * (4 * dim + 8) + nlist * 4 * dim)
