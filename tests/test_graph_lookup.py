"""Scores that are read off a hierarchy without training, on graphs small enough to be read."""

from dataclasses import replace

import numpy as np
import pytest

from bench.data.load import load_dataset
from bench.data.readers.hierarchy import transductive_task
from bench.measures.word_pairs import best_of, correlations
from methods.graph_lookup import AncestorLookup, PathSimilarity
from tests.searching import searcher_of

DAG = np.array([(1, 0), (2, 0), (3, 1), (3, 2), (4, 1), (5, 4), (7, 6)])
"""0 above 1 and 2; 3 below both; 0 - 1 - 4 - 5 is a chain; 6 above 7 is another tree."""


def silent(done, total):
    pass


def fitted(method, task):
    method.fit(task.training(), seed=0, progress=silent)
    method.index(task.corpus)
    return method


@pytest.fixture
def dag():
    return transductive_task("dag", list("abcdefgh"), *DAG.T, 2)


def scores(method, task, pairs):
    queries, documents = np.array(pairs).T
    return fitted(method, task).score(task.queries(queries), documents).tolist()


def test_a_lookup_is_1_for_the_training_pairs_alone(dag):
    pairs = [(3, 1), (1, 3), (5, 5), (5, 1), (5, 0), (3, 4)]  # 5 to 0 is beyond max_distance=2
    assert scores(AncestorLookup(), dag, pairs) == [1, 0, 1, 1, 0, 0]


def test_the_path_similarity_by_hand(dag):
    # One up and none down; the same; itself; 5 to 0 is three links, further than any training pair;
    # 2 to 4 is one up and two down; 3 to 4 meet at 1. 1 and 2 meet at 0, not below at 3.
    pairs = [(3, 1), (1, 3), (5, 5), (5, 0), (2, 4), (3, 4), (1, 2)]
    expected = [1 / 2, 1 / 2, 1, 1 / 4, 1 / 4, 1 / 3, 1 / 3]
    assert scores(PathSimilarity(), dag, pairs) == pytest.approx(expected)


def test_nodes_of_different_trees_are_not_similar(dag):
    assert scores(PathSimilarity(), dag, [(7, 0), (7, 6)]) == [0, 0.5]


@pytest.mark.parametrize("method", [AncestorLookup, PathSimilarity])
def test_documents_are_ranked_by_the_score_of_pairs(dag, method):
    lookup = fitted(method(), dag)
    run = searcher_of(lookup, dag, 8).run({}, silent)
    every = np.tile(np.arange(8), (8, 1))
    of_pairs = lookup.score(dag.queries(np.repeat(np.arange(8), 8)), every.ravel()).reshape(8, 8)
    np.testing.assert_array_equal(run.scores, -np.sort(-of_pairs, axis=1))
    np.testing.assert_array_equal(np.take_along_axis(of_pairs, run.ids, 1), run.scores)


@pytest.mark.parametrize("method", [AncestorLookup, PathSimilarity])
def test_data_without_nodes_are_skipped(dag, method):
    training = dag.training()
    longer = training.relevance.where(training.relevance.distances > 0)
    assert "needs a hierarchy" in method().skip(replace(training, relevance=longer))
    assert method().skip(training) is None


@pytest.mark.parametrize(
    ("method", "rho"),
    [
        (AncestorLookup, 0.786),
        # 0.240 as printed for WN-Basic; the mean over pairs of senses, not the best, has 0.257.
        (PathSimilarity, 0.302),
    ],
)
def test_rho_on_the_nouns_of_hyperlex(data_dir, method, rho):
    task = load_dataset("hyperlex", data_dir)
    pairs = task.similarity
    queries = task.queries(pairs.queries)
    best = best_of(fitted(method(), task).score(queries, pairs.documents), pairs.indptr)
    nouns = {"nouns": pairs.subsets["nouns"]}
    (found,) = correlations({"score": best}, pairs.gold, nouns)
    assert found.rho == pytest.approx(rho, abs=0.001)
