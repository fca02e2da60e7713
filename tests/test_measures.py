"""Recall@|S|, its distances and intervals, and the visited meter, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.arrays.relevance import Relevance
from bench.errors import MethodError
from bench.measures.intervals import ratio_intervals
from bench.measures.recall import found_at, recall_by_distance, share_tied
from bench.measures.visited import VisitedMeter


def relevance_of(rows, n_documents):
    """From [[(document, distance), …] for each query]."""
    triples = [(q, d, h) for q, row in enumerate(rows) for d, h in row]
    queries, documents, distances = np.array(triples).T
    return Relevance.from_pairs(queries, documents, distances, len(rows), n_documents)


def test_only_the_first_s_documents_count():
    relevance = relevance_of([[(0, 0), (1, 1)]], 5)
    # |S| = 2: document 1 at rank 3 is too late.
    assert list(found_at(np.array([[0, 4, 1]]), relevance)) == [True, False]


def test_padding_is_no_document():
    relevance = relevance_of([[(4, 0), (1, 1)]], 5)
    assert not found_at(np.array([[-1, -1]]), relevance).any()


def test_removed_documents_make_room():
    relevance = relevance_of([[(2, 2)]], 5)
    removed = relevance_of([[(0, 0), (1, 1)]], 5)
    ids = np.array([[0, 1, 2, 3]])
    assert not found_at(ids, relevance).any()
    assert found_at(ids, relevance, removed).all()


def test_the_same_document_twice_is_found_once():
    relevance = relevance_of([[(0, 0), (1, 1)]], 5)
    assert found_at(np.array([[0, 0]]), relevance).sum() == 1


def test_recall_by_distance_by_hand():
    relevance = relevance_of([[(0, 0), (1, 1), (2, 2)], [(1, 0), (2, 1)], [(2, 0)]], 4)
    # Query 0 finds 0 and 2 of {0, 1, 2}; query 1 finds 2 of {1, 2}; query 2 finds nothing.
    found = found_at(np.array([[2, 0, 3], [3, 2, 1], [0, 1, 2]]), relevance)
    measured = recall_by_distance([found], relevance)[0]
    assert [(s.distance, s.n, s.recall) for s in measured.recall_by_distance] == [
        (0, 3, pytest.approx(1 / 3)),
        (1, 2, pytest.approx(1 / 2)),
        (2, 1, pytest.approx(1)),
    ]
    assert measured.recall == pytest.approx(3 / 6)
    assert measured.macro == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert measured.min == pytest.approx(1 / 3)


def test_a_distance_with_few_pairs_is_not_the_minimum():
    rows = [[(q, 0), ((q + 1) % 40, 1)] for q in range(39)] + [[(39, 0), (0, 2)]]
    relevance = relevance_of(rows, 40)
    found = relevance.distances < 2
    assert recall_by_distance([found], relevance)[0].min == 1


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_distances_add_up_to_the_whole(seed):
    rng = np.random.default_rng(seed)
    n_queries, n_documents = 20, 30
    mask = rng.random((n_queries, n_documents)) < 0.2
    mask[:, 0] = True
    queries, documents = np.nonzero(mask)
    relevance = Relevance.from_pairs(
        queries, documents, rng.integers(0, 4, len(queries)), n_queries, n_documents
    )
    ids = rng.permuted(np.tile(np.arange(n_documents), (n_queries, 1)), axis=1)
    measured = recall_by_distance([found_at(ids, relevance)], relevance)[0]
    weighted = sum(s.n * s.recall for s in measured.recall_by_distance) / sum(
        s.n for s in measured.recall_by_distance
    )
    assert weighted == pytest.approx(measured.recall, abs=1e-12)
    assert measured.low <= measured.recall <= measured.high


def test_interval_is_that_of_a_binomial_share():
    rng = np.random.default_rng(0)
    hits = (rng.random((4000, 1)) < 0.3).astype(float)
    low, high = ratio_intervals(hits, np.ones_like(hits), np.random.default_rng(1))
    half = 1.96 * np.sqrt(0.3 * 0.7 / 4000)
    assert (high - low)[0] / 2 == pytest.approx(half, rel=0.1)


def test_of_few_queries_the_empty_resamples_do_not_count():
    low, high = ratio_intervals(np.ones((2, 1)), np.ones((2, 1)), np.random.default_rng(0))
    assert (low[0], high[0]) == (1, 1)


class TestVisitedMeter:
    meter = VisitedMeter(np.array([0, 0, 1, 1, 1, 3]), 6)
    nothing = np.full((1, 1), -1)

    def test_counts_the_documents_of_the_leaves(self):
        leaves = np.array([[0, 1], [3, -1]])
        assert list(self.meter.count(leaves, np.array([[2], [5]]))) == [5, 1]

    def test_a_leaf_named_twice_counts_once(self):
        assert list(self.meter.count(np.array([[0, 0]]), self.nothing)) == [2]

    def test_empty_and_unknown_leaves_hold_nothing(self):
        assert list(self.meter.count(np.array([[2, 9]]), self.nothing)) == [0]

    def test_a_document_of_another_leaf_is_an_error(self):
        with pytest.raises(MethodError, match="document 5 of leaf 3"):
            self.meter.count(np.array([[0, 1]]), np.array([[0, 5]]))


def test_ties_are_counted_at_the_last_place_that_counts():
    ids = np.array([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, -1], [0, -1, -1]])
    scores = np.array([[3, 2, 2], [2, 2, 1], [3, 2, 2], [2, 2, 0], [0, 0, 0]], np.float32)
    # Within and behind the last place; behind it; at the end of what was asked; no neighbour.
    for rows, depth, share in (([0], 2, 1), ([0], 1, 0), ([1], 2, 0), ([2], 3, 1), ([3], 3, 0)):
        assert share_tied(ids[rows], scores[rows], np.full(1, depth)) == share, (rows, depth)
    assert share_tied(ids, scores, np.full(5, 2)) == pytest.approx(2 / 5)
    assert share_tied(ids[:1, :1], scores[:1, :1], np.array([1])) == 0
    assert share_tied(ids[:1], scores[:1], np.array([0])) == 0
