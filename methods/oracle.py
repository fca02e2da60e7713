"""oracle: the upper bound. It is given the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Method, Point, Progress, SearchResult

if TYPE_CHECKING:
    from bench.task import Corpus, Queries, Training


class Oracle(Method):
    """Returns the relevant documents and visits no others; no honest method can do better."""

    name = "oracle"
    kind = "bound"
    version: ClassVar[str] = "oracle 1"
    sees_test = True

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Keep the test relevance."""
        if train.test is None:
            raise ValueError("the oracle needs the test relevance, and was not given it")
        self._answers = train.test

    def index(self, corpus: Corpus) -> None:
        """Nothing is indexed."""

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The relevant documents, nearest first."""
        answers = self._answers.rows(queries.rows)
        ids = np.full((len(queries.rows), k), -1, np.int64)
        rank = np.arange(answers.n_pairs) - answers.indptr[answers.queries]
        within = rank < k
        ids[answers.queries[within], rank[within]] = answers.documents[within]
        scores = np.where(ids >= 0, -np.arange(k, dtype=np.float32), -np.inf)
        return SearchResult(ids, scores, visited=answers.counts)
