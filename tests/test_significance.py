"""Paired differences: the test, its correction, the values that it reads, its board."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from bench.evaluation.points import Evaluation
from bench.measures.intervals import difference_intervals, holm, paired_p_values
from bench.measures.records import Interval, PointResult
from bench.report.boards.paired import compare, paired_boards
from bench.report.rows import rows_of
from bench.store.query_values import QueryValues, kept_points, read_query_values, write_query_values
from bench.task import Judgements, Relevance
from tests.cells import SUMMARY, cell, point


class TestRandomisation:
    def test_by_hand(self):
        # All of n queries better by the same: 2 of 2^n assignments of signs are as extreme.
        found = paired_p_values(np.full((6, 1), 0.1))
        assert found[0] == pytest.approx(2 / 2**6, abs=0.005)

    def test_no_difference_has_p_of_one(self):
        assert paired_p_values(np.zeros((20, 1)))[0] == 1
        assert paired_p_values(np.zeros((6000, 1)))[0] == 1

    @pytest.mark.parametrize("n", [200, 6000])
    def test_it_agrees_with_the_t_test_on_many_queries(self, n):
        rng = np.random.default_rng(0)
        differences = rng.normal(1.6 / np.sqrt(n), 1, (n, 3))
        expected = ttest_1samp(differences, 0).pvalue
        np.testing.assert_allclose(paired_p_values(differences), expected, atol=0.02)

    def test_queries_without_a_value_do_not_count(self):
        values = np.array([[0.1], [np.nan], [0.1], [0.1], [np.nan], [0.1], [0.1], [0.1]])
        expected = paired_p_values(values[~np.isnan(values)][:, None])
        np.testing.assert_allclose(paired_p_values(values), expected, atol=0.01)

    def test_many_pairs_can_still_differ(self):
        differences = np.random.default_rng(0).normal(3, 1, (20, 600))
        assert (holm(paired_p_values(differences)) < 0.05).all()

    def test_null_pairs_are_called_different_as_often_as_they_should(self):
        rng = np.random.default_rng(1)
        # Of 400 pairs at 5 %, the share lies within 2 points in 19 of 20 cases.
        share = (paired_p_values(rng.normal(size=(60, 400))) < 0.05).mean()
        assert 0.03 < share < 0.07


def test_holm_by_hand():
    # Sorted: .01 · 3, .02 · 2 and .04 · 1, none below the one before it.
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.02])), [0.04, 0.03, 0.04])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])


def ranking_point(visited):
    measures = {"nDCG@10": Interval(mean=0.5, low=0, high=1)}
    return PointResult(**{**point(visited, 0.5).model_dump(), "ranking": measures})


class TestValues:
    def test_the_point_that_visits_most_within_each_budget_is_kept(self):
        points = [ranking_point(visited) for visited in (0.04, 0.09, 0.15, 0.5, 1.0)]
        assert kept_points(points, 300) == [1, 2, 4]
        assert kept_points(points[3:], 300) == [1]

    def test_of_many_queries_only_the_tightest_budget_is_kept(self):
        points = [ranking_point(visited) for visited in (0.04, 0.15, 1.0)]
        assert kept_points(points, 82_115) == [0]
        assert kept_points(points[1:], 82_115) == []

    def test_without_a_point_there_is_no_file(self, tmp_path):
        write_query_values(tmp_path / "q.parquet", QueryValues(np.array([3]), {}))
        assert not (tmp_path / "q.parquet").exists()

    def test_round_trip(self, tmp_path):
        values = QueryValues(
            np.array([3, 5]),
            {1: {"recall": np.float32([0.5, np.nan])}, 4: {"recall": np.float32([1, 0])}},
        )
        write_query_values(tmp_path / "q.parquet", values)
        found = read_query_values(tmp_path / "q.parquet", 2)
        assert found.queries.tolist() == [3, 5]
        np.testing.assert_array_equal(found.points[1]["recall"], [0.5, np.nan])
        np.testing.assert_array_equal(found.points[4]["recall"], [1, 0])
        assert read_query_values(tmp_path / "nothing.parquet", 2) is None

    def test_means_of_the_values_are_the_measures(self):
        rng = np.random.default_rng(0)
        n, n_documents = 30, 200
        queries = np.repeat(np.arange(n), 3)
        documents = np.concatenate([rng.choice(n_documents, 3, replace=False) for _ in range(n)])
        relevance = Relevance.from_pairs(queries, documents, np.zeros(90, int), n, n_documents)
        seen = rng.random(90) < 0.5
        evaluation = Evaluation(Judgements(relevance, cut=100, seen=seen), relevance.n_documents)
        ids = np.array([rng.permutation(n_documents)[:100] for _ in range(n)])
        evaluation.add(SUMMARY, ids)
        (measures,) = evaluation.points()
        values = evaluation.of_queries(0)
        assert np.mean(values["R@100"]) == pytest.approx(measures.ranking["R@100"].mean)
        assert np.mean(values["nDCG@10"]) == pytest.approx(measures.ranking["nDCG@10"].mean)
        of_unseen = measures.unseen.ranking["R@100"].mean
        assert np.nanmean(values["unseen R@100"]) == pytest.approx(of_unseen)
        assert np.isnan(values["unseen R@100"]).sum() == n - measures.unseen.n_queries
        assert values.keys() == {"nDCG@10", "R@100", "unseen R@100"}

    def test_of_a_hierarchy_it_is_recall(self):
        relevance = Relevance.from_pairs(
            np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([0, 1, 0]), 2, 4
        )
        evaluation = Evaluation(Judgements(relevance), relevance.n_documents)
        evaluation.add(SUMMARY, np.array([[0, 3], [2, 0]]))
        assert evaluation.of_queries(0)["recall"].tolist() == [0.5, 1]


def test_the_board_says_who_is_ahead_and_whether_by_chance():
    rng = np.random.default_rng(0)
    base = rng.random(100)
    levels = {"better": base + 0.2, "same": base + rng.normal(0, 0.05, 100), "base": base}
    cells = [
        cell(method, seed, [ranking_point(0.09), ranking_point(1.0)])
        for method in levels
        for seed in (0, 1)
    ]

    def values_of(of):
        column = levels[of.method] + 0.01 * of.seed
        return QueryValues(np.arange(100), {0: {"R@100": column}, 1: {"R@100": column}})

    rows = rows_of(cells)
    (found,) = paired_boards(rows, compare(rows, values_of))
    assert found.title == "Ahead by, R@100 at ≤ 10 % visited"
    text = {(row[0], column): value for row in found.rows
            for column, value in zip(found.header[2:], row[2:], strict=True)}  # fmt: skip
    # Every query is better by the same amount: the interval is a point.
    assert text["better", "base"] == "+20.0 * (20.0 … 20.0)"
    assert "*" not in text.get(("same", "base"), text.get(("base", "same")))


class TestIntervals:
    def test_of_a_difference_that_is_the_same_for_every_query(self):
        low, high = difference_intervals(np.full((50, 1), 0.25))
        assert (low[0], high[0]) == pytest.approx((0.25, 0.25))

    def test_a_query_without_a_value_does_not_count(self):
        low, high = difference_intervals(np.array([[0.5], [np.nan], [0.5]] * 20))
        assert (low[0], high[0]) == pytest.approx((0.5, 0.5))

    @pytest.mark.parametrize("n_queries", [40, 300])
    def test_of_null_pairs_it_covers_zero_as_often_as_it_says(self, n_queries):
        # 1,000 pairs of methods that find a query's document with the same probability.
        rng = np.random.default_rng(1)
        hard = rng.beta(2, 1, (n_queries, 1000))
        first, second = (rng.random(hard.shape) < hard for _ in range(2))
        low, high = difference_intervals(first.astype(float) - second)
        assert 0.93 <= ((low <= 0) & (high >= 0)).mean() <= 0.97
