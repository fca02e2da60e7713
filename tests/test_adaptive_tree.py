"""Tests of the leaves that are visited by their probability for each document."""

import numpy as np
import pytest
import torch

from bench.task import Judgements, Relevance
from methods.indexes.adaptive_tree import AdaptiveTree
from methods.indexes.base import Guide
from methods.trees.indexer import Indexer, TreeShape
from methods.trees.start import start_at_clusters

DIM, N = 8, 600


def unit(n, seed):
    vectors = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


DOCUMENTS, SAMPLE, QUERIES = unit(N, 0), unit(200, 1), unit(50, 2)


def built(height=1, branching=20, documents=DOCUMENTS, **settings):
    tree = Indexer(TreeShape(DIM, branching, height), seed=0)
    start_at_clusters(tree, DOCUMENTS, 20.0, seed=0)
    none = Relevance.from_pairs(*np.zeros((3, 0), int), len(SAMPLE), N)
    index = AdaptiveTree(**settings)
    index.build(documents, Guide(SAMPLE, Judgements(none, np.zeros(len(SAMPLE), int)), tree=tree))
    return index


def visited(index, found):
    """[n] shares of the documents in the leaves of each query."""
    leaf = index.partition()
    return np.array([np.isin(leaf, probed).mean() for probed in found.leaves])


def test_the_last_point_finds_what_exact_search_finds():
    index = built()
    found = index.search(QUERIES, 10, index.operating_points()[-1])
    assert (found.ids == np.argsort(-(QUERIES @ DOCUMENTS.T), axis=1)[:, :10]).all()


def test_a_sample_of_queries_visits_shares_that_grow_by_a_tenth():
    index = built(branching=100)
    shares = [
        visited(index, index.search(SAMPLE, 1, point)).mean() for point in index.operating_points()
    ]
    growth = np.array(shares[2:]) / shares[1:-1]
    assert growth.min() > 1
    assert growth.max() < 1.15
    assert shares[-1] == 1


def test_an_unsure_query_visits_more_leaves():
    index = built()
    centroid = next(index._tree.levels).W[0, 0].detach().numpy()
    sure = centroid / np.linalg.norm(centroid)
    unsure = -sure / 100
    point = index.operating_points()[len(index.operating_points()) // 2]
    of_sure, of_unsure = visited(index, index.search(np.stack([sure, unsure]), 1, point))
    assert of_sure < of_unsure


def test_leaves_of_equal_probability_are_visited_by_their_size():
    documents = np.concatenate([DOCUMENTS[:3], np.repeat(DOCUMENTS[3:4], 9, axis=0)])
    index = built(branching=2, documents=documents)
    with torch.no_grad():
        next(index._tree.levels).W[:] = 0
    small = np.bincount(index.partition()).argmin()
    found = index.search(QUERIES[:1], 1, {"nprobe": 1, "least": 1.0})
    assert found.leaves.tolist() == [[small]]


def test_each_query_visits_its_best_leaf():
    index = built()
    found = index.search(QUERIES, 1, index.operating_points()[0])
    assert (found.leaves >= 0).sum(axis=1).tolist() == [1] * len(QUERIES)


def test_empty_leaves_are_not_visited_before_the_last_point():
    index = built(branching=50, documents=DOCUMENTS[:20])
    empty = np.setdiff1d(np.arange(50), index.partition())
    assert len(empty)
    for point in index.operating_points()[:-1]:
        assert not np.isin(index.search(QUERIES, 1, point).leaves, empty).any()


@pytest.mark.parametrize("beam", [0, 2])
def test_a_beam_bounds_leaves_and_routing(beam):
    index = built(height=2, branching=6, beam=beam)
    found = index.search(QUERIES, 5, index.operating_points()[len(index.operating_points()) // 2])
    nodes = [len(np.unique(probed[probed >= 0] // 6)) for probed in found.leaves]
    assert max(nodes) <= (beam or 6)
    assert found.routing == 6 + 6 * (beam or 6)
    last = index.search(QUERIES, 5, index.operating_points()[-1])
    assert (visited(index, last) == 1).all()


def test_queries_are_routed_in_blocks_as_all_at_once(monkeypatch):
    index = built()
    point = index.operating_points()[5]
    at_once = index.search(QUERIES, 5, point)
    monkeypatch.setattr("methods.indexes.adaptive_tree.RANKED", 7 * 20)
    in_blocks = index.search(QUERIES, 5, point)
    assert (at_once.ids == in_blocks.ids).all()
    assert (at_once.leaves == in_blocks.leaves).all()


def test_a_query_of_the_sample_visits_the_same_leaves_alone_as_in_a_batch():
    index = built(branching=50)
    for point in index.operating_points()[::4]:
        alone = [visited(index, index.search(SAMPLE[i : i + 1], 1, point))[0] for i in range(200)]
        assert visited(index, index.search(SAMPLE, 1, point)).tolist() == alone


def test_a_document_in_two_leaves_is_returned_once():
    index = built(leaves_per_document=2)
    found = index.search(QUERIES, N, index.operating_points()[-1])
    assert all(len(set(row)) == N for row in found.ids.tolist())
