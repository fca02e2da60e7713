"""IVF-RaBitQ: leaves of codes of a bit a dimension, and the best of them by their vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import faiss
import numpy as np
from faiss.contrib.ivf_tools import add_preassigned

from bench.errors import InputError
from bench.method import Point, SearchResult
from methods.indexes.kmeans import leaf_centroids, quantizer_of
from methods.indexes.leaves import ClusteredLeaves
from methods.indexes.routed_leaves import LinearRouter
from methods.indexes.scan import scan

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

SCORED = 1 << 25
"""Floats of candidates' vectors that are gathered at once."""
MOST_BITS = 9


@dataclass
class IVFRaBitQ(ClusteredLeaves):
    """Faiss scans codes in k-means leaves, then scores the best by vectors (arXiv 2405.12497).

    The codes are RaBitQ's, of IndexIVFRaBitQ under the inner product, without the paper's random
    rotation: it would cost a query as much as so many documents as a vector has dimensions. Every
    document whose code is read counts as visited, though a code is much smaller than a vector.
    """

    version: ClassVar[str] = "ivf-rabitq 1"

    bits: int = 1  # of a code, for each dimension
    rescored: int = 4  # candidates that are scored by their vectors, for each document asked for

    def __post_init__(self) -> None:
        """Faiss has codes of up to nine bits."""
        super().__post_init__()
        if self.bits > MOST_BITS:
            raise InputError(f"bits of a code are {MOST_BITS} at most, got {self.bits}")

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster the documents and fill the leaves with their codes."""
        centroids = leaf_centroids(documents, nlist, guide.seed, guide.workspace.memory_bytes)
        dim = documents.shape[1]
        quantizer = faiss.IndexFlatIP(dim)
        quantizer.add(centroids)
        self._router, self._documents = LinearRouter(centroids), documents
        self._leaf: Ints = quantizer_of(centroids).search(documents, 1)[1][:, 0]
        self._codes = faiss.IndexIVFRaBitQ(
            quantizer, dim, nlist, faiss.METRIC_INNER_PRODUCT, True, self.bits
        )
        self._codes.train(documents)
        numbers = np.arange(len(documents), dtype=np.int64)
        add_preassigned(self._codes, documents, np.ascontiguousarray(self._leaf), numbers)

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the scores of their centroids."""
        return self._router.rank(queries, self._router.dot_products)

    def partition(self) -> Ints:
        """[n_documents] the leaf of each document."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the codes of ``nprobe`` leaves, and rank the best by their vectors."""
        leaves = self._router.rank(queries, int(point["nprobe"]))
        n_documents, dim = self._documents.shape
        wanted = min(self.rescored * k, n_documents)
        size = max(1, SCORED // (wanted * dim))
        starts = range(0, max(len(queries), 1), size)
        parts = [
            self._best(queries[at : at + size], k, wanted, leaves[at : at + size]) for at in starts
        ]
        ids, scores = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
        return SearchResult(ids, scores, leaves=leaves, routing=float(self._router.dot_products))

    def _best(self, queries: Floats, k: int, wanted: int, leaves: Ints) -> tuple[Ints, Floats]:
        """Numbers and scores of the k best of the candidates that codes rank first."""
        of_leaves = np.einsum("nd,npd->np", queries, self._router.vectors[leaves])
        _, ids = scan(self._codes, queries, wanted, leaves, of_leaves)
        scores = np.einsum("nd,ncd->nc", queries, self._documents[ids])
        scores = np.where(ids < 0, -np.inf, scores)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def memory_bytes(self) -> int:
        """Vectors, codes and numbers, and the centroids."""
        codes = self._codes.ntotal * (self._codes.code_size + 8)
        return int(self._documents.nbytes + codes + self._router.memory_bytes())
