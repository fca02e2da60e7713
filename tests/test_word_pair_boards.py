"""Boards of word pairs: the way of scoring that dev pairs choose, and what papers print beside."""

import pytest

from bench.data.cards import Reported
from bench.measures.records import Correlation
from bench.report.boards.all import report_of
from bench.report.boards.word_pairs import word_pair_boards
from bench.report.published import scores_of
from bench.report.rows import rows_of
from tests.cells import cell

SUBSETS = ("nouns", "all", "dev random", "test random", "dev lexical", "test lexical")


def pairs(method, own, rank, seed=0, subsets=SUBSETS, **changes):
    """A cell whose rho is ``own`` and ``rank`` on the dev part, and half of that on the others."""
    found = [
        Correlation(
            score=way,
            subset=subset,
            n=9,
            rho=None if rho is None else rho if subset == "dev random" else rho / 2,
            low=None,
            high=None,
        )
        for way, rho in (("score", own), ("log-rank", rank))
        for subset in subsets
    ]
    return cell(method, seed, similarity=found, **changes)


def first_board(cells, reported=()):
    board = word_pair_boards(rows_of(cells), reported)[0]
    return [dict(zip(board.header, row, strict=True)) for row in board.rows]


def test_each_row_is_read_by_the_way_that_its_dev_pairs_choose():
    high, low = first_board([pairs("a", 0.2, 0.4), pairs("b", 0.8, 0.6)])
    assert (high["method"], high["scored by"], low["scored by"]) == ("b", "own score", "−log rank")
    assert (low["dev random"], low["test random"], low["nouns"]) == ("0.400", "0.200", "0.200")
    assert "test lexical" not in low


def test_seeds_choose_together():
    # One seed alone would choose its own score; the mean of both is 0.35 against 0.45.
    (row,) = first_board([pairs("a", 0.5, 0.3), pairs("a", 0.2, 0.6, seed=1)])
    assert (row["scored by"], row["seeds"]) == ("−log rank", "2")
    assert row["dev random"].startswith("0.450")


@pytest.mark.parametrize(
    ("own", "rank", "chosen"),
    [(0.3, 0.3, "own score"), (None, 0.1, "−log rank"), (None, -0.1, "own score")],
)
def test_a_tie_is_the_own_score_and_equal_scores_count_0(own, rank, chosen):
    (row,) = first_board([pairs("a", own, rank)])
    assert row["scored by"] == chosen


def test_what_papers_print_of_a_method_stands_beside_its_row_alone():
    reported = [
        Reported(method="A", source="x", values={"nouns": 0.5}, row="a"),
        Reported(method="A, again", source="y", values={"nouns": 0.512}, row="a"),
        Reported(method="C", source="x", values={"nouns": 0.9}),
    ]
    by_hand = pairs("a", 0.1, 0.1, changed={"dim": 32}, params={"dim": 32})
    rows = first_board([pairs("a", 0.3, 0.3), pairs("b", 0.2, 0.2), by_hand], reported)
    assert [(row["method"], row["nouns, reported"]) for row in rows] == [
        ("a", "0.500, 0.512"), ("b", "–"), ("a dim=32", "–"),
    ]  # fmt: skip
    assert "nouns, reported" not in first_board([pairs("a", 0.3, 0.3)], reported[2:])[0]


def test_the_boards_of_both_ways_follow_and_are_all_without_a_dev_part():
    titles = [board.title for board in report_of([pairs("a", 0.3, 0.4)], lambda _: None).boards]
    assert [title.partition(", scored ")[2] for title in titles[:3]] == [
        "in the way that dev pairs choose", "by the method's own score",
        "by −log rank among sampled documents",
    ]  # fmt: skip
    without = word_pair_boards(rows_of([pairs("a", 0.3, 0.4, subsets=("nouns",))]), [])
    assert [board.title for board in without] == titles[1:3]


def test_the_main_score_of_a_row_is_that_of_the_first_board():
    scores = scores_of(rows_of([pairs("a", 0.2, 0.4)]))
    assert (scores.measure, scores.rows["a"].most.mean) == ("Spearman's rho, nouns", 0.2)
