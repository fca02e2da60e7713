"""random: the lower bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Method, Point, Progress, SearchResult

if TYPE_CHECKING:
    from bench.task import Corpus, Queries, Training
    from bench.types import Ints


class Random(Method):
    """Distinct documents in random order; every method should beat it."""

    name = "random"
    kind = "bound"
    version: ClassVar[str] = "random 1"

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Keep the generator; nothing is learned."""
        self._rng = np.random.default_rng(seed)
        self._n_queries = train.relevance.n_queries

    def index(self, corpus: Corpus) -> None:
        """Draw a start and a stride for each query.

        Steps through the corpus by a stride that shares no factor with its size visit every
        document once.
        """
        self._size = corpus.size
        strides = np.arange(1, corpus.size + 1)
        strides = strides[np.gcd(strides, corpus.size) == 1]
        self._start = self._rng.integers(0, corpus.size, self._n_queries)
        self._stride = self._rng.choice(strides, self._n_queries)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The first k documents of each query's sequence."""
        steps = np.arange(min(k, self._size))
        start, stride = self._start[queries.rows, None], self._stride[queries.rows, None]
        ids: Ints = np.remainder(start + stride * steps, self._size)
        return SearchResult(ids, np.broadcast_to(-steps.astype(np.float32), ids.shape))
