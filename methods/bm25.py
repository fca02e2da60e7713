"""bm25: weighted words in common; no training, no vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.method import Method, Point, SearchResult, Value

if TYPE_CHECKING:
    from bench.task import Corpus, Queries, Training
    from bench.types import Ints


class BM25(Method):
    """BM25: words in common, weighted as by Lucene (Robertson et al. 1994; Kamphuis et al. 2020).

    The library is bm25s.

    English stop words are dropped and words are stemmed. A query visits the documents that contain
    at least one of its words; the method counts them, and boards show the count as claimed.
    """

    name = "bm25"
    kind = "lexical"
    version: ClassVar[str] = "bm25 1"
    params: ClassVar[dict[str, Value]] = {
        "k1": 0.9,  # how soon a word's repetition stops to count
        "b": 0.4,  # how much a document's length counts
    }
    requires = ("bm25s", "Stemmer")

    def skip(self, train: Training) -> str | None:
        """The method needs texts."""
        return "the dataset has no texts" if train.document_texts is None else None

    def index(self, corpus: Corpus) -> None:
        """Compute the weights of the words of all documents."""
        import bm25s

        if corpus.texts is None:
            raise ValueError("bm25 was given a corpus without texts")
        self._size = corpus.size
        self._bm25 = bm25s.BM25(
            k1=float(self.values["k1"]), b=float(self.values["b"]), method="lucene"
        )
        tokens = self._tokens(list(corpus.texts))
        self._is_empty = not any(len(row) for row in tokens.ids)  # type: ignore[attr-defined]
        if not self._is_empty:
            self._bm25.index(tokens, show_progress=False)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Score the documents that share a word with each query."""
        if queries.texts is None:
            raise ValueError("bm25 was given queries without texts")
        n, k = len(queries.rows), min(k, self._size)
        ids, scores = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
        visited = np.zeros(n, np.int64)
        for row, tokens in enumerate(self._words(list(queries.texts))):
            known = []
            if not self._is_empty:
                known = [token for token in tokens if token in self._bm25.vocab_dict]
            if not known:
                continue
            of_all = self._bm25.get_scores(known)
            visited[row] = np.count_nonzero(of_all)
            best = _best(of_all, min(k, int(visited[row])))
            ids[row, : len(best)], scores[row, : len(best)] = best, of_all[best]
        return SearchResult(ids, scores, visited=visited)

    def index_bytes(self) -> int:
        """Size of the weights."""
        if self._is_empty:
            return 0
        return sum(part.nbytes for part in self._bm25.scores.values() if hasattr(part, "nbytes"))

    def _tokens(self, texts: list[str]) -> object:
        import bm25s
        import Stemmer

        stemmer = Stemmer.Stemmer("english")
        return bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False)

    def _words(self, texts: list[str]) -> list[list[str]]:
        """The stemmed words of each text."""
        tokens = self._tokens(texts)
        word_of = {number: word for word, number in tokens.vocab.items()}  # type: ignore[attr-defined]
        return [[word_of[i] for i in row] for row in tokens.ids]  # type: ignore[attr-defined]


def _best(scores: np.ndarray, k: int) -> Ints:
    """The k largest scores, best first; ties by document number."""
    candidates = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
    order: Ints = candidates[np.lexsort((candidates, -scores[candidates]))][:k]
    return order
