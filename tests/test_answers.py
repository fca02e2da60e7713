"""What a method returns is taken once: checked, copied, counted and timed by the harness."""

import time

import numpy as np
import pytest
import torch

import bench
from bench.data.readers.tree import read as read_tree
from bench.errors import MethodError
from bench.evaluation.answers import Indexed
from bench.leaves import LeafHealth
from bench.method import Method, SearchResult
from tests.searching import searcher_of

N, K = 13, 3


@pytest.fixture(scope="module")
def tree():
    return read_tree("tree", 3, 3, max_distance=8)


class Plain(Method):
    """Twelve leaves and one document more, of which two leaves are probed."""

    name = "plain"

    def index(self, corpus):
        self._leaf = np.arange(corpus.size) % 12

    def partition(self):
        return self._leaf

    def search(self, queries, k, point):
        leaves = np.tile([0, 1], (len(queries.rows), 1))
        ids = np.tile([0, 1], (len(queries.rows), 1))[:, :k]
        return SearchResult(ids, -ids.astype(float), leaves=leaves)


def asked(**returned):
    """A method with other values of some calls."""
    calls = {name: lambda self, *_, value=value: value for name, value in returned.items()}
    return type("Asked", (Plain,), calls)()


IDS, SCORES = np.zeros((N, K), int), np.zeros((N, K))
ANSWERS = {
    "None": (None, "plain: search(): got None; the contract has a SearchResult"),
    "a tuple": ((IDS, SCORES), "search(): got tuple (array("),
    "a list of ids": (
        SearchResult([[0]] * N, SCORES),
        "ids of search(): got list [[0], [0], [0], [0], [0], [0], ...]; the contract has a numpy "
        "array of integers, [13, at most 3]",
    ),
    "a tensor of ids": (SearchResult(torch.zeros(N, K), SCORES), "got torch.Tensor tensor("),
    "no scores": (SearchResult(IDS, None), "scores of search(): got None"),
    "ids of floats": (SearchResult(SCORES, SCORES), "ids of search(): got type float64"),
    "ids of truths": (SearchResult(IDS == 0, SCORES), "got type bool"),
    "a flat array": (SearchResult(IDS[0], SCORES), "got shape (3,)"),
    "a query less": (SearchResult(IDS[1:], SCORES[1:]), "got shape (12, 3)"),
    "too many ids": (SearchResult(np.zeros((N, 4), int), SCORES), "(13, 4); the contract has [13,"),
    "a score less": (SearchResult(IDS, SCORES[:, 1:]), "got (13, 2); the contract has (13, 3)"),
    "a document too many": (
        SearchResult(IDS + 13, SCORES),
        "document 13; the contract has 0 to 12",
    ),
    "a document below none": (SearchResult(IDS - 2, SCORES), "document -2"),
    "NaN": (SearchResult(IDS, SCORES + np.nan), "a NaN score; the contract has numbers; did"),
    "texts as scores": (SearchResult(IDS, SCORES.astype(str)), "got type <U32"),
    "a list of leaves": (SearchResult(IDS, SCORES, leaves=[[0]] * N), "leaves of search(): got li"),
    "a leaf past int64": (
        SearchResult(IDS, SCORES, leaves=np.full((N, 1), 2**64 - 1, np.uint64)),
        "leaves of search(): got 18446744073709551615; the contract has numbers that int64",
    ),
    "leaves of floats": (SearchResult(IDS, SCORES, leaves=SCORES), "got type float64"),
    "one count": (SearchResult(IDS, SCORES, visited=13), "visited of search(): got int 13"),
    "a negative count": (SearchResult(IDS, SCORES, visited=-IDS[:, 0] - 1), "counts from -1 to -1"),
    "a count of NaN": (SearchResult(IDS, SCORES, visited=SCORES[:, 0] + np.nan), "13 counts of 0"),
    "a document beyond 32 bits": (
        SearchResult(np.full((N, K), 2**32 - 1, np.uint32), SCORES),
        "got document 4294967295; the contract has 0 to 12",
    ),
    "a leaf beyond 64 bits": (
        SearchResult(IDS, SCORES, leaves=np.full((N, 1), 2**64 - 1, np.uint64)),
        "leaves of search(): got 18446744073709551615; the contract has numbers that int64 can",
    ),
    "routing below 0": (SearchResult(IDS, SCORES, routing=-1), "routing of search(): got int -1"),
    "routing of NaN": (SearchResult(IDS, SCORES, routing=float("nan")), "float nan; the contract"),
    "routing past float64": (
        SearchResult(IDS, SCORES, routing=10**400),
        "routing of search(): got i",
    ),
    "a word as routing": (SearchResult(IDS, SCORES, routing="none"), "str 'none'; the contract"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_an_answer_of_another_form_is_named_with_what_was_expected(what, tree):
    answer, message = ANSWERS[what]
    method = asked()
    method.index(tree.corpus)
    with pytest.raises(MethodError) as refused:
        Indexed(method, N).answer(answer, N, K)
    assert message in str(refused.value)


@pytest.mark.parametrize("dtype", ["u1", "u4", "u8", "i1", ">i4"])
def test_numbers_of_any_integer_type_count_alike(dtype, tree):
    method = asked(partition=(np.arange(N) % 12).astype(dtype))
    method.index(tree.corpus)
    indexed = Indexed(method, N)
    found = indexed.answer(
        SearchResult(np.arange(N)[:, None].astype(dtype), SCORES[:, :1],
                     leaves=(np.arange(N) % 12)[:, None].astype(dtype)), N, K
    )  # fmt: skip
    assert indexed.meter.count(found.leaves, found.ids).tolist() == [2, *[1] * 11, 2]


OTHERS = {
    "no points": ("operating_points", [], "operating_points(): got list []; the contract has a li"),
    "one point": ("operating_points", {"a": 1}, "operating_points(): got dict {'a': 1}"),
    "a point of inf": ("operating_points", [{"a": float("inf")}], "got dict {'a': inf}"),
    "a point of a list": ("operating_points", [{"a": [1]}], "names to values"),
    "a list of leaves": ("partition", [0] * N, "partition(): got list [0, 0, 0, 0, 0, 0, ...]"),
    "leaves of floats": ("partition", SCORES[:, 0], "partition(): got type float64"),
    "a leaf less": ("partition", IDS[1:, 0], "got shape (12,); the contract has a numpy array of"),
    "a negative index": ("index_bytes", -5, "index_bytes(): got int -5; the contract has a whole"),
    "half a byte": ("index_bytes", 0.5, "index_bytes(): got float 0.5"),
    "no record": ("leaves_in_training", [None], "leaves_in_training(): got None; the contract"),
    "one record": (
        "leaves_in_training",
        7,
        "leaves_in_training(): got int 7; the contract has a l",
    ),
    "a record of NaN": (
        "leaves_in_training",
        [LeafHealth(2, 1, float("nan"), 0, 0, 1, 1)],
        "leaves_in_training(): got bench.leaves.LeafHealth LeafHealth",
    ),
    "a share of 2": ("leaves_in_training", [LeafHealth(2, 1, 2, 0, 0, 1, 1)], "has LeafHealth as"),
    "skipped by 1": ("skip", 1, "skip(): got int 1; the contract has a text, or None"),
    "exact lists": ("rank_exactly", [[0]] * N, "rank_exactly(): got list [[0], [0]"),
    "exact documents": ("rank_exactly", IDS + 13, "rank_exactly(): got document 13"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_whatever_a_call_returns_the_message_names_the_call_and_the_value(what, tree):
    call, value, message = OTHERS[what]
    with pytest.raises(MethodError) as refused:
        bench.evaluate(asked(**{call: value}), tree, k=K)
    assert str(refused.value).startswith("plain: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        (np.full(N, 2**62), "partition() has the leaf 4611686018427387904; leaves are numbered"),
        (np.full(N, 10**10), "the leaf 10000000000; leaves are numbered from 0, those without"),
        (np.zeros((N, 0), int), "partition() has the shape (13, 0): a document lies in one leaf"),
    ],
)
def test_leaves_that_cannot_be_counted_are_named_before_memory_is_taken(leaf, message, tree):
    method = asked(partition=leaf)
    method.index(tree.corpus)
    with pytest.raises(MethodError) as refused:
        Indexed(method, N)
    assert message in str(refused.value)


@pytest.mark.parametrize("what", ["itself", "'a word'"])
def test_a_warm_start_that_is_no_other_method_is_named(what, tree):
    class Begins(Plain):
        def warm_start(self, train):
            return self if what == "itself" else "a word"

    with pytest.raises(MethodError) as refused:
        bench.evaluate(Begins(), tree)
    assert f"plain: warm_start(): got {what}; the contract has another" in str(refused.value)


def test_leaves_are_asked_once_and_counted_as_they_were_then(small_text_task):
    class Moves(Plain):
        calls = 0

        def operating_points(self):
            return [{"n": 1}, {"n": 2}]

        def partition(self):
            Moves.calls += 1
            return self._leaf

        def search(self, queries, k, point):
            self._leaf[2:] = 3  # what was counted is no longer there
            return super().search(queries, k, point)

    cell = bench.evaluate(Moves(), small_text_task)
    assert Moves.calls == 1
    assert [point.visited for point in cell.points] == [4 / 24, 4 / 24]


def test_an_answer_is_read_once_and_stays_whatever_the_method_does(tree):
    class Changing(SearchResult):
        reads = 0

        def __getattribute__(self, name):
            if name == "ids":
                Changing.reads += 1
                return np.full((N, 1), Changing.reads)
            return super().__getattribute__(name)

    method = asked()
    method.index(tree.corpus)
    taken = Indexed(method, N).answer(Changing(IDS, SCORES[:, :1]), N, K)
    assert Changing.reads == 1
    assert (taken.ids == 1).all()

    own = IDS.copy()
    taken = Indexed(method, N).answer(SearchResult(own, SCORES), N, K)
    own[:] = 7
    assert (taken.ids == 0).all()


def test_a_point_that_the_search_changes_is_stored_as_it_was_offered(tree):
    class Takes(Plain):
        def operating_points(self):
            return [{"nprobe": 2}]

        def search(self, queries, k, point):
            point.pop("nprobe")
            return super().search(queries, k, point)

    (point,) = bench.evaluate(Takes(), tree).points
    assert point.point == {"nprobe": 2}


def test_a_method_that_sees_the_test_only_where_it_runs_is_not_given_it(tree):
    class Later:
        asked = 0

        def __get__(self, method, kind):
            self.asked += 1
            return self.asked > 1  # False where it is planned

    class Sly(Plain):
        sees_test = Later()

        def fit(self, train, *, seed, progress):
            assert train.test is None

    assert not bench.evaluate(Sly(), tree).sees_test


@pytest.mark.parametrize(
    ("call", "step"),
    [
        ("skip", "fit_s"),
        ("warm_start", "fit_s"),
        ("operating_points", "index_s"),
        ("partition", "index_s"),
        ("index_bytes", "index_s"),
        ("leaves_in_training", "index_s"),
        ("rank_exactly", "exact_s"),
        ("prepare", "search_s"),
    ],
)
def test_the_seconds_of_every_call_are_counted_where_a_board_shows_them(call, step, tree):
    def slow(self, *given):
        time.sleep(0.02)
        return getattr(Plain, call)(self, *given)

    cost = bench.evaluate(type("Slow", (Plain,), {call: slow})(), tree).cost
    assert getattr(cost, step) >= 0.02


def test_the_seconds_of_loading_a_fit_count_as_training(tree, tmp_path):
    class Loads(Plain):
        def save(self, folder):
            pass

        def load(self, folder):
            time.sleep(0.1)

    for shared in (False, True):
        cost = bench.evaluate(Loads(), tree, fits=tmp_path).cost
        assert cost.fit_shared is shared
        assert (cost.fit_s >= 0.1) is shared


def test_exact_search_comes_after_all_that_is_timed(tree):
    calls = []

    class Remembers(Plain):
        def operating_points(self):
            return [{"n": 1}, {"n": 2}]

        def search(self, queries, k, point):
            calls.append((point["n"], len(queries.rows)))
            return super().search(queries, k, point)

        def rank_exactly(self, queries, k):
            calls.append("exactly")
            return np.tile(np.arange(k), (len(queries.rows), 1))

    (first, second) = bench.evaluate(Remembers(), tree).points
    sizes = [n for _, n in calls[:-1]]
    assert sizes[-1] == 1
    assert sizes == sorted(sizes, reverse=True), "single queries come after all batches"
    assert calls[-1] == "exactly"
    assert first.xray == second.xray is not None


def test_what_is_searched_exactly_is_not_searched_twice(tree):
    class Exact(Plain):
        searches_exactly = True

        def rank_exactly(self, queries, k):
            raise AssertionError

    (point,) = bench.evaluate(Exact(), tree).points
    assert point.xray is not None


@pytest.mark.parametrize(("said", "counted"), [(None, 12), (0, 0), (5.5, 5.5)])
def test_choosing_leaves_costs_a_dot_product_for_each_unless_the_method_says_else(
    said, counted, tree
):
    class Says(Plain):
        def search(self, queries, k, point):
            found = super().search(queries, k, point)
            return SearchResult(found.ids, found.scores, found.leaves, routing=said)

    method = Says()
    method.index(tree.corpus)
    assert searcher_of(method, tree, K).run({}, lambda *_: None).summary.routing == counted
