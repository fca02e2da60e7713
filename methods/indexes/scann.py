"""ScaNN: its own partition into leaves, scored exactly within the leaves that are probed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Code, Point, SearchResult
from methods.indexes.exact import top_k
from methods.indexes.leaves import ClusteredLeaves

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

TIE = 1e-5
"""Difference of two leaves' scores, relative to the query's largest, under which ScaNN may rank
them either way."""

FOLDER = "index.scann"
SEARCH = '''
INDEX = scann_ops_pybind.load_searcher(str(HERE / "{folder}"))


def search(vectors, k):
    """[n, k] numbers of documents, best first; -1 where there are fewer."""
    ids, scores = INDEX.search_batched(vectors, min(k, {n}), leaves_to_search={nprobe})
    return np.where(np.isnan(scores), -1, ids.astype(np.int64))
'''
"""The search of an export: past the documents visited ScaNN pads with id 0 and NaN."""


@dataclass
class ScaNN(ClusteredLeaves):
    """ScaNN scans the leaves of its nearest centroids by brute force (Guo et al. 2020).

    Scores are exact, so that a row differs from another index only by its leaves. ScaNN has no
    counter and does not return the leaves that it probed: they are recomputed from the centroids
    that it writes. If two leaves tie, the query is searched again for all documents that it visits,
    and both the answer and the leaves are read from that result.
    """

    version: ClassVar[str] = "scann 3"
    requires: ClassVar[tuple[str, ...]] = ("scann",)
    exports: ClassVar[bool] = True

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Partition the documents, and read the partition back."""
        import scann

        n_documents = len(documents)
        self._n_documents = n_documents
        self._bytes = documents.nbytes
        builder = (
            scann.scann_ops_pybind.builder(documents, 10, "dot_product")
            # A minimum size would be reached by splitting leaves into twins of equal centroids.
            .tree(
                nlist,
                1,
                training_sample_size=n_documents,
                min_partition_size=1,
                **self.spilling(),
            )
            .score_brute_force()
        )
        # The builder has no argument for the seed of the clustering; the text that it makes has.
        before, inside = builder.create_config().split("partitioning {", 1)
        config = f"{before}partitioning {{ clustering_seed: {guide.seed}{inside}"
        self._scann = scann.scann_ops_pybind.create_searcher(documents, config)
        with tempfile.TemporaryDirectory() as folder:
            self._scann.serialize(folder)
            self._leaf, self._centroids = _read_partition(Path(folder), n_documents)

    def spilling(self) -> dict[str, float]:
        """Arguments of ScaNN's tree by which documents lie in more than one leaf."""
        return {}

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the scores of their centroids."""
        return self._ranked(queries, len(self._centroids))[1]

    def partition(self) -> Ints:
        """[n_documents] ScaNN's token of each document, or [n_documents, 2] its tokens."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves whose centroids score highest."""
        nprobe = int(point["nprobe"])
        k = min(k, self._n_documents)
        ids, scores = self._scann.search_batched(queries, k, leaves_to_search=nprobe)
        # After the documents visited ScaNN pads with id 0 and NaN.
        ids = np.where(np.isnan(scores), -1, ids.astype(np.int64))
        scores = np.nan_to_num(scores, nan=-np.inf)
        leaves, tied = self._probed(queries, nprobe)
        for row in tied:
            visited, of_visited = self._scann.search(
                queries[row], self._n_documents, leaves_to_search=nprobe
            )
            real = ~np.isnan(of_visited)
            visited, of_visited = visited[real], of_visited[real]
            ids[row], scores[row], leaves[row] = -1, -np.inf, -1
            # A leaf of which every document was visited may count as probed.
            probed = np.setdiff1d(self._leaf[visited], np.delete(self._leaf, visited, axis=0))
            more = max(0, len(probed) - leaves.shape[1])
            leaves = np.pad(leaves, ((0, 0), (0, more)), constant_values=-1)
            leaves[row, : len(probed)] = probed
            n = min(k, len(visited))
            ids[row, :n], scores[row, :n] = visited[:n], of_visited[:n]
        return SearchResult(ids, scores, leaves=leaves, routing=float(len(self._centroids)))

    def memory_bytes(self) -> int:
        """Vectors, tokens and centroids."""
        return int(self._bytes + self._leaf.nbytes + self._centroids.nbytes)

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write ScaNN's own folder, with its copy of the vectors."""
        (folder / FOLDER).mkdir()
        self._scann.serialize(str(folder / FOLDER), relative_path=True)
        text = SEARCH.format(folder=FOLDER, n=self._n_documents, nprobe=int(point["nprobe"]))
        return Code(text, ("from scann import scann_ops_pybind",), ("scann",))

    def _ranked(self, queries: Floats, n: int) -> tuple[Floats, Ints]:
        return top_k(queries, self._centroids, n)

    def _probed(self, queries: Floats, nprobe: int) -> tuple[Ints, Ints]:
        """[n, nprobe] leaves by the centroids' scores, and the queries for which they may be wrong.

        If the last leaf and the next best tie, ScaNN may have taken either.
        """
        total = len(self._centroids)
        scores, leaves = self._ranked(queries, min(nprobe + 1, total))
        if nprobe >= total:
            return leaves, np.arange(0)
        last, next_best = scores[:, nprobe - 1], scores[:, nprobe]
        scale = np.abs(scores).max(axis=1)
        return leaves[:, :nprobe], np.flatnonzero(last - next_best <= TIE * scale)


def _read_partition(folder: Path, n_documents: int) -> tuple[Ints, Floats]:
    """The leaf of each document and [n_leaves, dim] centroids, as ScaNN wrote them.

    With spilling it writes two leaves one after another for each document, -1 for a second that is
    the first: they are [n_documents, 2] here, where the first is then repeated.
    """
    from scann.partitioning import partitioner_pb2

    partitioner = partitioner_pb2.SerializedPartitioner()
    partitioner.ParseFromString((folder / "serialized_partitioner.pb").read_bytes())
    root = partitioner.kmeans.kmeans_tree.root
    centroids = np.array([center.dimension for center in root.centers], np.float32)
    order = np.argsort([child.leaf_id for child in root.children])
    tokens = np.load(folder / "datapoint_to_token.npy")
    if len(tokens) > n_documents:
        tokens = tokens.reshape(n_documents, 2)
        tokens = np.where(tokens < 0, tokens[:, :1], tokens)
    return tokens, np.ascontiguousarray(centroids[order])
