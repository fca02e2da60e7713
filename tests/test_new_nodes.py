"""The measures over ancestors of new nodes, by hand, and the boards that show them."""

from dataclasses import replace

import numpy as np
import pytest

import bench
from bench.arrays.ancestors import ancestors
from bench.data.views import VIEWS
from bench.measures.new_nodes import (
    ANCESTORS,
    BY_PARENTS,
    HELD_OUT,
    MRR,
    TRAINED,
    ancestor_measures,
    groups_of,
    within,
)
from bench.report.boards.all import report_of
from bench.task.files import load_task, save_task
from tests.conftest import ROOT


@pytest.fixture
def chain():
    """0 above 1 above 2, 3 beside 1, and 4 below both 2 and 3."""
    return np.array([1, 2, 3, 4, 4]), np.array([0, 1, 0, 2, 3])


def test_ranks_and_shares_are_those_counted_by_hand(chain):
    above = ancestors(*chain, 5, 8)
    of_4 = above.where(above.distances > 0).rows(np.array([4]))
    # Parents 2 and 3, then 1 and 0 at two hops (0 by way of 3).
    assert list(of_4.distances) == [1, 1, 2, 2]
    found = ancestor_measures(np.array([[0, 3, -1, -1]]), of_4)
    assert found[MRR] == 1 / 2
    assert (found[within(1)], found[within(2)], found[within()]) == (1 / 2, 2 / 4, 2 / 4)


def test_a_parent_that_is_not_found_has_no_rank(chain):
    above = ancestors(*chain, 5, 8)
    of_2 = above.where(above.distances > 0).rows(np.array([2]))
    found = ancestor_measures(np.array([[0, 3, 4]]), of_2)
    assert (found[MRR], found[within(1)], found[within()]) == (0, 0, 1 / 2)


def test_the_example_of_the_page_has_its_figures():
    animal, dog, cat, puppy, kitten = range(5)
    above = ancestors(
        np.array([dog, cat, puppy, kitten]), np.array([animal, animal, dog, cat]), 5, 8
    )
    of_puppy = above.where(above.distances > 0).rows(np.array([puppy]))
    found = ancestor_measures(np.array([[cat, dog, animal, kitten]]), of_puppy)
    assert (found[MRR], found[within(1)]) == (1 / 2, 1)
    page = (ROOT / "docs" / "measures.md").read_text()
    assert "**MRR of the nearest** is 1/2" in page


def test_groups_are_by_what_training_knows_and_by_parents(chain):
    above = ancestors(*chain, 5, 8)
    held = np.array([False, False, True, False, True])
    groups = groups_of(above, held, np.bincount(chain[0], minlength=5))
    pairs = list(zip(above.queries.tolist(), above.documents.tolist(), strict=True))

    def of(name):
        return {pairs[number] for number in np.flatnonzero(groups[name])}

    assert of(ANCESTORS) == {(2, 1), (2, 0), (4, 2), (4, 3), (4, 1), (4, 0)}
    assert of(TRAINED) == {(2, 1), (2, 0), (4, 3), (4, 1), (4, 0)}
    assert of(HELD_OUT) == {(4, 2)}
    assert of(BY_PARENTS[0]) == {(2, 1), (2, 0)}
    assert of(BY_PARENTS[1]) == {(4, 2), (4, 3), (4, 1), (4, 0)}
    assert BY_PARENTS[2] not in groups


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """Nine hundred nodes, three below each, some with a second parent; a fifth held out."""
    lines = [f"n{node},n{(node - 1) // 3}" for node in range(1, 900)]
    lines += [
        f"n{node},n{node // 4}" for node in range(100, 900, 7) if node // 4 != (node - 1) // 3
    ]
    path = tmp_path_factory.mktemp("own") / "own.csv"
    path.write_text("\n".join(["child,parent", *lines]) + "\n")
    return bench.load(f"hierarchy:{path},heldout=nodes")


def test_groups_follow_the_queries_that_are_asked_for(task):
    asked = task.test.relevance.answered[3:7]
    part = task.test.rows(asked)
    own = part.relevance.distances == 0
    np.testing.assert_array_equal(part.groups[ANCESTORS], ~own)
    np.testing.assert_array_equal(
        part.groups[TRAINED], np.isin(part.relevance.documents, task.train.answered)
    )
    assert set(part.depth) == {101}


def test_groups_are_kept_in_the_files_of_a_task_and_in_half_of_it(task, tmp_path):
    assert load_task(save_task(task, tmp_path)).digest == task.digest
    half = VIEWS["half"](task).test
    assert all(len(pairs) == half.relevance.n_pairs for pairs in half.groups.values())


def test_other_groups_are_another_task(task):
    fewer = {ANCESTORS: task.test.groups[ANCESTORS]}
    assert replace(task, test=replace(task.test, groups=fewer)).digest != task.digest


def test_boards_show_a_perfect_ranking_as_perfect_and_none_as_nothing(task):
    cells = [bench.evaluate(name, task) for name in ("oracle", "random", "bm25")]
    report = report_of(cells, lambda _cell: None)
    boards = {board.title: board for board in report.boards}
    found = {row[0].split()[0]: row for row in boards["Ancestors of new nodes"].rows}
    assert found["oracle"][2:7] == ["100.0"] * 5
    groups = boards["Which ancestors of new nodes"]
    assert groups.header[2:5] == [ANCESTORS, TRAINED, HELD_OUT]
    assert next(row for row in groups.rows if row[0].startswith("oracle"))[2:5] == ["100.0"] * 3
    # A name has no word of another one: bm25 finds the node itself and no ancestor.
    assert found["bm25"][2] == "0.0"
    (of_pairs, *_) = boards[f"Recall by distance, {HELD_OUT}"].notes
    assert of_pairs.endswith("Here are the ancestors that no training pair names.")
