"""A right method, but for the answers that a test changes."""

import numpy as np
import odd_answers
from leafy import Leafy
from odd_answers import answer

from bench.leaves import LeafHealth
from bench.method import Resources, SearchResult

COUNTS = answer("counts", "leaves")
"""Whether what a query visits is counted by ``leaves``, by ``visited``, or by nothing."""


class Odd(Leafy):
    name = answer("name", "odd")
    params = answer("params", {"spread": 13, "note": ""})
    version = answer("version", "")
    requires = answer("requires", ())
    ablations = answer("ablations", {})
    sees_test = answer("sees_test", False)
    resources = answer("resources", Resources())
    exempt = answer("exempt", {})

    def _scores(self, rows, documents):
        return (7.0 * rows + 13 * documents) % 31 - 1.01 * documents  # whatever the parameters are

    def skip(self, train):
        return answer("skip", None)

    def fit(self, train, *, seed, progress):
        progress(*answer("progress", (1, 2)))
        self.workspace.warn(answer("warn", "a note"))

    def operating_points(self):
        return answer("operating_points", super().operating_points())

    def partition(self):
        return answer("partition", super().partition() if COUNTS == "leaves" else None)

    def leaves_in_training(self):
        return answer("leaves_in_training", [LeafHealth(2, 1, 0.5, 0.5, 0.5, 2.0, 1.0)])

    def index_bytes(self):
        return answer("index_bytes", 100)

    def rank_exactly(self, queries, k):
        everything = np.ones((len(queries.rows), len(self._documents)), bool)
        return answer("rank_exactly", self._ranked(queries, k, everything)[0])

    def search(self, queries, k, point):
        nprobe = point.get("nprobe")
        in_range = type(nprobe) is int and 1 <= nprobe <= 12
        leaves = (2 * queries.rows[:, None] + np.arange(nprobe if in_range else 3)) % 12
        visited = (self._documents % 12 == leaves[:, :, None]).any(axis=1)
        ids, scores = self._ranked(queries, k, visited)
        counts = {"leaves": leaves, "visited": visited.sum(axis=1)}
        right = {"ids": ids, "scores": scores, "routing": 3, "leaves": None, "visited": None}
        right |= {name: count for name, count in counts.items() if name == COUNTS}
        fields = {name: answer(name, value) for name, value in right.items()}
        result = answer("search", SearchResult(**fields))
        odd_answers.SEARCHES.append((point, result))
        return result
