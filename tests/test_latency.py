"""The time of single queries: what is timed, on how many threads, and what boards make of it."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import faiss
import numpy as np
import pytest
import torch

import bench
from bench.errors import MethodError
from bench.evaluation import latency
from bench.evaluation.answers import Indexed
from bench.evaluation.latency import FEWEST_QUERIES, ROUNDS, latencies_of
from bench.evaluation.search import Searcher
from bench.measures.records import Latency
from bench.method import Method, SearchResult
from bench.registry import Registry
from bench.store.cell import Cell
from bench.store.folder import RUN
from bench.system.provenance import provenance
from bench.system.records import to_json
from bench.task import Queries, Strings
from bench.verify.runs import rederive
from tests.cells import cell, point
from tests.test_boards import board

AT_95 = "At 95 % of exact search"


class Timed(Method):
    """Returns the first documents; ``spend`` is called with the number of each query."""

    name = "timed"

    def __init__(self, spend, points=({},)):
        super().__init__()
        self.spend, self.points = spend, list(points)

    def index(self, corpus):
        pass

    def operating_points(self):
        return self.points

    def search(self, queries, k, point):
        self.spend(int(queries.rows[0]))
        ids = np.arange(k)[None].repeat(len(queries.rows), axis=0)
        return SearchResult(ids, -ids.astype(float))


def latencies(method, n=100, texts=None):
    queries = Queries(np.arange(n), [str(row) for row in range(n)], texts)
    indexed = Indexed(method, 5)
    return latencies_of(indexed, Searcher(indexed, queries, 3), queries, 3, lambda *_: None)


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only as far as a test moves it."""
    found = SimpleNamespace(now=0.0)
    found.perf_counter = lambda: found.now
    monkeypatch.setattr(latency, "time", found)
    return found


def test_p50_and_p99_are_over_the_median_time_of_each_query(clock):
    asked = []

    def spend(row):
        asked.append(row)
        disturbed = len(asked) - 1 in range(101, 201)  # in the second round, after the warm-up
        clock.now += 1e-3 * (row + 1) * (10 if disturbed else 1)

    (found,) = latencies(Timed(spend))
    # Of 1 … 100 ms: halfway between 50 and 51, and a hundredth of the way from 99 to 100.
    assert (found.p50_ms, found.p99_ms) == pytest.approx((50.5, 99.01))
    assert (found.queries, found.rounds) == (100, 3)
    rounds = asked[1:]
    assert [sorted(rounds[n : n + 100]) for n in (0, 100, 200)] == [list(range(100))] * 3


def test_preparing_counts_but_for_the_first_time_that_a_text_is_prepared(clock):
    class Encodes(Timed):
        last = None

        def prepare(self, queries):
            clock.now += 0.002 if queries.rows[0] == self.last else 0.5
            self.last = queries.rows[0]

    def spend(_row):
        clock.now += 0.001

    assert latencies(Encodes(spend), texts=Strings.of("abc"), n=3)[0].p99_ms == pytest.approx(3)
    assert latencies(Encodes(spend), n=3)[0].p50_ms == pytest.approx(501), (
        "there is nothing to encode"
    )


@pytest.mark.parametrize(
    ("seconds", "queries", "rounds"), [(0.01, 100, 3), (0.1, 67, 3), (2.0, 20, 1)]
)
def test_a_slow_setting_is_timed_by_fewer_queries_and_rounds(clock, seconds, queries, rounds):
    def spend(_row):
        clock.now += seconds

    (found,) = latencies(Timed(spend), n=500)
    assert (found.queries, found.rounds) == (queries, rounds)
    assert found.queries >= FEWEST_QUERIES
    assert found.p50_ms == pytest.approx(1e3 * seconds)


def test_settings_share_the_seconds_of_a_cell(clock):
    def spend(_row):
        clock.now += 0.02

    found = latencies(Timed(spend, [{"n": n} for n in range(10)]))
    assert {each.queries for each in found} == {34}  # of 2 seconds, in three rounds
    assert clock.now < 1.5 * latency.SECONDS


def test_libraries_keep_to_one_thread_in_a_timed_search_and_have_theirs_back_after_it():
    seen = []
    before = faiss.omp_get_max_threads(), torch.get_num_threads()
    faiss.omp_set_num_threads(3)
    torch.set_num_threads(3)
    try:
        latencies(
            Timed(lambda _: seen.append((faiss.omp_get_max_threads(), torch.get_num_threads()))),
            n=2,
        )
        assert set(seen) == {(1, 1)}
        assert (faiss.omp_get_max_threads(), torch.get_num_threads()) == (3, 3)
    finally:
        faiss.omp_set_num_threads(before[0])
        torch.set_num_threads(before[1])


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be pinned")
def test_a_machine_with_another_process_on_the_same_core_is_not_quiet():
    def spend(_row):
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        (found,) = latencies(Timed(spend), n=20)
    finally:
        busy.kill()
        busy.wait()
        os.sched_setaffinity(0, cores)
    assert found.waited is None or found.waited > 0.2


def test_time_that_a_method_sleeps_or_waits_for_others_is_no_sign_of_a_busy_machine():
    (found,) = latencies(Timed(lambda _: time.sleep(0.002)), n=20)
    assert found.p50_ms >= 2
    assert found.waited is None or found.waited < 0.5


def test_an_answer_to_a_single_query_that_is_no_ranking_fails_the_cell():
    class Wrong(Timed):
        def search(self, queries, k, point):
            return SearchResult(np.full((1, k), 7), np.zeros((1, k)))

    with pytest.raises(MethodError, match="document 7"):
        latencies(Wrong(None))


def test_texts_of_a_batch_are_not_encoded_again_one_by_one(small_text_task):
    calls = []

    class Encoder:
        def encode_queries(self, queries):
            calls.append(len(queries.rows))
            return np.array([[len(text), ord(text[0])] for text in queries.texts], np.float32)

    method = Registry().resolve("zero-shot-de")()
    method.encoder = Encoder()
    queries = small_text_task.queries(np.arange(4))
    method.prepare(queries)
    together = method._vectors(queries)
    for row in range(4):
        one = queries.part(slice(row, row + 1))
        method.prepare(one)
        assert np.array_equal(method._vectors(one)[0], together[row])
    assert calls == [4]


def test_a_cell_has_the_latency_of_each_setting_and_its_run_leaves_it_as_it_is(tmp_path):
    (measured,) = bench.run("random", "tree:H=3,W=3", out=tmp_path)
    assert measured.cost.latency_s > 0
    assert all(each.latency.rounds == ROUNDS for each in measured.points)
    (path,) = tmp_path.glob(f"runs/*/*/*/{RUN}")
    again, _ = rederive(measured, bench.load("tree:H=3,W=3"), path)
    assert [each.latency for each in again.points] == [each.latency for each in measured.points]


def test_a_cell_without_a_latency_reads_as_before_and_is_written_as_before():
    older = cell(provenance=provenance(1))
    text = to_json(older)
    assert "latency" not in text
    assert to_json(Cell.model_validate_json(text)) == text


def timed(visited, recall, p50, waited=0.0):
    found = Latency(p50_ms=p50, p99_ms=2 * p50, queries=100, rounds=3, waited=waited)
    return point(visited, recall).model_copy(update={"latency": found})


class TestAt95OfExactSearch:
    def test_each_row_has_its_setting_of_least_work_that_reaches_it(self):
        cells = [
            cell("exact", points=[point(1, 0.8)]),
            # 95 % of 80 are 76.
            cell("tree", points=[point(0.1, 0.7), point(0.3, 0.77), point(0.2, 0.76)]),
            cell("poor", points=[point(1, 0.5)]),
        ]
        found = board(cells, AT_95)
        assert [row[:5] for row in found.rows] == [
            ["tree", "1", "nprobe=20", "76.0", "20.0 / 21.0"],
            ["exact", "1", "nprobe=100", "80.0", "100.0 / 101.0"],
        ]
        assert any("No setting reaches it: poor." in note for note in found.notes)

    def test_a_seed_that_does_not_reach_it_leaves_its_row_out(self):
        cells = [cell("exact", points=[point(1, 0.8)]), cell("tree", points=[point(0.1, 0.79)])]
        cells.append(cell("tree", seed=1, points=[point(0.1, 0.7)]))
        assert [row[0] for row in board(cells, AT_95).rows] == ["exact"]

    def test_rows_that_see_the_test_and_counts_of_their_own_set_no_target(self):
        cells = [
            cell("exact", points=[point(1, 0.5)]),
            cell("oracle", points=[point(1, 1.0)], sees_test=True),
            cell("graph", points=[point(1.2, 0.9, self_reported=True)]),
        ]
        found = board(cells, AT_95)
        assert {row[0] for row in found.rows} == {"exact", "graph"}
        assert "at least 47.5" in found.notes[0]

    def test_without_exact_search_there_is_no_board(self):
        with pytest.raises(ValueError, match="not enough values"):
            board([cell(points=[point(0.5, 0.8)])], AT_95)

    def test_the_fastest_is_first_where_all_are_timed_on_one_kind_of_machine(self):
        fast = cell("fast", points=[timed(1, 0.8, 0.5)])
        cheap = cell("cheap", points=[timed(0.2, 0.8, 2.25)])
        found = board([fast, cheap], AT_95)
        assert [[row[0], *row[-2:]] for row in found.rows] == [
            ["fast", "0.500", "1.0"],
            ["cheap", "2.2", "4.5"],
        ]
        assert "In the order of p50" in found.notes[0]

    def test_the_order_is_of_work_where_a_time_is_of_a_busy_machine(self):
        fast = cell("fast", points=[timed(1, 0.8, 0.5)])
        cheap = cell("cheap", points=[timed(0.2, 0.8, 2.25, waited=0.06)])
        found = board([fast, cheap], AT_95)
        assert [row[-2] for row in found.rows] == ["~2.2", "0.500"]
        assert "or on a busy one" in found.notes[0]
        assert any(note.startswith("~: ") for note in found.notes)

    def test_the_order_is_of_work_where_one_is_not_timed_or_on_another_machine(self):
        fast = cell("fast", points=[timed(1, 0.8, 0.5)])
        for other in (
            cell("cheap", points=[point(0.2, 0.8)]),
            cell(
                "cheap",
                points=[timed(0.2, 0.8, 2.0)],
                provenance=provenance(1).model_copy(update={"machine": {"cpu": "another"}}),
            ),
        ):
            found = board([fast, other], AT_95)
            assert [row[0] for row in found.rows] == ["cheap", "fast"]
            assert (
                "In the order of work, as they were not all timed, or on several" in found.notes[0]
            )


def test_a_column_of_a_latency_shows_the_setting_that_visits_most_within_it():
    cells = [
        cell("tree", points=[timed(0.1, 0.5, 0.3), timed(0.5, 0.7, 0.9), timed(1, 0.8, 3.0)]),
        cell("older", points=[point(1, 0.9)]),
    ]
    found = board(cells, "recall@|S| against latency")
    assert found.header[1:] == ["≤ 0.5 ms", "≤ 1 ms", "≤ 2 ms", "≤ 5 ms"]
    assert found.rows == [["tree", "50.0 (0.300)", "70.0 (0.900)", "70.0 (0.900)", "80.0 (3.0)"]]
    assert found.notes[-1] == "Not timed: older."


class LeafyAlone(Timed):
    """Two leaves; alone, a query is said to probe a leaf that its answers do not lie in."""

    def partition(self):
        return np.array([0, 0, 0, 1, 1])

    def search(self, queries, k, point):
        found = super().search(queries, k, point)
        return SearchResult(found.ids, found.scores, leaves=np.ones((len(found.ids), 1), int))


def test_a_single_answer_from_a_leaf_that_was_not_probed_is_refused():
    with pytest.raises(MethodError, match="which is not among the leaves"):
        latencies(LeafyAlone(lambda _: None))


def test_of_settings_of_equal_work_the_faster_one_is_shown():
    title = "At 95 % of exact search"
    found = board([cell(points=[timed(1.0, 0.9, 9.0), timed(1.0, 0.9, 2.0)])], title)
    assert found.rows[0][-2] == "2.0"
