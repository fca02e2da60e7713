"""Searching at an operating point: in batches, checked, and counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import MethodError
from bench.measures.visited import VisitedMeter
from bench.task import Queries

if TYPE_CHECKING:
    from bench.leaves import LeafHealth
    from bench.method import Method, Point, Progress, SearchResult
    from bench.task import Task
    from bench.types import Floats, Ints

BATCH = 4096
"""Queries searched at once: bounds memory, and is how often progress is told."""


@dataclass(frozen=True)
class PointSummary:
    """How one operating point was searched.

    Attributes:
        mean_visited: documents scored for a query.
        self_reported: whether the method counted them itself.
        routing: document dot products for each query, beside the visited ones.
        seconds: spent in the method's ``search``.
    """

    point: Point
    n_queries: int
    mean_visited: float
    self_reported: bool
    routing: float
    seconds: float


@dataclass(frozen=True, eq=False)
class PointRun:
    """What one operating point returned for all queries of the test.

    Attributes:
        ids: [n, k] documents, best first, -1 past the end.
        scores: [n, k] float32.
        visited: [n] documents scored.
        summary: the rest.
    """

    ids: Ints
    scores: Floats
    visited: Floats
    summary: PointSummary


class Searcher:
    """Searches the test queries of a task with an indexed method.

    Attributes:
        prepare_s: seconds that encoding queries took so far; not part of any search.
    """

    def __init__(self, method: Method, task: Task, k: int) -> None:
        """``k``: documents asked for each query."""
        self._method = method
        self._queries = task.queries_of(task.test)
        self._n_documents = len(task.document_names)
        self._k = k
        self.prepare_s = 0.0
        leaf = method.partition()
        self._meter = None if leaf is None else VisitedMeter(np.asarray(leaf), self._n_documents)

    def run(self, point: Point, progress: Progress) -> PointRun:
        """Search at one operating point.

        Raises:
            MethodError: what came back is not a ranking of the corpus.
        """
        n = len(self._queries.rows)
        ids = np.full((n, self._k), -1, np.int32)
        scores = np.full((n, self._k), -np.inf, np.float32)
        visited = np.empty(n)  # a mean over a batch, where a library counts no better
        routed, seconds, self_reported = 0.0, 0.0, False
        for start in range(0, n, BATCH):
            batch = slice(start, min(start + BATCH, n))
            rows = self._queries.rows[batch]
            texts = self._queries.texts[batch] if self._queries.texts is not None else None
            queries = Queries(rows, self._queries.names[batch], texts)
            begin = time.perf_counter()
            self._method.prepare(queries)
            self.prepare_s += time.perf_counter() - begin
            begin = time.perf_counter()
            result = self._method.search(queries, self._k, point)
            seconds += time.perf_counter() - begin
            self._check(result, len(rows))
            width = result.ids.shape[1]
            ids[batch, :width], scores[batch, :width] = result.ids, result.scores
            visited[batch], self_reported = self._visited(result)
            routed += result.routing * len(rows)
            progress(batch.stop, n)
        mean_visited = float(visited.mean())
        summary = PointSummary(point, n, mean_visited, self_reported, routed / n, seconds)
        return PointRun(ids, scores, visited, summary)

    def leaf_health(self) -> LeafHealth | None:
        """How evenly documents lie in the method's leaves, or None if it has none."""
        return None if self._meter is None else self._meter.health()

    def _visited(self, result: SearchResult) -> tuple[Ints | Floats | int, bool]:
        """[n] documents that each query visited, and whether the method says so itself."""
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
        """A method's own counts, if they can be true; scoring a document twice is possible."""
        n = len(ids)
        if np.shape(visited) != (n,) or not np.isfinite(visited).all() or np.min(visited) < 0:
            raise MethodError(
                f"visited must be {n} counts of 0 or more, got {np.shape(visited)} from "
                f"{np.min(visited)} to {np.max(visited)}"
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
        ordered = np.sort(ids, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
        if twice.any():
            row, column = np.argwhere(twice)[0]
            raise MethodError(
                f"returned document {ordered[row, column]} twice for query {row} of its batch"
            )
