"""An index that says how it counts, and says so falsely where it is told to; and a trainer."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bench.method import SearchResult
from methods.encoders.base import Encoder
from methods.indexes.base import Index
from methods.trainers.base import Trainer


@dataclass
class Halves(Index):
    """Two leaves, the even and the odd documents; ``lies`` are "leaf", "count" or "none".

    With "change" it changes what it is given.
    """

    name = "halves"
    exempt: ClassVar = {"larger_budget_never_visits_less": "there are no budgets"}
    lies: str = "none"

    def build(self, documents, guide):
        assert documents.flags.c_contiguous
        self._documents = documents
        if self.lies == "change":
            documents /= 2

    def partition(self):
        return None if self.lies == "count" else np.arange(len(self._documents)) % 2

    def search(self, queries, k, point):
        scores = queries @ self._documents.T
        if self.lies == "none":
            scores[:, 1::2] = -np.inf
        ids = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores = np.take_along_axis(scores, ids, axis=1)
        ids[np.isneginf(scores)] = -1
        one = np.ones(len(queries), np.int64)
        counted = {"visited": one} if self.lies == "count" else {"leaves": 0 * one[:, None]}
        return SearchResult(ids, scores, **counted)

    def memory_bytes(self):
        return self._documents.nbytes


class Names(Encoder):
    """Vectors of names: how often each of 16 remainders of letters is in them."""

    def encode_queries(self, queries):
        return self._vectors(queries.names)

    def encode_documents(self, texts):
        raise NotImplementedError

    def encode_corpus(self, corpus):
        return self._vectors(corpus.names)

    def copy(self):
        return self

    def save(self, folder):
        (folder / "names.txt").write_text("16")

    def export(self, folder):
        raise NotImplementedError

    def _vectors(self, names):
        rows = [np.bincount([ord(letter) % 16 for letter in name], minlength=16) for name in names]
        vectors = np.array(rows, np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass(frozen=True)
class ByName(Trainer):
    """An encoder of a class of its own."""

    name = "by-name"
    unused: int = 1

    def train(self, data, start, workspace, *, seed, progress):
        return Names()

    def load(self, folder, workspace):
        assert (folder / "names.txt").read_text() == "16"
        return Names()
