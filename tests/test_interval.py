"""interval-de: exact in few dimensions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.load import load_dataset
from bench.data.readers.hierarchy import transductive_task
from bench.method import Workspace
from bench.task import Relevance
from methods.trainers.circle import best_layout
from methods.trainers.interval import Interval, margins, vectors


def fitted(task, dim, warn=pytest.fail):
    """The tables of queries and documents, float32."""
    data, trainer = task.training(), Interval(dim=dim)
    assert trainer.skip(data) is None
    encoder = trainer.train(
        data, None, Workspace(warn=warn), seed=0, progress=lambda done, total: None
    )
    return encoder.queries.numpy(), encoder.documents.numpy()


def relevant(relevance):
    """[n_queries, n_documents] whether each pair is relevant."""
    table = np.zeros((relevance.n_queries, relevance.n_documents), bool)
    table[relevance.queries, relevance.documents] = True
    return table


def task_of(links, n, max_distance=8):
    children, parents = np.array(links, dtype=np.int64).reshape(-1, 2).T
    return transductive_task(
        "dag", [f"n{node}" for node in range(n)], children, parents, max_distance
    )


def star(n):
    return task_of([(node, 0) for node in range(1, n)], n)


@pytest.mark.parametrize("tree", ["tree", "tree:H=8,W=2", "tree:H=4,W=6"])
@pytest.mark.parametrize(("dim", "threshold"), [(3, 0), (2, 1)])
def test_one_threshold_separates_a_whole_tree_in_three_dimensions_and_in_two(tree, dim, threshold):
    task = load_dataset(tree)
    queries, documents = fitted(task, dim)
    assert queries.shape[1] == dim
    assert ((queries @ documents.T > threshold) == relevant(task.train)).all()


def test_vectors_have_length_1_where_a_dimension_is_spent_on_it():
    for table in fitted(load_dataset("tree"), 3):
        np.testing.assert_allclose(np.linalg.norm(table, axis=1), 1, rtol=1e-6)


def test_dimensions_that_are_not_needed_are_not_taken():
    assert fitted(load_dataset("tree"), 64)[0].shape[1] == 3


@pytest.mark.parametrize(
    ("hierarchy", "dim"), [("tree:H=7,W=2,max_distance=2", 4), ("wordnet-mammal", 6)]
)
def test_the_largest_distance_costs_one_dimension(hierarchy, dim):
    task = load_dataset(hierarchy)
    queries, documents = fitted(task, 64)
    assert queries.shape[1] == dim
    assert ((queries @ documents.T > 0) == relevant(task.train)).all()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_scores_have_the_right_sign_on_any_dag(data):
    n = data.draw(st.integers(1, 9))
    possible = [(child, parent) for child in range(n) for parent in range(child)]
    links = data.draw(st.lists(st.sampled_from(possible), unique=True) if possible else st.just([]))
    task = task_of(links, n, data.draw(st.integers(1, 4)))
    layout = best_layout(task.train)
    least = layout.degree
    for degree, scaled in ((least, True), (least + 5, True), (least, False)):
        rows, columns = vectors(layout, degree, scaled=scaled)
        assert rows.shape[1] == layout.fewest + scaled + 2 * (degree - least)
        found = rows @ columns.T > (0 if scaled else 1)
        assert ((found.T if layout.documents else found) == relevant(task.train)).all()
        assert (margins(layout, rows, columns, scaled=scaled) > 0).all()


def test_the_stated_margin_is_that_of_all_pairs():
    layout = best_layout(load_dataset("wordnet-mammal").train)
    rows, columns = vectors(layout, layout.degree, scaled=True)
    margin = margins(layout, rows, columns, scaled=True).min()
    assert margin == pytest.approx(np.abs(rows @ columns.T).min(), rel=1e-6)


@pytest.mark.slow
def test_the_nouns_of_wordnet_fit_in_17_dimensions():
    layout = best_layout(load_dataset("wordnet").train)
    assert (layout.degree, layout.fewest + 1) == (8, 17)


def test_a_dag_that_needs_more_dimensions_is_skipped_by_name():
    task = load_dataset("wordnet-mammal")
    reason = Interval(dim=3).skip(task.training())
    assert reason.endswith(
        "has 2 runs of relevant queries, cut at the largest distance, which needs dim=6, or dim=5 "
        "with a smaller margin; dim is 3"
    )
    assert reason.split()[0] in task.document_names


def test_a_margin_that_float32_does_not_hold_is_a_warning():
    warnings = []
    fitted(star(20_000), 3, warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith(
        "float32 does not hold the margin, 6e-09 at most in 3 dimensions: "
    )


def test_more_dimensions_are_taken_where_float32_does_not_hold_the_margin_of_the_fewest():
    assert fitted(star(20_000), 64)[0].shape[1] == 17


def test_documents_in_another_order_have_the_same_vectors(small_task):
    order = np.random.default_rng(0).permutation(21)
    train = small_task.train
    pairs = Relevance.from_pairs(train.queries, order[train.documents], train.distances, 21, 21)
    queries, documents = fitted(small_task, 3)
    again, moved = fitted(replace(small_task, train=pairs), 3)
    np.testing.assert_array_equal(again, queries)
    np.testing.assert_array_equal(moved[order], documents)


def test_texts_and_queries_that_are_no_nodes_are_skipped_with_the_reason(
    small_text_task, small_task
):
    assert "makes tables" in Interval().skip(small_text_task.training())
    training = small_task.training()
    no_nodes = replace(
        training, relevance=training.relevance.where(training.relevance.distances > 0)
    )
    assert "needs a hierarchy" in Interval().skip(no_nodes)
