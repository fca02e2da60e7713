"""Twelve leaves, searched by scores that anyone can compute: quick, and never random.

Where the variable LEAFY is set it returns nothing: another outcome of the same code.
"""

import os

import numpy as np

from bench.method import Method, SearchResult


class Leafy(Method):
    name = "leafy"
    params = {"spread": 13, "note": ""}

    def index(self, corpus):
        self._documents = np.arange(corpus.size)

    def operating_points(self):
        return [{"nprobe": 1}, {"nprobe": 6}, {"nprobe": 12}]

    def partition(self):
        return self._documents % 12

    def _scores(self, rows, documents):
        # General nodes have low numbers, and are relevant to many.
        return (7.0 * rows + self.values["spread"] * documents) % 31 - 1.01 * documents

    def _ranked(self, queries, k, visited):
        scores = self._scores(queries.rows[:, None], self._documents[None, :])
        scores = np.where(visited, scores, -np.inf)
        order = np.argsort(-scores, axis=1)[:, :k]
        best = np.take_along_axis(scores, order, axis=1)
        return np.where(np.isfinite(best), order, -1), best

    def search(self, queries, k, point):
        leaves = (2 * queries.rows[:, None] + np.arange(point["nprobe"])) % 12
        visited = (self.partition() == leaves[:, :, None]).any(axis=1)
        ids, scores = self._ranked(queries, k, visited)
        if "LEAFY" in os.environ:
            ids[:] = -1
        return SearchResult(ids, scores, leaves=leaves, routing=3)

    def rank_exactly(self, queries, k):
        return self._ranked(queries, k, np.ones((len(queries.rows), len(self._documents)), bool))[0]

    def score(self, queries, documents):
        return self._scores(queries.rows, documents)


class Gaps(Leafy):
    """Returns no document where another would stand first."""

    name = "gaps"

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        ids = found.ids.copy()
        ids[:, 0] = -1
        return SearchResult(ids, found.scores, leaves=found.leaves)


class Nothing(Leafy):
    """Finds no document at all."""

    name = "nothing"

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids * 0 - 1, found.scores, leaves=found.leaves)
