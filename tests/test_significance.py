"""Differences of rows: the test, its correction, the values that it reads, its board."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from bench.evaluation.points import Evaluation
from bench.measures.budget import DEFAULT
from bench.measures.differences import MeanSquare, differences, holm, mean_squares
from bench.measures.records import Interval, PointResult
from bench.report.boards.paired import compare, paired_boards
from bench.report.rows import rows_of
from bench.store.folder import Store
from bench.store.query_values import QueryValues, kept_points, read_query_values, write_query_values
from bench.task import Judgements, Relevance
from tests.cells import SUMMARY, cell, point
from tests.conftest import ROOT


def difference_of(pair):
    """The difference of the only pair of a board."""
    (found,) = differences([pair], n_rows=2)
    return found


def difference(values):
    return difference_of(mean_squares(values))


def null_values(rng, n_seeds, n_queries, seed_effect):
    """Differences of two equal rows: effects of the query, of the seed and of both together.

    Args:
        seed_effect: in units of the standard error over queries of one seed.
    """
    of_queries, of_rest = rng.normal(size=n_queries), rng.normal(0, 1.5, (n_seeds, n_queries))
    scale = seed_effect * np.sqrt((1 + 1.5**2) / n_queries)
    return of_queries + of_rest + rng.normal(0, scale, (n_seeds, 1))


def coverage(tables):
    """Share of the intervals of tables of equal rows that hold 0."""
    found = [difference(table) for table in tables]
    return np.mean([each.low <= 0 <= each.high for each in found])


def published_values(method):
    """[5, 1182] recall of each query of the mammals at no more than 10 % visited, by seed."""
    store = Store(ROOT / "results")
    cells = [
        cell for cell in store.cells() if (cell.task, cell.method) == ("wordnet-mammal", method)
    ]
    cells = [cell for cell in cells if not cell.changed]
    found = [store.query_values(cell).points[DEFAULT.most(cell.points)]["recall"] for cell in cells]
    assert len(found) == 5
    return np.array(found, np.float64)


class TestSeedsAndQueries:
    def test_by_hand(self):
        # Means 1 and 3 of seeds and of queries, nothing left: MS_s = 2 · 2 = 4 = MS_q, MS_e = 0.
        found = difference(np.array([[0.0, 2], [2, 4]]))
        assert found.mean == 2
        # Variance (4 + 4) / 4 = 2; degrees of freedom 8² / (4² / 1 + 4² / 1) = 2.
        reach = np.sqrt(2) * t.ppf(0.975, 2)
        assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))
        assert found.p == pytest.approx(2 * t.sf(2 / np.sqrt(2), 2))

    def test_one_seed_is_the_t_test_over_queries(self):
        values = np.random.default_rng(0).normal(0.1, 1, (1, 50))
        found, expected = difference(values), ttest_1samp(values[0], 0)
        assert np.isnan(found.p)
        assert found[1:3] == pytest.approx(tuple(expected.confidence_interval()))

    def test_one_query_is_the_t_test_over_seeds(self):
        values = np.random.default_rng(0).normal(0.1, 1, (5, 1))
        assert difference(values).p == pytest.approx(ttest_1samp(values[:, 0], 0).pvalue)

    def test_one_value_says_nothing_about_others(self):
        assert difference(np.array([[0.3]]))[:3] == (0.3, -np.inf, np.inf)

    def test_equal_values_are_no_difference_and_a_constant_one_is_certain(self):
        assert difference(np.zeros((3, 20))) == (0, 0, 0, 1)
        assert difference(np.full((3, 20), 0.25)) == (0.25, 0.25, 0.25, 0)

    def test_a_crossed_bootstrap_agrees(self):
        # Owen (2007): seeds and queries are drawn anew, each with all its values.
        rng = np.random.default_rng(0)
        values = null_values(rng, 25, 300, seed_effect=2)
        means = [
            values[np.ix_(rng.integers(0, 25, 25), rng.integers(0, 300, 300))].mean()
            for _ in range(2000)
        ]
        low, high = np.percentile(means, [2.5, 97.5])
        found = difference(values)
        assert found.high - found.low == pytest.approx(high - low, rel=0.15)

    @pytest.mark.parametrize("n_seeds", [3, 5])
    @pytest.mark.parametrize("n_queries", [40, 300])
    @pytest.mark.parametrize("seed_effect", [0, 0.5, 1, 2])
    def test_its_interval_holds_the_true_difference(self, n_seeds, n_queries, seed_effect):
        rng = np.random.default_rng(3)
        tables = (null_values(rng, n_seeds, n_queries, seed_effect) for _ in range(1000))
        # The standard error of a share of 95 % over 1,000 tables is 0.7 points.
        assert 0.915 <= coverage(tables) <= 0.975

    @pytest.mark.parametrize("n_seeds", [3, 5])
    def test_of_differences_as_they_occur_it_holds_too(self, n_seeds):
        # Two published rows of the mammals, without what their seeds and they themselves differ by.
        rows = [published_values(f"masked-de+{index}") for index in ("faiss-ivf", "scann")]
        real = rows[0] - rows[1]
        real = real - real.mean(axis=1, keepdims=True)
        rng = np.random.default_rng(2)

        def table():
            queries = rng.integers(0, real.shape[1], 300)
            seeds = rng.choice(len(real), n_seeds, replace=False)
            drawn = real[np.ix_(seeds, queries)]
            scale = drawn.mean(axis=0).std() / np.sqrt(300)
            return drawn + rng.normal(0, scale, (n_seeds, 1))

        assert 0.92 <= coverage([table() for _ in range(1000)]) <= 0.98

    @pytest.mark.parametrize("seed_effects", [[0] * 13, [2] * 13, [0] * 6 + [2] * 7])
    def test_boards_of_equal_rows_have_a_star_in_at_most_one_of_twenty(self, seed_effects):
        rng = np.random.default_rng(4)
        starred = 0
        for _ in range(200):
            rows = [null_values(rng, 3, 40, effect) for effect in seed_effects]
            pairs = [mean_squares(a - b) for a, b in combinations(rows, 2)]
            starred += any(each.p < 0.05 for each in differences(pairs, len(rows)))
        assert starred / 200 <= 0.05

    def test_seeds_that_agree_by_chance_count_as_much_as_those_of_the_board(self):
        rng = np.random.default_rng(5)
        quiet, noisy = (mean_squares(null_values(rng, 3, 40, effect)) for effect in (0, 9))
        alone, (beside, _) = difference_of(quiet), differences([quiet, noisy], 3)
        assert beside.mean == alone.mean
        assert beside.low < alone.low < alone.high < beside.high
        assert beside.p > 2 * alone.p  # of which Holm's correction is a factor of 2

    def test_no_star_has_an_interval_that_holds_0(self):
        # However sure a board is of how its seeds vary, two seeds of a pair say little.
        rng = np.random.default_rng(8)
        tables = [null_values(rng, 2, 40, 1) + rng.normal(0, 1) for _ in range(300)]
        for pair in map(mean_squares, tables):
            board = pair._replace(seeds=MeanSquare(1.1 * pair.seeds.square, 200))
            found, _ = differences([pair, board], 2)
            assert not (found.p < 0.05 and found.low <= 0 <= found.high)

    def test_a_pair_of_one_seed_has_no_p_value_and_takes_none_from_others(self):
        rng = np.random.default_rng(6)
        one, several = (mean_squares(null_values(rng, n, 40, 0) + 1) for n in (1, 3))
        first, second = differences([one, several], 3)
        assert np.isnan(first.p)
        assert second.p == differences([several], 3)[0].p


def test_holm_by_hand():
    # Sorted: .01 · 3, .02 · 2 and .04 · 1, none below the one before it.
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.02])), [0.04, 0.03, 0.04])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])


def ranking_point(visited):
    measures = {"nDCG@10": Interval(mean=0.5, low=0, high=1)}
    return PointResult(**{**point(visited, 0.5).model_dump(), "ranking": measures})


class TestValues:
    def test_the_point_that_visits_most_within_each_budget_is_kept(self):
        points = [ranking_point(visited) for visited in (0.03, 0.04, 0.09, 0.095, 0.15, 0.5, 1.0)]
        # 4 and 9 % by visited and, as routing adds 1 %, by work; 9.5, 15 and 100 % by visited.
        assert kept_points(points) == [1, 2, 3, 4, 6]
        assert kept_points(points[5:]) == [1]

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
    (found,) = paired_boards(rows, compare(rows, values_of, DEFAULT))
    assert found.title == "Ahead by, R@100 at ≤ 10 % visited"
    text = {(row[0], column): value for row in found.rows
            for column, value in zip(found.header[2:], row[2:], strict=True)}  # fmt: skip
    # Every query is better by the same amount in each seed: the interval is a point.
    assert text["better", "base"] == "+20.0 * (20.0 … 20.0) 2/2"
    assert "*" not in text.get(("same", "base"), text.get(("base", "same")))


def test_rows_without_a_seed_in_common_are_not_compared_and_the_board_says_so():
    cells = [cell(method, seed, [ranking_point(0.09)]) for seed, method in enumerate(("a", "b"))]

    def values_of(of):
        return QueryValues(np.arange(40), {0: {"nDCG@10": np.full(40, 0.5 + 0.1 * of.seed)}})

    rows = rows_of(cells)
    (found,) = paired_boards(rows, compare(rows, values_of, DEFAULT))
    assert [row[2:] for row in found.rows] == [["–"], ["–"]]
    assert found.notes[1] == "A dash above the diagonal: no seed in common."


def test_rows_of_equal_values_are_shown_once():
    levels = {"exact": 0.5, "exact+index": 0.5, "worse": 0.4}
    rows = rows_of(
        [cell(method, seed, [ranking_point(0.09)]) for method in levels for seed in (0, 1)]
    )

    def values_of(of):
        return QueryValues(np.arange(40), {0: {"nDCG@10": np.full(40, levels[of.method])}})

    (found,) = paired_boards(rows, compare(rows, values_of, DEFAULT))
    assert [row[0] for row in found.rows] == ["exact", "worse"]
    assert found.header[2:] == ["worse"]
    assert found.notes[1] == "Rows of equal values are shown once: exact for exact+index."
