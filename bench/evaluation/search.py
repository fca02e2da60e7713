"""Searching at an operating point: in batches, checked, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import MethodError
from bench.evaluation.answers import require_distinct
from bench.evaluation.clock import Watch
from bench.leaves import load
from bench.measures.records import MET_AT_MOST
from bench.store.point_run import PointRun, PointSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.arrays.relevance import Relevance
    from bench.evaluation.answers import Indexed
    from bench.method import Point, Progress, SearchResult
    from bench.task import Queries
    from bench.types import Bools, Floats, Ints

BATCH = 4096
"""Queries searched at once: this bounds memory, and progress is reported once a batch."""


class Searcher:
    """Searches the queries of a split with an indexed method.

    Attributes:
        searching: the time of all searches so far.
        encoding: the time of encoding texts of queries so far; no search includes it.
    """

    def __init__(
        self, indexed: Indexed, queries: Queries, k: int, relevance: Relevance | None = None
    ) -> None:
        """Search ``queries``.

        Args:
            indexed: a method that was fitted and has indexed the corpus.
            queries: the n queries to search.
            k: number of documents asked for each query.
            relevance: the relevance of these queries, by which visits of relevant documents count.
        """
        self._indexed = indexed
        self._method = indexed.method
        self._meter = indexed.meter
        self._n_documents = indexed.n_documents
        self._queries = queries
        self._k = k
        self._relevance = relevance
        self._encoded = 0
        self.searching, self.encoding = Watch(), Watch()

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
        probes: list[Ints] = []
        routed, watch, self_reported = 0.0, Watch(), False
        for batch, queries in self._batches(watch):
            size = len(queries.rows)
            with watch.running():
                found = self._method.search(queries, self._k, dict(point))
            result = self._indexed.answer(found, size, self._k)
            require_distinct(self._method, result.ids)
            width = result.ids.shape[1]
            ids[batch, :width], scores[batch, :width] = result.ids, result.scores
            visited[batch], self_reported = self.visited(result)
            reached.append(self._reached(result, batch))
            if result.leaves is not None and self._meter is not None:
                probes.append(self._meter.probes(result.leaves))
            routed += self._routing(result) * size
            progress(batch.stop, n)
        mean_visited = float(visited.mean())
        self.searching.add(watch)
        summary = PointSummary(
            point,
            n,
            mean_visited,
            self_reported,
            routed / n,
            watch.seconds,
            waited=watch.waited,
            query_load=load(np.sum(probes, axis=0)) if np.any(probes) else None,
        )
        known = [part for part in reached if part is not None]
        pairs = np.concatenate(known) if len(known) == len(reached) else None
        return PointRun(ids, scores, visited, pairs, summary)

    def rank_exactly(self) -> Ints | None:
        """[n, k] the ranking by exact search over the method's vectors, or None if it has none."""
        ids = np.full((len(self._queries.rows), self._k), -1, np.int32)
        for batch, queries in self._batches(Watch()):
            found = self._method.rank_exactly(queries, self._k)
            ranked = self._indexed.ranked(found, len(queries.rows), self._k)
            if ranked is None:
                return None
            ids[batch, : ranked.shape[1]] = ranked
        return ids

    def _batches(self, searching: Watch) -> Iterator[tuple[slice, Queries]]:
        """The queries in batches, prepared.

        The first time that texts are prepared they are encoded. All else counts as searching.
        """
        n = len(self._queries.rows)
        for start in range(0, n, BATCH):
            batch = slice(start, min(start + BATCH, n))
            queries = self._queries.part(batch)
            encodes = queries.texts is not None and start >= self._encoded
            with (self.encoding if encodes else searching).running():
                self._method.prepare(queries)
            if encodes:
                self._encoded = batch.stop
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

    def visited(self, result: SearchResult) -> tuple[Ints | Floats | int, bool]:
        """[n] documents that each query visited, and whether the cost is the method's own word.

        NaN where the method scores no document.

        Raises:
            MethodError: it cannot have visited so many, or returned what it did not visit; the
                message begins with the name of the method.
        """
        try:
            if not self._method.scores_documents:
                self._require_work_alone(result)
                return np.full(len(result.ids), np.nan), True
            if result.leaves is not None:
                if self._meter is None:
                    raise MethodError("search() names leaves, but partition() returns None")
                return self._meter.count(result.leaves, result.ids), False
            if self._meter is not None:
                raise MethodError(
                    "partition() names leaves, but search() does not say which it probed"
                )
            if result.visited is not None:
                self._require_possible(result.visited, result.ids)
                return result.visited, True
        except MethodError as error:
            raise MethodError(f"{self._method.name}: {error}") from error
        return self._n_documents, False

    def _require_work_alone(self, result: SearchResult) -> None:
        """Raise MethodError for what a method without scores of documents cannot say."""
        if result.leaves is not None or result.visited is not None or self._meter is not None:
            raise MethodError(
                "scores no document (scores_documents = False), but names leaves or counts "
                "documents that were visited; it has its work alone, in routing"
            )
        if not result.routing:
            raise MethodError(
                "scores no document (scores_documents = False), and does not say what a query "
                "costs: routing of each result is its work, in document dot products"
            )

    def _require_possible(self, visited: Ints | Floats, ids: Ints) -> None:
        """Raise MethodError for a method's own counts that cannot be right."""
        if np.mean(visited) > MET_AT_MOST * self._n_documents:
            raise MethodError(
                f"says that it visited {np.mean(visited):g} documents a query, of "
                f"{self._n_documents}; each may count once, or {MET_AT_MOST} times in a graph"
            )
        returned = int((ids >= 0).sum())
        # Faiss does not count the distance of the node that a search of its graph starts from.
        if np.sum(visited) < returned - len(ids):
            raise MethodError(
                f"says that it visited {np.sum(visited):g} documents for {len(ids)} queries, but "
                f"it returned {returned}"
            )

    def _routing(self, result: SearchResult) -> float:
        """Document dot products of choosing leaves: one for each leaf, if nothing is said."""
        if result.routing is not None:
            return result.routing
        return 0.0 if self._meter is None else float(self._meter.occupied)
