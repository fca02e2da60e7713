"""A sound method, and methods that differ from it in one wrong way each.

``caught_by`` names the check that must find it; where that is two, the docstring says why.
"""

import ctypes
import json
import os
import pickle
import subprocess
import sys
import threading
import time
import zlib
from functools import cache

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from bench.method import Method, SearchResult

BUCKETS, LEAVES = 64, 4


def grams(strings):
    """[n, BUCKETS] unit vectors of how often each trigram occurs, in hashed buckets."""
    counts = np.array([counted(text) for text in strings], float).reshape(-1, BUCKETS)
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


@cache
def counted(text):
    counts = np.zeros(BUCKETS)
    padded = f" {text} ".lower()
    for start in range(len(padded) - 2):
        counts[zlib.crc32(padded[start : start + 3].encode()) % BUCKETS] += 1
    return counts


def strings_of(texts, names):
    return list(names if texts is None else texts)


class Sound(Method):
    """Trigrams in common, rare ones counting more, looked for in the leaves of the query's own."""

    name = "sound"
    caught_by = ()

    def __init_subclass__(cls):
        cls.name = cls.__name__

    def fit(self, train, *, seed, progress):
        documents = grams(strings_of(train.document_texts, train.document_names))
        self._counts = (documents > 0).sum(axis=0)

    def save(self, folder):
        (folder / "counts.json").write_text(json.dumps(self._counts.tolist()))

    def load(self, folder):
        self._counts = np.array(json.loads((folder / "counts.json").read_text()))

    def index(self, corpus):
        vectors = grams(strings_of(corpus.texts, corpus.names))
        self._leaf = vectors.argmax(axis=1) // (BUCKETS // LEAVES)
        self._documents = vectors / (1 + self._counts)

    def operating_points(self):
        return [{"nprobe": n} for n in range(1, LEAVES + 1)]

    def partition(self):
        return self._leaf

    def vectors(self, queries):
        return grams(strings_of(queries.texts, queries.names)) / (1 + self._counts)

    def probed(self, vectors, nprobe):
        best = vectors.reshape(len(vectors), LEAVES, -1).max(axis=2)
        return np.argsort(-best, axis=1, kind="stable")[:, :nprobe]

    def scan(self, vectors, leaves, k):
        """Ids and scores of the best documents in some leaves, of which no other is scored."""
        width = min(k, len(self._leaf))
        ids = np.full((len(vectors), width), -1)
        scores = np.full((len(vectors), width), -np.inf)
        members = [np.flatnonzero(self._leaf == leaf) for leaf in range(LEAVES)]
        for row, probed in enumerate(leaves):
            inside = np.sort(np.concatenate([members[leaf] for leaf in probed]))
            found = self._documents[inside] @ vectors[row]
            best = np.argsort(-found, kind="stable")[:width]
            ids[row, : len(best)], scores[row, : len(best)] = inside[best], found[best]
        return ids, scores

    def search(self, queries, k, point):
        vectors = self.vectors(queries)
        leaves = self.probed(vectors, point["nprobe"])
        return SearchResult(*self.scan(vectors, leaves, k), leaves=leaves, routing=LEAVES)


class FloatIds(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids.astype(float), found.scores, found.leaves)


class WritesIntoTheTask(Sound):
    caught_by = ("does_not_modify_its_inputs",)

    def fit(self, train, *, seed, progress):
        super().fit(train, seed=seed, progress=progress)
        train.relevance.distances[:] = 0


class WritesPastNumpysGuard(Sound):
    caught_by = ("does_not_modify_its_inputs",)

    def search(self, queries, k, point):
        rows = queries.rows
        ctypes.memset(rows.ctypes.data, 0, rows.nbytes)
        return super().search(queries, k, point)


class Unseeded(Sound):
    caught_by = ("deterministic_under_a_seed",)

    def fit(self, train, *, seed, progress):
        super().fit(train, seed=seed, progress=progress)
        self._counts = self._counts + np.random.default_rng().random(BUCKETS)


class CountsOn(Sound):
    caught_by = ("fit_idempotent",)
    _counts = 0

    def fit(self, train, *, seed, progress):
        before = self._counts
        super().fit(train, seed=seed, progress=progress)
        self._counts = self._counts + before


class ForgetsWhatItSaved(Sound):
    caught_by = ("save_load_round_trip",)

    def load(self, folder):
        super().load(folder)
        self._counts[: BUCKETS // 2] = 0


class Pickles(Sound):
    caught_by = ("save_load_round_trip",)

    def save(self, folder):
        (folder / "counts.bin").write_bytes(pickle.dumps(self._counts))

    def load(self, folder):
        self._counts = pickle.loads((folder / "counts.bin").read_bytes())


class PadsWithTheBest(Sound):
    caught_by = ("k_larger_than_the_corpus",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        room = k - found.ids.shape[1]
        ids = np.hstack([found.ids, np.repeat(found.ids[:, :1], room, axis=1)])
        scores = np.hstack([found.scores, np.repeat(found.scores[:, :1], room, axis=1)])
        return SearchResult(ids, scores, found.leaves)


class RepeatsTheBest(Sound):
    """Not where all documents are asked for, so that only a document's place is taken."""

    caught_by = ("no_duplicates",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        if k < len(self._leaf):
            found.ids[:, 1], found.scores[:, 1] = found.ids[:, 0], found.scores[:, 0]
        return found


class NumbersByName(Sound):
    caught_by = ("ids_stable_under_a_permuted_corpus",)

    def index(self, corpus):
        super().index(corpus)
        by_name = np.argsort(corpus.names)
        self._documents, self._leaf = self._documents[by_name], self._leaf[by_name]


class CentresTheBatch(Sound):
    caught_by = ("one_query_equals_a_batch",)

    def vectors(self, queries):
        vectors = super().vectors(queries)
        return vectors - vectors.mean(axis=0)


class DearestFirst(Sound):
    caught_by = ("larger_budget_never_visits_less",)

    def operating_points(self):
        return super().operating_points()[::-1]


class CountsForItself(Sound):
    """Still sound: it has no leaves to show, and says itself what it visited."""

    def partition(self):
        return None

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        sizes = np.bincount(self._leaf, minlength=LEAVES)
        return SearchResult(found.ids, found.scores, visited=sizes[found.leaves].sum(axis=1))


class CountsOneTooMany(CountsForItself):
    caught_by = ("visited_at_most_the_corpus",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        everything = found.visited == len(self._leaf)
        return SearchResult(found.ids, found.scores, visited=found.visited + everything)


class PaidPlacement(Sound):
    """The last place of a full answer goes to one document, wherever it lies."""

    caught_by = ("leaves_contain_what_is_returned",)

    def index(self, corpus):
        super().index(corpus)
        self._paid = min(range(corpus.size), key=lambda document: corpus.names[document])

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        full = (found.ids[:, -1] >= 0) & ~(found.ids == self._paid).any(axis=1)
        found.ids[full, -1] = self._paid
        return found


class AdmitsHalf(CountsForItself):
    """Reads more than it admits, and has no leaves that would give it away."""

    caught_by = ("k_of_the_corpus_returns_what_was_visited",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids, found.scores, visited=found.visited // 2)


class AdmitsOne(CountsForItself):
    """The same, more boldly: it is seen where nothing but its answers is looked at."""

    caught_by = ("k_of_the_corpus_returns_what_was_visited",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids, found.scores, visited=np.ones_like(found.visited))


class NamesOneLeafLess(Sound):
    """Two checks must catch it: it returns what lies outside, and more than it counts."""

    caught_by = ("leaves_contain_what_is_returned", "k_of_the_corpus_returns_what_was_visited")

    def search(self, queries, k, point):
        found = super().search(queries, k, {"nprobe": point["nprobe"] + 1})
        return SearchResult(found.ids, found.scores, leaves=found.leaves[:, : point["nprobe"]])


class NeedsAWord(Sound):
    caught_by = ("empty_and_non_latin_queries",)

    def vectors(self, queries):
        for text in queries.texts or ():
            text.split()[0]
        return super().vectors(queries)


class ReadsLatinAlone(Sound):
    caught_by = ("empty_and_non_latin_queries",)

    def vectors(self, queries):
        for text in queries.texts or ():
            text.encode("latin-1")
        return super().vectors(queries)


class TakesFourThreads(Sound):
    caught_by = ("thread_count_respected",)

    def index(self, corpus):
        threadpool_limits(4)
        super().index(corpus)


def busy(seconds=0.05):
    """Compute for a time of the thread's own, other threads aside."""
    end = time.thread_time() + seconds
    numbers = bytes(1 << 20)
    while time.thread_time() < end:
        zlib.crc32(numbers)  # other threads run meanwhile


class StartsThreads(Sound):
    """Only where something watches beside it, so that the other checks take no longer."""

    caught_by = ("thread_count_respected",)

    def fit(self, train, *, seed, progress):
        super().fit(train, seed=seed, progress=progress)
        watched = threading.active_count() > 1
        threads = [threading.Thread(target=busy) for _ in range(4 * watched)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class StartsProcesses(Sound):
    """Likewise."""

    caught_by = ("thread_count_respected",)

    def fit(self, train, *, seed, progress):
        super().fit(train, seed=seed, progress=progress)
        children = []
        for _ in range(4 * (threading.active_count() > 1)):
            children.append(os.fork())
            if children[-1] == 0:
                busy()
                os._exit(0)
        for child in children:
            os.waitpid(child, 0)


class ReturnsLists(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids.tolist(), found.scores.tolist(), found.leaves)


class ReturnsTensors(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(torch.tensor(found.ids), torch.tensor(found.scores), found.leaves)


class ReturnsNothing(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def search(self, queries, k, point):
        super().search(queries, k, point)


class HasNoPoints(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def operating_points(self):
        return []


class HasAnInfinitePoint(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def operating_points(self):
        return [{"nprobe": 1, "budget": float("inf")}]


class RoutesForLessThanNothing(Sound):
    caught_by = ("fits_indexes_and_searches",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids, found.scores, found.leaves, routing=-float(LEAVES))


class MovesLeavesOnceCounted(Sound):
    """The array that it returned is its own, and says something else as soon as it searches."""

    caught_by = ("leaves_stay_as_they_are",)

    def index(self, corpus):
        super().index(corpus)
        self._shown = self._leaf.copy()

    def partition(self):
        return self._shown

    def search(self, queries, k, point):
        self._shown[:] = 0
        return super().search(queries, k, point)


class OtherLeavesTheSecondTime(Sound):
    caught_by = ("leaves_stay_as_they_are",)

    def index(self, corpus):
        super().index(corpus)
        self._asked = False

    def partition(self):
        first, self._asked = not self._asked, True
        return self._leaf if first else np.zeros_like(self._leaf)


class Flickering(SearchResult):
    """Its second reader gets other documents than the first."""

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if name == "ids":
            object.__setattr__(self, "ids", value[:, ::-1])
        return value


class AnswersEachReaderElse(Sound):
    caught_by = ("answers_stay_as_they_are",)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return Flickering(found.ids, found.scores, found.leaves)


class AnswersInOneBuffer(Sound):
    caught_by = ("answers_stay_as_they_are",)

    def index(self, corpus):
        super().index(corpus)
        self._buffer = np.empty((1000, corpus.size), int)

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        ids = self._buffer[: len(found.ids), : found.ids.shape[1]]
        ids[:] = found.ids
        return SearchResult(ids, found.scores, found.leaves)


class SeesTheTestWhereItRuns(Sound):
    """The class, which is asked where cells are planned, says that it does not."""

    caught_by = ("says_whether_it_sees_the_test",)

    def __init__(self, **params):
        super().__init__(**params)
        self.sees_test = True


class FitsInSkip(Sound):
    caught_by = ("each_call_does_its_own_work",)

    def skip(self, train):
        super().fit(train, seed=0, progress=None)

    def fit(self, train, *, seed, progress):
        pass


class IndexesWhereItSaysItsPoints(Sound):
    caught_by = ("each_call_does_its_own_work",)

    def index(self, corpus):
        self._corpus = corpus

    def operating_points(self):
        super().index(self._corpus)
        return super().operating_points()


class IndexesWhereItSaysItsLeaves(Sound):
    caught_by = ("each_call_does_its_own_work",)

    def index(self, corpus):
        self._corpus = corpus
        self._leaf = None

    def partition(self):
        if self._leaf is None:
            super().index(self._corpus)
        return self._leaf


class SearchesInPrepare(Sound):
    caught_by = ("prepare_does_not_search",)

    def prepare(self, queries):
        self._found = {
            point["nprobe"]: super(SearchesInPrepare, self).search(queries, len(self._leaf), point)
            for point in self.operating_points()
        }

    def search(self, queries, k, point):
        found = self._found[point["nprobe"]]
        return SearchResult(found.ids[:, :k], found.scores[:, :k], found.leaves)


class SearchesInPrepareAsWell(SearchesInPrepare):
    """It searches where it was not prepared: only the time tells, where no text is encoded."""

    def prepare(self, queries):
        super().prepare(queries)
        self._prepared = queries.rows.tobytes()

    def search(self, queries, k, point):
        if getattr(self, "_prepared", None) == queries.rows.tobytes():
            return super().search(queries, k, point)
        return Sound.search(self, queries, k, point)


class RemembersAnswers(Sound):
    caught_by = ("answers_are_not_remembered",)

    def index(self, corpus):
        super().index(corpus)
        self._known = {}

    def search(self, queries, k, point):
        asked = queries.rows.tobytes(), str(list(queries.texts or ())), k, point["nprobe"]
        if asked not in self._known:
            self._known[asked] = super().search(queries, k, point)
        return self._known[asked]


class NamesTheLeavesOfTheBest(Sound):
    """Each document is a leaf, all are scored, and the leaves of the best are said to be probed.

    Two checks must catch it: by what the leaves hold, and by the time.
    """

    caught_by = (
        "leaves_are_chosen_before_documents_are_scored",
        "search_takes_the_time_of_what_it_visits",
    )

    def operating_points(self):
        return [{"nprobe": n} for n in (3, 12, len(self._leaf))]

    def partition(self):
        return np.arange(len(self._leaf))

    def routing(self):
        return 0

    def search(self, queries, k, point):
        scores = self.vectors(queries) @ self._documents.T
        leaves = np.argsort(-scores, axis=1, kind="stable")[:, : point["nprobe"]]
        ids = leaves[:, :k].copy()
        best = np.take_along_axis(scores, ids, axis=1)
        return SearchResult(ids, best, leaves, routing=self.routing())


class NamesTheLeavesOfTheBestInPairs(NamesTheLeavesOfTheBest):
    """The same, and it owns up to half of the work."""

    def routing(self):
        return len(self._leaf) / 2


class ScoresEverything(Sound):
    """Its leaves are real, and it scores what lies outside them all the same."""

    caught_by = ("search_takes_the_time_of_what_it_visits",)

    def scan(self, vectors, leaves, k):
        ids = np.empty((len(vectors), min(k, len(self._leaf))), int)
        best = np.empty(ids.shape)
        for row, vector in enumerate(vectors):
            scores = self._documents @ vector
            scores[~np.isin(self._leaf, leaves[row])] = -np.inf
            ids[row] = np.argsort(-scores, kind="stable")[: ids.shape[1]]
            best[row] = scores[ids[row]]
        return np.where(np.isfinite(best), ids, -1), best


class CountsBelowNothing(Sound):
    caught_by = ("index_bytes_covers_what_is_held",)

    def index_bytes(self):
        return -5


class HoldsItsIndexInAChild(Sound):
    caught_by = ("index_bytes_covers_what_is_held",)

    def index(self, corpus):
        super().index(corpus)
        hold = "held = b'x' * (300 << 20); print(flush=True); input()"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._child = subprocess.Popen([sys.executable, "-c", hold], **pipes)
        self._child.stdout.readline()

    def __del__(self):
        if hasattr(self, "_child"):
            self._child.communicate(b"\n")
