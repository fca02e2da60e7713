"""sharded-ivf: one set of k-means leaves, filled and scanned shard by shard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss
import numpy as np
from faiss.contrib.inspect_tools import get_invlist

from bench.method import Point, SearchResult
from methods.indexes.leaves import ClusteredLeaves
from methods.shards.blocks import cuts, merged, numbered, pieces
from methods.shards.pool import Sharded

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

PER_LEAF = 256
"""Documents that a leaf is laid out by at most, as many as Faiss takes."""


def empty_leaves(centroids: Floats) -> faiss.IndexIVFFlat:
    """Leaves around [nlist, dim] centroids."""
    nlist, dim = centroids.shape
    quantizer = faiss.IndexFlatIP(dim)
    quantizer.add(centroids)
    ivf = faiss.IndexIVFFlat(quantizer, dim, nlist, faiss.METRIC_INNER_PRODUCT)
    ivf.is_trained = True
    return ivf


class IVFShard:
    """What lies in the leaves of one shard's documents."""

    def __init__(self, documents: Floats, first: int, centroids: Floats) -> None:
        """``first``: the number of the first document in the corpus."""
        self._ivf = empty_leaves(centroids)
        self._first = first
        for _, piece in pieces(documents):
            self._ivf.add(piece)

    def leaves(self) -> Ints:
        """[n_documents] of the shard."""
        leaf = np.empty(self._ivf.ntotal, np.int32)
        for number in range(self._ivf.nlist):
            leaf[get_invlist(self._ivf.invlists, number)[0]] = number
        return leaf

    def search(
        self, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
    ) -> tuple[Floats, Ints]:
        """Scores and numbers [n, k] of the best in the leaves [n, nprobe] of each query."""
        self._ivf.nprobe = leaves.shape[1]
        scores, ids = self._ivf.search_preassigned(queries, k, leaves, scores_of_leaves)
        return scores, numbered(ids, self._first)


@dataclass
class ShardedIVF(Sharded, ClusteredLeaves):
    """The leaves and rankings of ``faiss-ivf``, over vectors that need not be in one memory.

    Of vectors in half precision a sample lays the leaves out.
    """

    def build(self, documents: Floats, guide: Guide) -> None:
        """Share the documents out, then lay out leaves as often as their number is tried."""
        self._parts = [
            (self.share(documents[cut]), cut.start) for cut in cuts(len(documents), self.shards)
        ]
        super().build(documents, guide)

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster the documents, here, and fill the leaves of each shard."""
        dim = documents.shape[1]
        self._quantizer = faiss.IndexFlatIP(dim)
        trained = faiss.IndexIVFFlat(self._quantizer, dim, nlist, faiss.METRIC_INNER_PRODUCT)
        trained.cp.min_points_per_centroid = 1  # says nothing of small corpora
        trained.train(_laid_out_by(documents, nlist))
        vars(self).pop("_shards", None)  # those of another number of leaves make room
        centroids = self.share(self._quantizer.reconstruct_n(0, nlist))
        self._shards = self.start(IVFShard, [(*part, centroids) for part in self._parts])
        self._leaf: Ints = np.concatenate(self._shards.call("leaves"))

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the scores of their centroids."""
        ranked: Ints = self._quantizer.search(queries, self._quantizer.ntotal)[1]
        return ranked

    def partition(self) -> Ints:
        """[n_documents] the leaf of each document."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves whose centroids score highest, in every shard."""
        scores_of_leaves, leaves = self._quantizer.search(queries, int(point["nprobe"]))
        found = self._shards.call("search", queries, k, leaves, scores_of_leaves)
        scores, ids = merged(found, k)
        return SearchResult(ids, scores, leaves=leaves, routing=float(self._quantizer.ntotal))

    def memory_bytes(self) -> int:
        """Vectors and ids in the leaves, and the centroids of each shard."""
        dim, nlist = self._quantizer.d, self._quantizer.ntotal
        return int(len(self._leaf) * (4 * dim + 8) + len(self._parts) * nlist * 4 * dim)


def _laid_out_by(documents: Floats, nlist: int) -> Floats:
    """[n, dim] documents that the leaves are clustered from."""
    if documents.dtype == np.float32:
        return documents  # Faiss takes a sample of its own
    n = min(len(documents), PER_LEAF * nlist)
    rows = np.sort(np.random.default_rng(0).choice(len(documents), n, replace=False))
    sample: Floats = documents[rows].astype(np.float32)
    return sample
