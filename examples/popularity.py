"""A method in one file: the most general documents for every query.

python run_bench.py --methods popularity,random --plugin examples/popularity.py:Popularity
"""

import numpy as np

from bench.method import Method, Point, Progress, SearchResult
from bench.task import Corpus, Queries, Training


class Popularity(Method):
    """Ranks documents by how many training queries they are relevant to."""

    name = "popularity"

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Count."""
        relevance = train.relevance
        self._count = np.bincount(relevance.documents, minlength=relevance.n_documents)

    def index(self, corpus: Corpus) -> None:
        """Sort once: all queries get the same list."""
        self._ranked = np.argsort(-self._count, kind="stable")

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The k most common."""
        ids = np.tile(self._ranked[:k], (len(queries.rows), 1))
        return SearchResult(ids, self._count[ids])
