"""HOPE: the Katz proximity of a hierarchy's links, in few dimensions."""

from dataclasses import replace

import numpy as np
import pytest

from bench.data.load import load_dataset
from bench.data.readers.hierarchy import transductive_task
from bench.errors import InputError
from bench.method import Workspace
from bench.registry import Registry
from methods.node_embeddings.hope import HOPE


def tables(training, seed=0, **params):
    """The queries and the documents, both [n, dim]."""
    encoder = HOPE(**params).train(
        training, None, Workspace(), seed=seed, progress=lambda done, total: None
    )
    return encoder.queries.numpy(), encoder.documents.numpy()


def test_the_factors_of_one_link_by_hand():
    # (I - 1.5 A)^-1 is [[1, 0], [1.5, 1]]; its largest triplet is 2, (1, 2) / √5, (2, 1) / √5.
    queries, documents = tables(load_dataset("tree:H=2,W=1").training(), dim=1, beta=1.5)
    assert (queries @ documents.T).tolist() == [
        pytest.approx([0.8, 0.4]),
        pytest.approx([1.6, 0.8]),
    ]


def test_dot_products_are_nearest_to_the_proximity_and_paths_add_up():
    links = np.array([(1, 0), (2, 0), (3, 1), (3, 2), (4, 1), (5, 2)])
    task = transductive_task("dag", list("abcdef"), *links.T, 8)
    proximity = np.eye(6)
    proximity[tuple(links.T)] = 0.5
    # Two paths lead from 3 to 0, each of 0.5 x 0.5.
    proximity[[3, 4, 5], 0] = [0.5, 0.25, 0.25]
    u, s, vt = np.linalg.svd(proximity)
    queries, documents = tables(task.training(), dim=4, beta=0.5)
    np.testing.assert_allclose(queries @ documents.T, (u * s)[:, :4] @ vt[:4], atol=1e-6)
    assert (queries**2).sum(0) == pytest.approx((documents**2).sum(0))


def test_links_alone_count_and_documents_may_be_in_any_order(small_task):
    training = small_task.training()
    relevance = training.relevance
    queries, documents = tables(training, dim=4)
    of_links = replace(training, relevance=relevance.where(relevance.distances <= 1))
    assert all(map(np.array_equal, tables(of_links, dim=4), (queries, documents)))
    place = np.random.default_rng(0).permutation(21)
    elsewhere = replace(relevance, documents=place[relevance.documents])
    found = tables(replace(training, relevance=elsewhere), dim=4)
    np.testing.assert_array_equal(found[0], queries)
    np.testing.assert_array_equal(found[1][place], documents)


def test_a_seed_has_one_table_and_all_seeds_the_same_error(small_task):
    training = small_task.training()
    first, again, other = (tables(training, seed, dim=3) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first, again))
    # Equal singular values have no order: the start of the iteration chooses among their vectors.
    assert not np.allclose(first[0] @ first[1].T, other[0] @ other[1].T)
    assert (first[0] ** 2).sum() == pytest.approx((other[0] ** 2).sum())


def test_an_index_searches_its_vectors():
    task = load_dataset("tree:H=4,W=3")
    method = Registry().resolve("hope+hnsw")(dim=8)
    method.fit(task.training(), seed=0, progress=lambda done, total: None)
    method.index(task.corpus)
    queries = task.queries_of(task.test)
    exact = method.rank_exactly(queries, 1)
    found = method.search(queries, 1, method.operating_points()[-1]).ids
    assert (found == exact).mean() > 0.9


def test_bad_input_is_told(small_task, small_text_task):
    with pytest.raises(InputError, match="beta must be more than 0, got 0"):
        HOPE(beta=0.0)
    assert "makes tables" in HOPE().skip(small_text_task.training())
    training = small_task.training()
    assert HOPE(dim=20).skip(training) is None
    too_many = "dim must be below the number of nodes, 21, got 21"
    assert HOPE(dim=21).skip(training).startswith(too_many)
    pairs, distances = training.relevance, training.relevance.distances
    no_nodes = replace(training, relevance=pairs.where(distances > 0))
    assert "needs a hierarchy" in HOPE(dim=3).skip(no_nodes)
    no_links = replace(training, relevance=pairs.where(distances != 1))
    assert "no training pair is at distance 1" in HOPE(dim=3).skip(no_links)
