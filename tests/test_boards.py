"""Boards over cells, by hand."""

import re

import numpy as np
import pytest

from bench.leaves import LeafHealth
from bench.measures.budget import DEFAULT, Budget
from bench.measures.choice import Chosen, Tried
from bench.measures.recall import MIN_PAIRS
from bench.measures.records import Interval, Leaves, PartResult, Stratum
from bench.report.boards.all import report_of
from bench.report.charts.kept import made_by_vega
from bench.report.dataset_page import places
from bench.report.leaderboard import write_leaderboard
from bench.report.points import most_visited, within
from bench.report.rows import by_task, compared, rows_of
from bench.report.table import mean_and_std
from bench.store.cell import Status
from bench.store.folder import Store
from bench.store.query_values import QueryValues
from tests.cells import cell, dated, point, xrayed

LEAVES = (point(0.04, 0.5), point(0.1, 0.7), point(0.101, 0.8), point(1, 0.9))


def no_values(_cell):
    """Where what each query came to was not kept."""


def board(cells, title):
    (found,) = (b for b in report_of(cells, no_values).boards if b.title == title)
    return found


def test_a_column_shows_the_point_that_visits_most_within_its_share_and_never_interpolates():
    assert within(cell(points=LEAVES), DEFAULT).recall == 0.7
    assert within(cell(points=LEAVES), Budget(0.03)) is None
    assert most_visited(cell(points=LEAVES)).recall == 0.9
    (row,) = board([cell(points=LEAVES)], "Recall against the share of documents visited").rows
    # From 1 to 10 %, then at most 20 %.
    assert row[:6] == ["mine", "–", "–", "50.0 (4.0 / 5.0)", "70.0 (10.0 / 11.0)",
                       "80.0 (10.1 / 11.1)"]  # fmt: skip
    assert row[-1] == "90.0 (100.0 / 101.0)"


def test_a_budget_by_work_counts_the_routing():
    (row,) = board([cell(points=LEAVES)], "Recall against the share of work").rows
    # 10.0 % visited are 11.0 % work.
    assert row[4:6] == ["50.0 (4.0 / 5.0)", "80.0 (10.1 / 11.1)"]
    boards = report_of([cell(points=LEAVES)], no_values, Budget(0.05, "work")).boards
    (found,) = (b for b in boards if b.title == "Recall by distance at ≤ 5 % work")
    assert found.rows[0][-1] == "4.0 / 5.0"


@pytest.mark.parametrize(("work", "shown"), [(0.1, "5.0 / 10.0"), (0.101, "5.0 / 10.1 ‡")])
def test_work_of_more_than_twice_the_share_visited_is_marked(work, shown):
    cells = [cell(points=[point(0.05, 0.9).model_copy(update={"work": work})])]
    assert board(cells, "Recall by distance").rows[0][-1] == shown


def test_a_share_that_is_not_reached_is_a_dash_and_the_row_is_named():
    exact = cell("exact", points=[point(1, 0.9)])
    visited = board([exact], "Recall against the share of documents visited")
    assert visited.rows[0][4] == "–"
    tenth = board([exact, cell(points=LEAVES)], "Recall by distance at ≤ 10 % visited")
    assert [row[0] for row in tenth.rows] == ["mine"]
    assert any("exact" in note for note in tenth.notes)


def test_a_point_that_one_seed_lacks_is_no_point_of_the_row():
    cells = [cell(points=LEAVES), cell(seed=1, points=LEAVES[2:])]
    (row,) = board(cells, "Recall against the share of documents visited").rows
    assert row[4] == "–"


def test_seeds_are_one_row_with_mean_and_standard_deviation():
    cells = [cell(seed=seed, points=[point(1, recall)]) for seed, recall in ((0, 0.8), (1, 0.9))]
    (row,) = board(cells, "Recall by distance").rows
    # Standard deviation of 80 and 90: sqrt(50) = 7.07.
    assert row[:4] == ["mine", "2", "85.00 ± 7.07", "84.00 … 86.00"]
    assert mean_and_std([0.5]) == "50.0"


def test_a_distance_of_few_pairs_stands_in_brackets():
    (row,) = board([cell(points=[point(1, 0.9)])], "Recall by distance").rows
    assert row[6:8] == ["90.0", "(90.0)"]


def of_parts(recall, n_unseen, n_queries=100):
    """A point of a task of texts; 13 pairs of its unseen part, or as many as there are queries."""
    ranking = {"nDCG@10": Interval(mean=recall, low=recall, high=recall)}
    strata = [Stratum(distance=0, n=max(13, n_unseen), recall=recall, low=0, high=1)]
    part = {"recall": recall, "recall_by_distance": strata, "ranking": ranking}
    parts = {
        "seen": PartResult(n_queries=n_queries, n_pairs=n_queries, **part),
        "unseen": PartResult(n_queries=n_unseen, n_pairs=13, **part),
    }
    return point(1, recall).model_copy(update={"ranking": ranking, **parts})


@pytest.mark.parametrize(("n_queries", "shown"), [(8, "(90.0)"), (30, "90.0")])
def test_an_unseen_part_of_fewer_than_30_queries_stands_in_brackets_and_ranks_nothing(
    n_queries, shown
):
    cells = [
        cell(name, points=[of_parts(recall, n_queries)], cut=100, n_queries=100)
        for name, recall in (("b", 0.9), ("a", 0.9))
    ]
    few = n_queries < MIN_PAIRS
    unseen = board(cells, "Ranking, unseen documents")
    assert unseen.rows[0][2] == shown
    assert few == any("fewer than 30 queries" in note for note in unseen.notes)
    marked = " (fewer than 30 queries)" * few
    board(cells, f"nDCG@10, unseen documents{marked} against the share of documents visited")
    assert board(cells, "Ranking, seen documents").rows[0][2] == "90.0"


def test_a_part_of_few_pairs_of_a_hierarchy_stands_in_brackets_as_a_whole():
    cells = [cell(points=[of_parts(0.9, 8)])]
    unseen = board(cells, "Recall by distance, unseen")
    assert unseen.rows[0][2:4] == ["(90.00)", "(90.0)"]
    assert unseen.notes[-1].startswith("In brackets: fewer than 30 pairs")


def test_a_task_of_fewer_than_30_queries_says_so_and_gives_no_asterisk():
    values = {name: np.full(8, level) for name, level in (("a", 1.0), ("b", 0.0))}
    cells = [cell(name, points=[point(0.1, 0.9)], n_queries=8) for name in values]

    def values_of(found):
        return QueryValues(np.arange(8), {0: {"recall": values[found.method]}})

    boards = report_of(cells, values_of).boards
    (ahead,) = (b for b in boards if b.title == "Ahead by, recall (macro) at ≤ 10 % visited")
    assert ahead.rows[0][-1] == "+100.0 ° (100.0 … 100.0)"
    assert "Fewer than 30 queries" in ahead.notes[0]


def test_values_of_queries_are_read_once_for_the_boards_of_all_budgets():
    asked = []
    cells = [cell(name, points=[point(0.1, 0.9)]) for name in ("a", "b")]
    report_of(cells, lambda found: asked.append(found.method))
    assert sorted(asked) == ["a", "b"]


@pytest.mark.parametrize(("tied", "told"), [(0.34, True), (0.0009, False), (None, False)])
def test_a_row_that_hangs_on_equal_scores_is_named_on_the_first_board(tied, told):
    of_row = point(1, 0.9).model_copy(update={"tied": tied})
    notes = report_of([cell(points=[of_row])], no_values).boards[0].notes
    assert told == any("Equal scores: mine (34.0 %)" in note for note in notes)


def test_own_counts_are_marked_wherever_a_share_stands():
    cells = [cell(points=[point(0.05, 0.9, self_reported=True)])]
    assert board(cells, "Recall by distance").rows[0][-1] == "5.0 claimed / 6.0 claimed"
    visited = board(cells, "Recall against the share of documents visited")
    assert visited.rows[0][3] == "90.0 (5.0 claimed / 6.0 claimed)"


@pytest.mark.parametrize(
    ("routing", "empty", "shown"),
    [
        (1000, 0, "90.0 (5.0 / 15.0 ‡)"),
        (999, 0, "90.0 (5.0 / 15.0 claimed ‡)"),
        (0, 0, "90.0 (5.0 / 5.0 claimed)"),
        (900, 100, "90.0 (5.0 / 14.0 ‡)"),
        (999.95, 0, "90.0 (5.0 / 15.0 ‡)"),  # 1,000 with the digits that are stored
    ],
)
def test_a_routing_cost_below_a_dot_product_for_each_leaf_is_marked_as_claimed(
    routing, empty, shown
):
    even = LeafHealth(1000, empty, 0.1, 0.0, 1.0, 10.0, 10.0)
    searched = point(0.05, 0.9).model_copy(
        update={"routing": routing, "work": 0.05 + routing / 10_000}
    )
    cells = [cell(points=[searched], leaves=Leaves(**even._asdict()))]
    visited = board(cells, "Recall against the share of documents visited")
    assert visited.rows[0][3] == shown


def test_each_board_is_sorted_by_what_it_shows():
    far = cell("far", points=[point(0.1, 0.2), point(1, 0.9)])
    near = cell("near", points=[point(0.1, 0.6), point(1, 0.7)])
    full = board([near, far], "Recall by distance")
    tenth = board([near, far], "Recall by distance at ≤ 10 % visited")
    assert [row[0] for row in full.rows] == ["far", "near"]
    assert [row[0] for row in tenth.rows] == ["near", "far"]


def test_rows_say_what_was_set_by_hand_and_what_else_sets_them_apart():
    points = [point(1, 0.9)]
    labels = {
        row.label
        for row in rows_of(
            [
                cell(points=points),
                cell(points=points, params={"dim": 4}, changed={"dim": 4}),
                cell("old", points=points, params={"steps": 1}),
                cell("old", points=points, params={"steps": 2}),
                cell("oracle", points=points, sees_test=True),
            ]
        )
    }
    assert labels == {"mine", "mine dim=4", "old steps=1", "old steps=2",
                      "oracle (sees the test)"}  # fmt: skip


def test_a_board_says_how_its_methods_compare_vectors_if_not_in_one_way():
    dot = {"params": {"geometry": "dot", "temperature": 1.0}, "points": [point(0.5, 1.0)]}
    cosine = {"params": {"geometry": "cosine", "temperature": 20.0}, "points": [point(0.5, 1.0)]}
    same = [cell("a", **dot), cell("b", **dot), cell("random", points=[point(0.5, 1.0)])]
    assert compared(rows_of(same)) == ""
    by_hand = cell("a", **cosine, changed={"geometry": "cosine"})
    assert compared(rows_of([*same, cell("c", **cosine), by_hand])) == (
        "geometry=cosine temperature=20.0 (a geometry=cosine, c); "
        "geometry=dot temperature=1.0 (a, b)"
    )


def test_what_was_not_measured_is_a_row_with_its_reason():
    cells = [cell(points=LEAVES), cell("bad", status=Status.TIMEOUT, reason="took 3 s")]
    assert board(cells, "Not measured").rows == [["bad", "0", "timeout", "took 3 s"]]
    only = [cell("bad", status=Status.SKIPPED, reason="needs scann")]
    assert [b.title for b in report_of(only, no_values).boards] == ["Not measured"]


def test_the_papers_rows_stand_apart():
    boards = report_of([cell(task="wordnet", points=LEAVES)], no_values).boards
    assert boards[-1].title == "Reported"
    assert "*Reported*" in boards[-1].notes[0]
    assert boards[-1].rows[2][:4] == ["standard, d=64", "arXiv 2509.16411", "71.4", "19.4"]
    assert all("standard, d=64" not in row for board in boards[:-1] for row in board.rows)


def test_the_papers_rows_have_the_size_of_their_models_where_it_is_printed():
    reported = report_of([cell(task="nq320k", points=LEAVES)], no_values).boards[-1]
    assert reported.header[:4] == ["method (reported)", "source", "parameters", "R@10"]
    dsi = next(row for row in reported.rows if row[0] == "DSI (base)")
    after = "arXiv 2310.08891, table 5, after Tay et al. 2022"
    assert dsi == ["DSI (base)", after, "250M", "56.6", "–"]


def test_other_data_of_the_same_name_is_another_task():
    old = [cell(provenance=dated(1)), cell(seed=1, provenance=dated(1))]
    groups = by_task([*old, cell(task_digest="e", provenance=dated(2))])
    assert {name: len(cells) for name, cells in groups.items()} == {
        "small": 1, f"small-{old[0].task_digest[:8]}": 2,
    }  # fmt: skip


def test_the_summary_groups_datasets_by_what_they_are(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    for task, cut in (("a-texts", 100), ("b-tree", None)):
        ranking = {"nDCG@10": Interval(mean=0.5, low=0.4, high=0.6)} if cut else {}
        of_task = point(0.1, 0.7).model_copy(update={"ranking": ranking})
        store.commit(cell(task=task, key=task, points=[of_task], cut=cut))
    rows = re.findall(
        r"^\| (\*\*.+?\*\*|\[.+?\]\(#)", write_leaderboard(store).path.read_text(), re.MULTILINE
    )
    assert rows[:4] == ["**Hierarchies**", "[b-tree](#", "**Texts and vectors**", "[a-texts](#"]


def test_the_leaderboard_names_machine_and_commit(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(cell("a|b", points=LEAVES))
    text = write_leaderboard(store).path.read_text()
    assert "a\\|b" in text
    assert text.count("\n## small\n") == 1
    assert places([cell()])[0] in (tmp_path / "boards" / "small.md").read_text()


@pytest.mark.parametrize("status", list(Status))
def test_a_cell_of_any_status_is_read_as_it_was_written(tmp_path, status):
    store = Store(tmp_path)
    store.prepare()
    written = cell(status=status, points=LEAVES)
    store.commit(written)
    (read,) = store.cells()
    assert read == written.model_copy(update={"sha256": read.sha256})


def chosen(number):
    return Chosen(budget=0.1, number=number, score=0.6, visited=0.05)


def test_the_chosen_point_stands_beside_the_best_in_hindsight():
    cells = [cell(points=LEAVES, chosen=chosen(0)), cell(seed=1, points=LEAVES, chosen=chosen(1))]
    (row,) = board(cells, "Chosen on validation").rows
    # Recall 50 and 70 where validation chose; 70 is the best within 10 % for both.
    assert row == ["mine", "2", "nprobe=4 … 10", "60.0 ± 14.1", "7.0 / 8.0", "nprobe=10",
                   "70.0 ± 0.0", "+10.0"]  # fmt: skip


def test_validation_chooses_within_any_budget_and_older_cells_say_that_it_is_not_recorded():
    scores = ((0.6, 0.04), (0.5, 0.09), (0.9, 0.11), (1, 1))
    tried = [Tried(score=score, visited=share, work=1.2 * share) for score, share in scores]
    recorded = chosen(0).model_copy(update={"tried": tried})
    cells = [cell(points=LEAVES, chosen=recorded), cell("old", points=LEAVES, chosen=chosen(1))]
    boards = report_of(cells, no_values, Budget(0.2, "work")).boards
    (found,) = (b for b in boards if b.title == "Chosen on validation")
    assert [row[:4] for row in found.rows] == [["mine", "1", "nprobe=10", "80.0"]]
    assert found.notes[1].endswith("on record: old.")


def test_what_had_nothing_to_choose_from_is_on_no_board_of_choices():
    cells = [
        cell(points=LEAVES[:1], chosen=Chosen(budget=0.1, number=0, reason="the only one")),
        cell("late", points=LEAVES, chosen=Chosen(budget=0.1, reason="no validation")),
        cell("old", points=LEAVES),
    ]
    assert not [b for b in report_of(cells, no_values).boards if b.title == "Chosen on validation"]


def xrayed_cell(method="mine", undivided=False):
    return cell(method, points=[point(0.04, 0.5), xrayed(0.1, 0.7, undivided), point(1, 0.9)])


def test_the_x_ray_says_where_documents_are_lost():
    cells = [xrayed_cell(), xrayed_cell("graph", undivided=True), cell("old", points=LEAVES)]
    whole = board(cells, "X-ray at ≤ 10 % visited")
    assert [row[0] for row in whole.rows] == ["graph", "mine"]
    assert whole.rows[1] == ["mine", "1", "30.0", "20.0", "10.0", "5.0", "5.0", "10.0 / 11.0"]
    assert "What graph visited is not known" in whole.notes[1]
    by_distance = board(cells, "X-ray at ≤ 10 % visited, by distance")
    # At distance 1 pruning gains more than the index loses; fewer than 30 pairs are in brackets.
    assert by_distance.rows[1] == ["mine", "10.0 + 15.0", "(50.0 - 25.0)", "10.0 / 11.0"]


@pytest.mark.slow
def test_published_boards_show_the_x_ray_as_a_chart(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(xrayed_cell())
    assert "figures/" not in write_leaderboard(store).path.read_text()
    write_leaderboard(store, figures=True)
    text = (tmp_path / "boards" / "small.md").read_text()
    assert "![X-ray at ≤ 10 % visited, small](../figures/small-d-xray.svg)" in text
    drawn = (tmp_path / "figures" / "small-d-xray.svg").read_bytes()
    assert b"<svg" in drawn
    assert b"encoder" in drawn
    write_leaderboard(store, figures=True)
    assert (tmp_path / "figures" / "small-d-xray.svg").read_bytes() == drawn


def test_vega_makes_the_text_of_a_source_once():
    made = []

    def make(source):
        made.append(source)
        return source.upper()

    texts = [made_by_vega(make, source) for source in ("a", "b", "a")]
    assert (texts, made) == (["A", "B", "A"], ["a", "b"])
