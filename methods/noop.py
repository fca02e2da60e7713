"""noop: does nothing, so that its cell costs only what the harness costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Method, Point, SearchResult

if TYPE_CHECKING:
    from bench.task import Corpus, Queries


class Noop(Method):
    """The first k documents for every query."""

    name = "noop"
    kind = "bound"
    version: ClassVar[str] = "noop 1"
    exempt: ClassVar[dict[str, str]] = {
        "ids_stable_under_a_permuted_corpus": "it returns the first documents, whatever they are"
    }

    def index(self, corpus: Corpus) -> None:
        """Keep the size of the corpus."""
        self._size = corpus.size

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The same answer for all queries."""
        ids = np.arange(min(k, self._size))
        shape = len(queries.rows), len(ids)
        return SearchResult(np.broadcast_to(ids, shape), np.broadcast_to(-ids, shape))
