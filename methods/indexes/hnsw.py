"""HNSW: a navigable graph over the documents, searched greedily with a beam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from bench.method import Point, SearchResult
from methods.indexes.base import Index

if TYPE_CHECKING:
    from bench.types import Floats
    from methods.indexes.base import Guide

BEAMS = (32, 64, 128, 256, 512, 1024)


@dataclass
class HNSW(Index):
    """Faiss's HNSW (Malkov & Yashunin 2018) under the inner product.

    It has no leaves. The visited share is Faiss's own count of distances, a mean over the queries
    of a batch; a document scored on two levels of the graph counts twice.
    """

    version: ClassVar[str] = "hnsw 1"

    M: int = 32  # links of a node
    ef_construction: int = 80  # width of the beam while the graph is built

    def build(self, documents: Floats, guide: Guide) -> None:
        """Insert the documents one after the other: with threads the graph would vary."""
        self._graph = faiss.IndexHNSWFlat(documents.shape[1], self.M, faiss.METRIC_INNER_PRODUCT)
        self._graph.hnsw.efConstruction = self.ef_construction
        with threadpool_limits(1):
            self._graph.add(documents)

    def operating_points(self) -> list[Point]:
        """Beams from narrow to wide, the last at most as wide as the corpus."""
        beams = {min(beam, self._graph.ntotal) for beam in BEAMS}
        return [{"efSearch": beam} for beam in sorted(beams)]

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Search with a beam of ``efSearch``, which is also the largest number of results."""
        beam = faiss.SearchParametersHNSW()
        beam.efSearch = int(point["efSearch"])
        k = min(k, beam.efSearch)
        faiss.cvar.hnsw_stats.reset()
        scores, ids = self._graph.search(queries, k, params=beam)
        scored = faiss.cvar.hnsw_stats.ndis / len(queries)
        return SearchResult(ids, scores, visited=np.full(len(queries), scored))

    def memory_bytes(self) -> int:
        """Vectors and links."""
        links = self._graph.hnsw.neighbors.size() * 4 + self._graph.hnsw.offsets.size() * 8
        return int(self._graph.ntotal * self._graph.d * 4 + links)
