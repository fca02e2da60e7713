"""names-in-names: documents whose name is part of the query's name; no training, no vectors."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import numpy as np

from bench.method import Method, Point, SearchResult, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.task import Corpus, Queries, Training

Name: TypeAlias = tuple[str, ...]
"""The words of a name."""
BETWEEN = ", "
"""Between the names of a text that has several, as the lemmas of a synset."""


class NamesInNames(Method):
    """Documents of whose names one stands in the query's as whole words, the longest first.

    "kids sandals" finds "sandals". Equal lengths are ordered by the number of the document. A query
    visits the documents that it finds, by the method's own count.
    """

    name = "names-in-names"
    kind = "lexical"
    version: ClassVar[str] = "names-in-names 1"
    params: ClassVar[dict[str, Value]] = {}

    def skip(self, train: Training) -> str | None:
        """The method needs texts."""
        return "the dataset has no texts" if train.document_texts is None else None

    def index(self, corpus: Corpus) -> None:
        """Note the documents of each name."""
        if corpus.texts is None:
            raise ValueError("names-in-names was given a corpus without texts")
        self._size = corpus.size
        self._documents: dict[Name, list[int]] = defaultdict(list)
        for document, text in enumerate(corpus.texts):
            for name in {*_names(text)}:
                self._documents[name].append(document)
        self._longest = max(map(len, self._documents), default=0)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Look up each run of words of each query."""
        if queries.texts is None:
            raise ValueError("names-in-names was given queries without texts")
        n, k = len(queries.rows), min(k, self._size)
        ids, scores = np.full((n, k), -1, np.int64), np.full((n, k), -np.inf, np.float32)
        visited = np.zeros(n, np.int64)
        for row, text in enumerate(queries.texts):
            length = self._found(text)
            best = sorted(length, key=lambda document: (-length[document], document))[:k]
            visited[row] = len(length)
            ids[row, : len(best)] = best
            scores[row, : len(best)] = [length[document] for document in best]
        return SearchResult(ids, scores, visited=visited)

    def _found(self, text: str) -> dict[int, int]:
        """The documents that a query finds, each with the words of its longest name in it."""
        found: dict[int, int] = {}
        for name in _names(text):
            for words in _runs(name, self._longest):
                for document in self._documents.get(words, ()):
                    found[document] = max(len(words), found.get(document, 0))
        return found

    def index_bytes(self) -> int:
        """Size of the names and of the document numbers."""
        words = sum(len(word) for name in self._documents for word in name)
        return words + 8 * sum(map(len, self._documents.values()))


def _names(text: str) -> Iterator[Name]:
    """The words of each name of a text."""
    for name in text.split(BETWEEN):
        if words := tuple(re.findall(r"\w+", name.casefold())):
            yield words


def _runs(words: Name, longest: int) -> Iterator[Name]:
    """The runs of up to so many words that follow each other."""
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            yield words[start:end]
