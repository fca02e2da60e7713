"""Ancestors and distances."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.arrays.ancestors import ancestors, cycle_of, descendants, implied_links, n_beyond
from bench.errors import InputError


def pairs_of(relevance):
    return {
        (int(q), int(d)): int(h)
        for q, d, h in zip(relevance.queries, relevance.documents, relevance.distances, strict=True)
    }


def test_distance_is_the_shortest_path(diamond):
    assert pairs_of(diamond) == {
        (0, 0): 0,
        (1, 1): 0, (1, 0): 1,
        (2, 2): 0, (2, 0): 1,
        (3, 3): 0, (3, 1): 1, (3, 2): 1, (3, 0): 2,
        (4, 4): 0, (4, 3): 1, (4, 1): 2, (4, 2): 2, (4, 0): 3,
        (5, 5): 0,
    }  # fmt: skip


def test_a_shortcut_beats_the_long_way():
    relevance = ancestors(np.array([1, 2, 2]), np.array([0, 1, 0]), 3, max_distance=8)
    assert pairs_of(relevance)[2, 0] == 1


def test_pairs_past_the_largest_distance_are_left_out():
    chain = np.arange(1, 6)
    relevance = ancestors(chain, chain - 1, 6, max_distance=2)
    assert sorted(relevance.distances) == [0] * 6 + [1] * 5 + [2] * 4


def test_documents_of_a_query_are_ordered_by_distance(diamond):
    row = slice(*diamond.indptr[4:6])
    assert list(diamond.documents[row]) == [4, 3, 1, 2, 0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_agrees_with_networkx_on_any_dag(data):
    n = data.draw(st.integers(1, 12))
    possible = [(child, parent) for child in range(n) for parent in range(child)]
    links = data.draw(st.lists(st.sampled_from(possible), unique=True) if possible else st.just([]))
    limit = data.draw(st.integers(0, 5))
    children, parents = np.array(links, dtype=np.int64).reshape(-1, 2).T
    graph = nx.DiGraph(links)
    graph.add_nodes_from(range(n))
    expected = {
        (node, above): distance
        for node, reached in nx.all_pairs_shortest_path_length(graph, cutoff=limit)
        for above, distance in reached.items()
    }
    assert pairs_of(ancestors(children, parents, n, limit)) == expected


def test_descendants_are_found_over_several_parents():
    inside = descendants(np.array([1, 2, 3, 3]), np.array([0, 0, 1, 2]), 2, 5)
    assert list(np.flatnonzero(inside)) == [2, 3]


def test_a_distance_that_a_byte_cannot_hold_is_refused():
    with pytest.raises(InputError, match="0 to 127 hops, got 128"):
        ancestors(np.array([1]), np.array([0]), 2, 128)


def test_the_nodes_of_a_cycle_are_found_from_child_to_parent():
    assert cycle_of(np.array([0, 1, 2, 3]), np.array([1, 2, 0, 0])) in (
        [0, 1, 2, 0], [1, 2, 0, 1], [2, 0, 1, 2],
    )  # fmt: skip
    assert cycle_of(np.array([0, 1, 0]), np.array([1, 2, 2])) == []


def test_pairs_beyond_the_largest_distance_are_counted():
    chain = np.arange(1, 6)
    assert n_beyond(chain, chain - 1, 6, max_distance=3) == (2 + 1, 5)
    assert n_beyond(chain, chain - 1, 6, max_distance=5) == (0, 0)
    long = np.arange(1, 3000)
    number, deepest = n_beyond(long, long - 1, 3000, max_distance=8)
    assert (number > 9 * 2900, deepest) == (True, 0)  # of 4.5 million, and counted no further


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_implied_links_are_those_that_a_transitive_reduction_leaves_out(data):
    n = data.draw(st.integers(2, 10))
    possible = [(child, parent) for child in range(n) for parent in range(child)]
    links = data.draw(st.lists(st.sampled_from(possible), unique=True, min_size=1))
    children, parents = np.array(links, dtype=np.int64).reshape(-1, 2).T
    kept = set(nx.transitive_reduction(nx.DiGraph(links)).edges)
    expected = [link not in kept for link in links]
    assert list(implied_links(children, parents, n)) == expected


def test_a_long_chain_whose_nodes_are_all_linked_to_its_root_takes_no_time():
    chain = np.arange(1, 1000)
    children, parents = (
        np.concatenate([chain, chain[1:]]),
        np.concatenate([chain - 1, 0 * chain[1:]]),
    )
    assert list(np.flatnonzero(implied_links(children, parents, 1000))) == list(range(999, 1997))
