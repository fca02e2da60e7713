"""k-means leaves in lists, which a router of the index's own ranks."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from bench.method import Code, Point, SearchResult
from methods.indexes.exact import top_k
from methods.indexes.faiss_file import write_ivf
from methods.indexes.kmeans import leaf_centroids, quantizer_of
from methods.indexes.leaf_lists import LeafLists
from methods.indexes.leaves import ClusteredLeaves

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


class Router(Protocol):
    """Ranks the leaves of a query."""

    @property
    def dot_products(self) -> int:
        """The cost of ranking the leaves of a query, in document dot products."""

    def rank(self, queries: Floats, n: int) -> Ints:
        """[n_queries, n] the best leaves of each query vector, best first."""

    def memory_bytes(self) -> int:
        """Its size in memory."""


class LinearRouter(NamedTuple):
    """Scores a leaf by the dot product of the query with one vector.

    Attributes:
        vectors: [nlist, dim] the vectors: centroids, or what was learned in their place.
    """

    vectors: Floats

    @property
    def dot_products(self) -> int:
        """One for each leaf."""
        return len(self.vectors)

    def rank(self, queries: Floats, n: int) -> Ints:
        """[n_queries, n] the leaves of the largest dot products."""
        return top_k(queries, self.vectors, n)[1]

    def memory_bytes(self) -> int:
        """Size of the vectors."""
        return self.vectors.nbytes


@dataclass
class RoutedLeaves(ClusteredLeaves):
    """Leaves around k-means centroids; a router ranks them, and the best are scanned."""

    @abstractmethod
    def routed(
        self, documents: Floats, centroids: Floats, leaf: Ints, guide: Guide
    ) -> tuple[Router, Ints]:
        """The router, and the leaves [n_documents, r] that hold each document.

        Args:
            documents: [n_documents, dim] vectors.
            centroids: [nlist, dim] unit centroids.
            leaf: [n_documents, r] the leaves of the centroids nearest to each document.
            guide: the training queries, and the seed.
        """

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster the documents, and make the router."""
        centroids = leaf_centroids(documents, nlist, guide.seed, guide.workspace.memory_bytes)
        leaf = quantizer_of(centroids).search(documents, self.leaves_per_document)[1]
        self._router, self._leaf = self.routed(documents, centroids, leaf, guide)
        self._lists = LeafLists(documents, self._leaf, nlist)
        self._nlist = nlist

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves in the router's order."""
        return self._router.rank(queries, self._nlist)

    def routing(self, nlist: int) -> Floats:
        """[nlist] the cost of the router, whatever is probed."""
        return np.full(nlist, self._router.dot_products, np.float64)

    def partition(self) -> Ints:
        """[n_documents] the leaf of each document, or [n_documents, r] its leaves."""
        return self._leaf[:, 0] if self._leaf.shape[1] == 1 else self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves that the router ranks first."""
        leaves = self._router.rank(queries, int(point["nprobe"]))
        ids, scores = self._lists.search(queries, k, leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=float(self._router.dot_products))

    def memory_bytes(self) -> int:
        """Vectors and numbers in the leaves, and the router."""
        return self._lists.memory_bytes() + self._router.memory_bytes()

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write an IndexIVFFlat whose quantizer is the router, if the router is linear."""
        if not isinstance(self._router, LinearRouter):
            raise NotImplementedError
        vectors = self._router.vectors
        return write_ivf(folder, documents, self._leaf, vectors, int(point["nprobe"]))
