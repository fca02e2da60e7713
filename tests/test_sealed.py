"""The test stays sealed until an operating point is chosen on validation."""

from dataclasses import fields, replace

import numpy as np
import pytest

from bench.errors import SealedError
from bench.evaluation.answers import Indexed
from bench.evaluation.choose import choose
from bench.measures.choice import Chosen
from bench.method import Method, SearchResult
from bench.task.files import load_sealed, save_task
from bench.task.judgements import Judgements


class Halves(Method):
    """Point 0 visits one document in 24, point 1 two of them, point 2 all; 24 leaves of one."""

    name = "halves"

    def index(self, corpus):
        self._answers = corpus.judged.relevance

    def operating_points(self):
        return [{"nprobe": 1}, {"nprobe": 2}, {"nprobe": 24}]

    def partition(self):
        return np.arange(24)

    def search(self, queries, k, point):
        probed = int(point["nprobe"])
        # Query 6 asks for document 12 at distance 0, query 7 for 14.
        ids = (2 * queries.rows[:, None] + np.arange(probed)) % 24
        return SearchResult(ids[:, :k], np.zeros(ids[:, :k].shape), leaves=ids)


def silent(done, total):
    pass


@pytest.fixture
def sealed(small_text_task, tmp_path):
    return load_sealed(save_task(small_text_task, tmp_path))


def test_nothing_of_the_test_can_be_read_before_a_choice(sealed):
    task, _ = sealed
    for field in fields(Judgements):
        with pytest.raises(SealedError, match="sealed until an operating point is chosen"):
            getattr(task.test, field.name)
    with pytest.raises(SealedError):
        task.test.rows(np.array([0]))
    with pytest.raises(SealedError):
        _ = task.digest


def test_what_is_asked_and_how_deep_is_no_secret(sealed, small_text_task):
    task, seal = sealed
    assert seal.asked.tolist() == [0, 8, 9, 10, 11]
    assert seal.asked_depth.tolist() == [100] * 5
    assert len(task.queries(seal.asked).names) == 5


def test_a_choice_on_record_opens_it_and_stays(sealed, small_text_task):
    _, seal = sealed
    first = Chosen(budget=0.1, number=1)
    opened = seal.open(first)
    assert seal.chosen == first
    np.testing.assert_array_equal(
        opened.relevance.documents, small_text_task.test.relevance.documents
    )
    assert seal.open(Chosen(budget=0.1, number=1)).relevance.n_pairs == 10
    with pytest.raises(SealedError, match="was opened for"):
        seal.open(Chosen(budget=0.1, number=2))


def test_the_best_point_within_the_budget_is_chosen_with_the_test_sealed(sealed):
    task, seal = sealed
    method = Halves()
    method.index(task.corpus)
    chosen = choose(Indexed(method, 24), task, silent)
    # Both documents of a query lie in its first two leaves: 2 of 24 visited, and a perfect ranking.
    assert chosen.number == 1
    assert chosen.visited == pytest.approx(2 / 24)
    assert chosen.score == 1
    assert seal.chosen is None


def test_points_that_visit_more_than_the_budget_are_not_chosen(sealed):
    task, _ = sealed
    method = Halves()
    method.index(task.corpus)
    indexed = Indexed(method, 24)
    indexed.points = [{"nprobe": 12}, {"nprobe": 24}]
    chosen = choose(indexed, task, silent)
    assert chosen.number is None
    assert chosen.reason == "no operating point visits so little on validation"
    assert [round(each.visited, 3) for each in chosen.tried] == [0.5, 1.0]


def test_of_one_point_nothing_is_searched(sealed):
    task, _ = sealed
    indexed = Indexed(Halves(), 24)
    indexed.points = [{}]
    assert choose(indexed, task, silent).reason == "the only operating point"


def test_where_the_test_is_the_validation_nothing_is_searched_twice(sealed):
    task, _ = sealed
    method = Halves()
    method.index(task.corpus)
    viewed = replace(task, name="mine@half@validation")
    assert (
        choose(Indexed(method, 24), viewed, silent).reason == "its test is the validation queries"
    )


def test_a_method_that_looks_for_the_test_where_it_fits_fails(bench, tmp_path):
    plugin = tmp_path / "peeking.py"
    plugin.write_text(
        """
import gc
import numpy as np
from bench.method import Method, SearchResult
from bench.task import Task

class Peeking(Method):
    name = "peeking"
    def fit(self, train, *, seed, progress):
        tasks = [each for each in gc.get_objects() if isinstance(each, Task)]
        self.answers = tasks[0].test.relevance
    def index(self, corpus): ...
    def search(self, queries, k, point):
        return SearchResult(np.zeros((len(queries.rows), 0), int), np.zeros((len(queries.rows), 0)))
"""
    )
    done = bench("--methods", "random", "--datasets", "tree", "--plugin", f"{plugin}:Peeking")
    assert done.returncode == 1
    assert "SealedError: test relevance is sealed" in done.stdout + done.stderr
