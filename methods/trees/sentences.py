"""Sentences of the documents as queries, so that documents without a query are trained too."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import regex  # it has the capitals of every script
import torch

from bench.task import Relevance, Strings
from methods.encoders.text import TextLearner

if TYPE_CHECKING:
    from bench.task import Training
    from bench.types import Ints
    from methods.encoders.text import TextEncoder

END = regex.compile(r"(?<=[.!?…])\s+(?=[\p{Lu}\p{Lo}])|(?<=[。！？｡।॥؟])\s*")
"""The end of a sentence; the next may begin with a letter without case, as in Hindi or Chinese."""
SHORTEST = 21
"""Least number of characters of a sentence that is used as a query."""


class Sentences(NamedTuple):
    """Sentences and their documents.

    Attributes:
        texts: [n] the sentences.
        documents: [n] the document of each sentence.
    """

    texts: Strings
    documents: Ints

    @classmethod
    def of(cls, texts: Strings, most: int) -> Sentences:
        """The first ``most`` sentences of each text."""
        found, owners = [], []
        for document, text in enumerate(texts):
            sentences = [part for part in END.split(text) if len(part) >= SHORTEST][:most]
            found += sentences
            owners += [document] * len(sentences)
        return cls(Strings.of(found), np.array(owners, np.int32))

    def joined_to(self, relevance: Relevance) -> Relevance:
        """The relevance with a row for each sentence, whose document is relevant to it."""
        n_before, n = relevance.n_queries, len(self.documents)
        return Relevance.from_pairs(
            np.concatenate([relevance.queries, n_before + np.arange(n)]),
            np.concatenate([relevance.documents, self.documents]),
            np.concatenate([relevance.distances, np.zeros(n, np.int8)]),
            n_before + n,
            relevance.n_documents,
        )


def spread(texts: Strings, most: int) -> Strings:
    """At most ``most`` of the texts, at equal distances: any seed gets the same, from the cache."""
    if len(texts) <= most:
        return texts
    return texts.take(np.linspace(0, len(texts) - 1, most).astype(np.int64))


class SentenceLearner(TextLearner):
    """Trains on queries and, in the rows after them, on sentences."""

    def __init__(self, encoder: TextEncoder, data: Training, sentences: Sentences) -> None:
        super().__init__(encoder, data)
        self._tower = encoder.queries
        self._n_queries = data.relevance.n_queries
        self._sentences = self._tower.prepare(sentences.texts)

    def query_vectors(self, rows: Ints) -> torch.Tensor:
        """Unit vectors [n, dim] of rows of queries followed by rows of sentences."""
        asked = rows[rows < self._n_queries]
        sentences = rows[len(asked) :] - self._n_queries
        of_sentences = self._tower.forward(self._sentences, sentences)
        return torch.cat([super().query_vectors(asked), of_sentences])
