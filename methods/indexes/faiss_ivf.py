"""Faiss-IVF: k-means leaves, of which the nearest are scanned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import faiss
import numpy as np

from bench.method import Code, Point, SearchResult
from methods.chunks import cuts, merged
from methods.indexes.faiss_file import write_ivf
from methods.indexes.ivf_block import IVFBlock
from methods.indexes.kmeans import leaf_centroids
from methods.indexes.leaves import ClusteredLeaves

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Workspace
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


@dataclass
class FaissIVF(ClusteredLeaves):
    """Faiss scans the leaves of the nearest k-means centroids (Johnson, Douze & Jégou 2019).

    It is IndexIVFFlat under the inner product.

    Leaves are chosen first and passed to Faiss, so that those scanned are those reported. If they
    would take a quarter of the memory they are in files, one for each block of documents.
    """

    version: ClassVar[str] = "faiss-ivf 3"
    reads_chunks: ClassVar[bool] = True
    exports: ClassVar[bool] = True

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster documents and fill the leaves."""
        ceiling = guide.workspace.memory_bytes
        centroids = leaf_centroids(documents, nlist, guide.seed, ceiling)
        self._quantizer = faiss.IndexFlatIP(documents.shape[1])
        self._quantizer.add(centroids)
        self.fill(documents, centroids, guide.workspace)

    def fill(self, documents: Floats, centroids: Floats, workspace: Workspace) -> None:
        """Put the documents into leaves around centroids [nlist, dim]."""
        self._blocks: list[IVFBlock] = []  # frees the leaves of another number of leaves
        n_documents, dim = documents.shape
        n_bytes, ceiling = n_documents * (4 * dim + 8), workspace.memory_bytes
        folder, n_blocks = None, 1
        if ceiling and n_bytes > ceiling // 4:  # lists grow by doubling
            folder, n_blocks = workspace.scratch, -(-8 * n_bytes // ceiling)
        for number, cut in enumerate(cuts(n_documents, n_blocks)):
            file = None if folder is None else folder / f"ivf-{number}.faiss"
            self._blocks.append(IVFBlock(documents[cut], cut.start, centroids, ceiling, file))
        self._leaf: Ints = np.concatenate([block.leaves() for block in self._blocks])

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the scores of their centroids."""
        ranked: Ints = self._quantizer.search(queries, self._quantizer.ntotal)[1]
        return ranked

    def partition(self) -> Ints:
        """[n_documents] the inverted list of each document."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves whose centroids score highest."""
        scores_of_leaves, leaves = self._quantizer.search(queries, int(point["nprobe"]))
        scores, ids = self.scan(queries, k, leaves, scores_of_leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=float(self._quantizer.ntotal))

    def scan(
        self, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
    ) -> tuple[Floats, Ints]:
        """Scores and numbers [n, k] of the best in the leaves [n, nprobe] of each query."""
        given = queries, k, leaves, scores_of_leaves
        return merged((block.search(*given) for block in self._blocks), k)

    def memory_bytes(self) -> int:
        """Vectors and ids in the leaves, and the centroids."""
        dim, nlist = self._quantizer.d, self._quantizer.ntotal
        return int(len(self._leaf) * (4 * dim + 8) + nlist * 4 * dim)

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write an IndexIVFFlat that chooses leaves as the search does."""
        centroids = self._quantizer.reconstruct_n(0, self._quantizer.ntotal)
        return write_ivf(folder, documents, self._leaf[:, None], centroids, int(point["nprobe"]))
