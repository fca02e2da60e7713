"""HNSW: a navigable graph over the documents, searched greedily with a beam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from bench.method import Code, Point, SearchResult
from methods.indexes.base import Index
from methods.indexes.budgets import BUDGETS, settings_within_budgets
from methods.indexes.faiss_file import search_of, write_faiss

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

WIDEST = 1024
"""The widest beam, if it visits the largest budget; else it is doubled until it does."""
MEASURED = 200
"""Queries whose visits are counted, at most."""


@dataclass
class HNSW(Index):
    """Faiss walks a graph of neighbours, HNSW (Malkov & Yashunin 2018).

    It has no leaves. The visited share is Faiss's own count of distances, a mean over the queries
    of a batch, of at most all documents. A document scored on two levels of the graph counts twice;
    what exceeds the corpus by that is routing.
    """

    version: ClassVar[str] = "hnsw 3"
    exports: ClassVar[bool] = True
    exempt: ClassVar[Mapping[str, str]] = {
        "k_of_the_corpus_returns_what_was_visited": (
            "a graph scores documents that its beam then drops; the count is Faiss's own and is "
            "marked as claimed"
        ),
    }

    M: int = 32  # links of a node
    ef_construction: int = 80  # width of the beam while the graph is built

    def build(self, documents: Floats, guide: Guide) -> None:
        """Insert the documents one after the other: with threads the graph would vary."""
        self._graph = faiss.IndexHNSWFlat(documents.shape[1], self.M, faiss.METRIC_INNER_PRODUCT)
        self._graph.hnsw.efConstruction = self.ef_construction
        self._graph.hnsw.rng = faiss.RandomGenerator(guide.seed)
        with threadpool_limits(1):
            self._graph.add(documents)
        self._measure(guide.sample(documents)[:MEASURED])

    def _measure(self, queries: Floats) -> None:
        """Measure the visits of queries with beams of 1, 2, 4 …; those between are interpolated."""
        beams, shares, n_documents = [0], [0.0], self._graph.ntotal
        while beams[-1] < n_documents and (beams[-1] < WIDEST or shares[-1] < BUDGETS[-1]):
            beams.append(min(max(1, 2 * beams[-1]), n_documents))
            shares.append(self._found(queries, 1, beams[-1])[2] / n_documents)
        self._visited: Floats = np.interp(np.arange(1, beams[-1] + 1), beams, shares)

    def operating_points(self) -> list[Point]:
        """The widest beams within each budget, and the widest of all."""
        beams = settings_within_budgets(self._visited, self._visited)
        return [{"efSearch": beam} for beam in beams]

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Search with a beam of ``efSearch``, which is also the largest number of results."""
        scores, ids, scored = self._found(queries, k, int(point["efSearch"]))
        visited = min(scored, self._graph.ntotal)
        return SearchResult(
            ids, scores, visited=np.full(len(queries), visited), routing=scored - visited
        )

    def _found(self, queries: Floats, k: int, beam: int) -> tuple[Floats, Ints, float]:
        """Scores and numbers [n, at most k], and the mean number of documents scored."""
        params = faiss.SearchParametersHNSW()
        params.efSearch = beam
        faiss.cvar.hnsw_stats.reset()
        scores, ids = self._graph.search(queries, min(k, beam), params=params)
        # Faiss does not count the document that a walk begins at, which may be the only one.
        return scores, ids, max(1.0, faiss.cvar.hnsw_stats.ndis / len(queries))

    def memory_bytes(self) -> int:
        """Vectors and links."""
        links = self._graph.hnsw.neighbors.size() * 4 + self._graph.hnsw.offsets.size() * 8
        return int(self._graph.ntotal * self._graph.d * 4 + links)

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write the graph with its vectors."""
        beam = int(point["efSearch"])
        params = f"faiss.SearchParametersHNSW(efSearch={beam})"
        found = f"INDEX.search(vectors, min({{k}}, {beam}), params={params})[1]"
        return write_faiss(folder, self._graph, search_of(found, len(documents), 1))
