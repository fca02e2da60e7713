"""A method as a package of its own: documents that share trigrams of letters with the query."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bench.method import Method, Point, SearchResult, Value
from bench.task import Corpus, Queries
from bench.types import Floats


class Trigrams(Method):
    """Cosine of counts of hashed trigrams; every document is scored."""

    name = "trigrams"
    params: ClassVar[dict[str, Value]] = {"buckets": 4096}  # that trigrams are hashed into

    def index(self, corpus: Corpus) -> None:
        """Count the trigrams of texts, or of names where there are none."""
        self._documents = self._vectors(corpus.names if corpus.texts is None else corpus.texts)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Score all documents."""
        vectors = self._vectors(queries.names if queries.texts is None else queries.texts)
        scores = vectors @ self._documents.T
        ids = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return SearchResult(ids, np.take_along_axis(scores, ids, axis=1))

    def _vectors(self, texts: Sequence[str]) -> Floats:
        """[n, buckets] vectors of length 1, or 0 where a text is empty."""
        buckets = int(self.values["buckets"])
        counts = np.zeros((len(texts), buckets), np.float32)
        for row, text in enumerate(texts):
            codes = np.frombuffer(f"  {text.lower()}  ".encode("utf-32-le"), np.uint32)
            windows = np.lib.stride_tricks.sliding_window_view(codes.astype(np.int64), 3)
            np.add.at(counts[row], windows @ np.array([1, 31, 961]) % buckets, 1)
        lengths: Floats = np.linalg.norm(counts, axis=1, keepdims=True)
        return counts / np.maximum(lengths, 1)
