"""Leaves by ancestor: by hand, at their ends, and as a cell keeps them."""

import numpy as np
import pytest

import bench
from bench.arrays.relevance import Relevance
from bench.measures.purity import leaf_purity

# A root above two inner nodes, 1 and 2, with twelve leaves each: documents 3 to 14 and 15 to 26.
PARENT = {node: 1 if node < 15 else 2 for node in range(3, 27)} | {1: 0, 2: 0}


def relevance(nodes=range(27)):
    pairs = []
    for query, node in enumerate(nodes):
        above, distance = node, 0
        while above is not None:
            pairs.append((query, above, distance))
            above, distance = PARENT.get(above), distance + 1
    queries, documents, distances = (np.array(column) for column in zip(*pairs, strict=True))
    return Relevance.from_pairs(queries, documents, distances, len(nodes), 27)


@pytest.fixture
def every_class(monkeypatch):
    monkeypatch.setattr("bench.measures.purity.MOST", 0.5)


@pytest.mark.usefixtures("every_class")
def test_of_mixed_leaves_the_larger_part_below_one_ancestor_counts():
    # The classes are nodes 1 and 2, of 13 documents each; the root, of all 27, is none.
    leaf = np.array([0, 0, 1] + [0] * 9 + [1] * 3 + [1] * 10 + [0] * 2)[:, None]
    # Leaf 0: nodes 0, 1, 3 to 11 and 25, 26: 10 of 13 below node 1. Leaf 1: 2, 12 to 24: 11 of 14.
    assert leaf_purity(leaf, relevance()).purity == pytest.approx((10 + 11) / 27)


@pytest.mark.usefixtures("every_class")
def test_leaves_that_are_subtrees_are_pure_and_chance_is_not():
    leaf = np.array([0, 0, 1] + [0] * 12 + [1] * 12)[:, None]
    found = leaf_purity(leaf, relevance())
    assert found.purity == pytest.approx(26 / 27)  # the root is below neither
    assert 0.48 <= found.by_chance < 0.8


@pytest.mark.usefixtures("every_class")
def test_a_document_in_two_leaves_counts_in_both():
    leaf = np.array([[0, 1], [0, 1], [0, 1]] + [[0, 1]] * 24)
    assert leaf_purity(leaf, relevance()).purity == pytest.approx(2 * 13 / 54)


@pytest.mark.usefixtures("every_class")
def test_documents_without_known_ancestors_count_in_no_leaf():
    leaf = np.zeros((27, 1), int)
    assert leaf_purity(leaf, relevance(range(3, 15))).purity == pytest.approx(1)


def test_where_no_pair_says_which_document_a_node_is_there_is_no_purity():
    all_pairs = relevance()
    without = all_pairs.where(all_pairs.distances > 0)
    assert leaf_purity(np.zeros((27, 1), int), without) is None


def test_a_cell_of_a_hierarchy_keeps_it_and_one_of_vectors_does_not():
    mammals = bench.load("wordnet-mammal")
    leaves = bench.evaluate("standard-de+faiss-ivf", mammals, settings={"steps": 200}).leaves
    assert 0 <= leaves.by_chance < leaves.purity <= 1
    clusters = bench.load("clusters:n=2000,dim=16")
    assert bench.evaluate("zero-shot-de+faiss-ivf", clusters).leaves.purity is None
