"""Searching at an operating point: in batches, checked, and counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import MethodError
from bench.measures.records import MET_AT_MOST
from bench.measures.visited import VisitedMeter
from bench.store.run_file import PointRun, PointSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.arrays.relevance import Relevance
    from bench.leaves import LeafHealth
    from bench.method import Method, Point, Progress, SearchResult
    from bench.task import Queries
    from bench.types import Bools, Floats, Ints

BATCH = 4096
"""Queries searched at once: this bounds memory, and progress is reported once a batch."""


class Searcher:
    """Searches the queries of a split with an indexed method.

    Attributes:
        encode_seconds: seconds of encoding queries so far; no search includes them.
    """

    def __init__(
        self,
        method: Method,
        queries: Queries,
        n_documents: int,
        k: int,
        relevance: Relevance | None = None,
    ) -> None:
        """Search ``queries``.

        Args:
            method: a method that was fitted and has indexed the corpus.
            queries: the n queries to search.
            n_documents: number of documents in the corpus.
            k: number of documents asked for each query.
            relevance: the relevance of these queries, by which visits of relevant documents count.
        """
        self._method = method
        self._queries = queries
        self._n_documents = n_documents
        self._k = k
        self._relevance = relevance
        self.encode_seconds = 0.0
        leaf = method.partition()
        self._meter = None if leaf is None else VisitedMeter(np.asarray(leaf), self._n_documents)

    def run(self, point: Point, progress: Progress) -> PointRun:
        """Search at one operating point.

        Raises:
            MethodError: the method did not return a ranking of the corpus.
        """
        n = len(self._queries.rows)
        ids = np.full((n, self._k), -1, np.int32)
        scores = np.full((n, self._k), -np.inf, np.float32)
        reached: list[Bools | None] = []
        visited = np.empty(n)  # a mean over a batch, where a library counts no better
        routed, seconds, self_reported = 0.0, 0.0, False
        for batch, queries in self._batches():
            begin = time.perf_counter()
            result = self._method.search(queries, self._k, point)
            seconds += time.perf_counter() - begin
            self._check(result, len(queries.rows))
            width = result.ids.shape[1]
            ids[batch, :width], scores[batch, :width] = result.ids, result.scores
            visited[batch], self_reported = self._visited(result)
            reached.append(self._reached(result, batch))
            routed += result.routing * len(queries.rows)
            progress(batch.stop, n)
        mean_visited = float(visited.mean())
        summary = PointSummary(point, n, mean_visited, self_reported, routed / n, seconds)
        known = [part for part in reached if part is not None]
        pairs = np.concatenate(known) if len(known) == len(reached) else None
        return PointRun(ids, scores, visited, pairs, summary)

    def rank_exactly(self) -> Ints | None:
        """[n, k] the ranking by exact search over the method's vectors, or None if it has none."""
        ids = np.full((len(self._queries.rows), self._k), -1, np.int32)
        for batch, queries in self._batches():
            ranked = self._method.rank_exactly(queries, self._k)
            if ranked is None:
                return None
            ids[batch, : ranked.shape[1]] = ranked
        return ids

    def _batches(self) -> Iterator[tuple[slice, Queries]]:
        """The queries, encoded, in batches."""
        n = len(self._queries.rows)
        for start in range(0, n, BATCH):
            batch = slice(start, min(start + BATCH, n))
            queries = self._queries.part(batch)
            begin = time.perf_counter()
            self._method.prepare(queries)
            self.encode_seconds += time.perf_counter() - begin
            yield batch, queries

    def _reached(self, result: SearchResult, batch: slice) -> Bools | None:
        """Which relevant documents of a batch were visited; None: not known."""
        if self._relevance is None:
            return None
        first, last = self._relevance.indptr[[batch.start, batch.stop]]
        if result.leaves is not None and self._meter is not None:
            rows = self._relevance.queries[first:last] - batch.start
            return self._meter.reached(result.leaves, rows, self._relevance.documents[first:last])
        return np.ones(last - first, bool) if result.visited is None else None

    def leaf_health(self) -> LeafHealth | None:
        """How evenly documents lie in the method's leaves, or None if it has none."""
        return None if self._meter is None else self._meter.health()

    def _visited(self, result: SearchResult) -> tuple[Ints | Floats | int, bool]:
        """[n] documents that each query visited, and whether the method counted them itself."""
        if result.leaves is not None:
            if self._meter is None:
                raise MethodError("search() names leaves, but partition() returns None")
            return self._meter.count(result.leaves, result.ids), False
        if self._meter is not None:
            raise MethodError("partition() names leaves, but search() does not say which it probed")
        if result.visited is not None:
            return self._claimed(result.visited, result.ids), True
        return self._n_documents, False

    def _claimed(self, visited: Ints | Floats, ids: Ints) -> Ints | Floats:
        """A method's own counts, checked: they may not be impossible."""
        n = len(ids)
        if np.shape(visited) != (n,) or not np.isfinite(visited).all() or np.min(visited) < 0:
            raise MethodError(
                f"visited must be {n} counts of 0 or more, got {np.shape(visited)} from "
                f"{np.min(visited)} to {np.max(visited)}"
            )
        if np.mean(visited) > MET_AT_MOST * self._n_documents:
            raise MethodError(
                f"says that it visited {np.mean(visited):g} documents a query, of "
                f"{self._n_documents}; each may count once, or {MET_AT_MOST} times in a graph"
            )
        returned = int((ids >= 0).sum())
        # Faiss does not count the distance of the node that a search of its graph starts from.
        if np.sum(visited) < returned - n:
            raise MethodError(
                f"says that it visited {np.sum(visited):g} documents for {n} queries, but it "
                f"returned {returned}"
            )
        return visited

    def _check(self, result: SearchResult, n: int) -> None:
        ids, scores = result.ids, result.scores
        n_rows, width = ids.shape if ids.ndim == scores.ndim == 2 else (0, 0)  # noqa: PLR2004
        if n_rows != n or width > self._k:
            raise MethodError(
                f"search() must return at most {self._k} ids for each of {n} queries, "
                f"got an array of shape {ids.shape}"
            )
        if scores.shape != ids.shape:
            raise MethodError(f"search() returned {ids.shape} ids but {scores.shape} scores")
        if not np.issubdtype(ids.dtype, np.integer):
            raise MethodError(f"ids must be integers, got {ids.dtype}")
        if ids.size and (ids.max() >= self._n_documents or ids.min() < -1):
            wrong = ids.max() if ids.max() >= self._n_documents else ids.min()
            raise MethodError(
                f"returned document {wrong}, but the corpus has 0 to {self._n_documents - 1}"
            )
        if not np.isfinite(result.routing) or result.routing < 0:
            raise MethodError(f"routing must be 0 or more, got {result.routing}")
        if np.isnan(scores).any():
            raise MethodError("returned a NaN score; did training diverge?")
        if np.isposinf(scores).any():
            raise MethodError("returned an infinite score: vectors are too long for float32")
        ordered = np.sort(ids, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
        if twice.any():
            row, column = np.argwhere(twice)[0]
            raise MethodError(
                f"returned document {ordered[row, column]} twice for query {row} of its batch"
            )
