"""A sound method, and methods that differ from it in one wrong way each.

``caught_by`` names the check that must find it; where that is two, the docstring says why.
"""

import json
import pickle
import zlib

import numpy as np
from threadpoolctl import threadpool_limits

from bench.method import Method, SearchResult

BUCKETS, LEAVES = 64, 4


def grams(strings):
    """[n, BUCKETS] unit vectors of how often each trigram occurs, in hashed buckets."""
    counts = np.zeros((len(strings), BUCKETS))
    for row, text in enumerate(strings):
        padded = f" {text} ".lower()
        for start in range(len(padded) - 2):
            counts[row, zlib.crc32(padded[start : start + 3].encode()) % BUCKETS] += 1
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


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
        """Ids and scores of the best documents in some leaves."""
        inside = (self._leaf == leaves[:, :, None]).any(axis=1)
        scores = np.where(inside, vectors @ self._documents.T, -np.inf)
        ids = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        scores = np.take_along_axis(scores, ids, axis=1)
        return np.where(np.isfinite(scores), ids, -1), scores

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
