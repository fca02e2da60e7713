"""The noun graph for text encoders: what is held out, what is judged, what is read."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.arrays.ancestors import ancestors
from bench.data.load import load_dataset
from bench.data.readers.wordnet import read_text
from bench.errors import InputError

N = 40


@pytest.fixture
def graph(tmp_path):
    """Forty nodes, three below each; the first two have the same lemma names."""
    lemmas = ["ice_cream|gelato|Italian_ice", "ice_cream|gelato|Italian_ice"]
    nouns = {
        "name": [f"node.n.{node:02d}" for node in range(N)],
        "lemmas": [*lemmas, *(f"node_{node}" for node in range(2, N))],
        "parents": pa.array(
            [[], *([(node - 1) // 3] for node in range(1, N))], pa.list_(pa.int32())
        ),
    }
    pq.write_table(pa.table(nouns), tmp_path / "nouns.parquet")
    return tmp_path / "nouns.parquet"


def read(graph, **options):
    sizes = {"held_out": 0.25, "test_queries": 6, "validation_queries": 3, **options}
    return read_text("text", graph, 8, **sizes)


@pytest.fixture
def task(graph):
    return read(graph)


@pytest.fixture
def held(task):
    """The nodes that no training pair names: each of the others has at least itself."""
    return np.setdiff1d(np.arange(N), task.train.answered)


def test_a_quarter_is_held_out_of_training_as_query_and_as_document(task, held):
    assert len(held) == 10
    assert not np.isin(task.train.queries, held).any()
    assert not np.isin(task.train.documents, held).any()


def test_every_other_pair_is_trained_on(task, held):
    nodes = np.arange(1, N)
    whole = ancestors(nodes, (nodes - 1) // 3, N, 8)
    others = ~np.isin(whole.queries, held) & ~np.isin(whole.documents, held)
    np.testing.assert_array_equal(task.train.codes, whole.codes[others])


def test_half_of_the_test_queries_are_held_out(task, held):
    asked = task.test.relevance.answered
    assert (len(asked), np.isin(asked, held).sum()) == (12, 6)


def test_all_ancestors_of_a_test_query_are_judged_held_out_or_not(task, held):
    test = task.test.relevance
    nodes = np.arange(1, N)
    whole = ancestors(nodes, (nodes - 1) // 3, N, 8)
    np.testing.assert_array_equal(
        test.rows(test.answered).documents, whole.rows(test.answered).documents
    )
    assert np.isin(test.documents, held).any()
    assert task.test.cut is None


def test_a_pair_is_seen_if_its_query_was_trained_on(task):
    trained = np.isin(task.test.relevance.queries, task.train.answered)
    np.testing.assert_array_equal(task.test.seen, trained)
    assert task.seen.startswith("a pair is seen if its query was trained on")


def test_seen_follows_the_queries_that_are_asked_for(task, held):
    for query in task.test.relevance.answered:
        assert (task.test.rows(np.array([query])).seen == (query not in held)).all()


def test_validation_asks_what_the_test_asks_of_other_held_out_nodes(task, held):
    asked = task.validation.relevance.answered
    assert len(asked) == 3
    assert np.isin(asked, held).all()
    assert not np.isin(asked, task.test.relevance.answered).any()


def test_a_text_is_the_lemma_names(task):
    assert task.query_texts[0] == "ice cream, gelato, Italian ice"
    assert task.document_texts[39] == "node 39"
    assert len(task.query_texts) == len(task.document_texts) == N


def test_notes_count_the_nodes_that_share_their_text(task):
    assert task.notes[0].startswith("2 of 40 nodes have the lemma names of another one")


def test_the_split_is_always_the_same(task, graph):
    assert read(graph).digest == task.digest


@pytest.mark.parametrize(
    "options",
    [
        {"test_queries": 8},
        {"test_queries": 0},
        {"validation_queries": 5},
        {"validation_queries": -1},
        {"held_out": 0.9},
        {"held_out": 1.5},
    ],
)
def test_a_split_that_the_graph_is_too_small_for_is_refused(graph, options):
    with pytest.raises(InputError, match="text holds out .* of 40 nodes"):
        read(graph, **options)


def test_wordnets_split_has_the_stated_sizes():
    task = load_dataset("wordnet-text")
    test, seen = task.test.relevance, task.test.seen
    held = np.setdiff1d(np.arange(82_115), task.train.answered)
    assert (len(held), len(test.answered), len(task.validation.relevance.answered)) == (
        8_212, 8_000, 500,
    )  # fmt: skip
    # A query's pair with itself is the only one at distance 0.
    assert list(np.bincount(seen[test.distances == 0])) == [4_000, 4_000]
    assert not np.isin(task.train.documents, held).any()
    assert task.query_texts[task.query_names.index("dog.n.01")] == (
        "dog, domestic dog, Canis familiaris"
    )
