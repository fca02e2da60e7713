"""What changed since the boards that were marked: found by hand, and kept whole."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.errors import InputError
from bench.measures.records import Correlation
from bench.report.changes import changes_board, changes_since
from bench.report.leaderboard import write_leaderboard
from bench.report.published import Published, mark_published, read_published, scores_of
from bench.report.rows import rows_of
from bench.store.folder import Store
from tests.cells import cell, point

DAY = dt.date(2026, 1, 2)


def cheap(recall, seed=0, method="mine", **changes):
    """A cell that finds a tenth less within 10 % visited."""
    points = [point(0.1, recall - 0.1), point(1, recall)]
    return cell(method, seed, points, **changes)


def dear(recall, method="mine", **changes):
    return cell(method, points=[point(1, recall)], **changes)


def lines(before, after):
    """The line of each task that changed from cells to cells."""
    published = Published(date=DAY, tasks=[scores_of(rows_of(before))] if before else [])
    now = [scores_of(rows_of(after))] if after else []
    return [f"{each.task}{each.data}: {each.line()}" for each in changes_since(published, now)]


def test_the_same_cells_are_no_change():
    assert lines([cheap(0.8)], [cheap(0.8)]) == []


def test_what_moves_by_less_than_a_digit_is_no_change():
    assert lines([dear(0.8)], [dear(0.8004)]) == []
    assert lines([dear(0.8)], [dear(0.8006)]) == ["small: **moved** mine (80.0 → 80.1)"]


def test_a_row_is_shown_with_the_scores_that_moved_alone():
    before = [cell(points=[point(0.1, 0.5), point(1, 0.8)])]
    after = [cell(points=[point(0.1, 0.6), point(1, 0.8)])]
    assert lines(before, after) == ["small: **moved** mine (≤ 10 %: 50.0 → 60.0)"]


def test_seeds_that_are_added_are_shown_with_what_they_moved():
    # The mean of 80 and 82 is 81, their deviation the root of 2.
    found = lines([cheap(0.8)], [cheap(0.8), cheap(0.82, seed=1)])
    assert found == [
        "small: **moved** mine (80.0 → 81.0 ± 1.4; ≤ 10 %: 70.0 → 71.0 ± 1.4; 1 → 2 seeds)"
    ]
    two = [cheap(0.8), cheap(0.8, seed=1)]
    assert lines(two, [*two, cheap(0.8, seed=2)]) == ["small: **seeds** mine (2 → 3)"]


def test_rows_that_are_new_and_gone_are_shown_with_their_scores():
    found = lines([cheap(0.8, method="old")], [cheap(0.9, method="new"), dear(0.7, "exact")])
    assert found == [
        "small: **new** new (90.0; ≤ 10 %: 80.0), exact (70.0); **gone** old (80.0; ≤ 10 %: 70.0)"
    ]


def test_a_cheap_point_that_a_row_lost_is_a_dash():
    assert lines([cheap(0.8)], [dear(0.8)]) == ["small: **moved** mine (≤ 10 %: 70.0 → –)"]


def test_of_many_rows_those_that_moved_most_are_named_and_the_rest_counted_and_the_board_has_all():
    before = [dear(0.5, f"m{n}") for n in range(100)]
    after = [dear(0.5 + n / 1000, f"m{n}") for n in range(100)]
    (line,) = lines(before, after)
    assert line == (
        "small: **moved** m99 (50.0 → 59.9), m98 (50.0 → 59.8), m97 (50.0 → 59.7) and 96 more"
    )
    published = Published(date=DAY, tasks=[scores_of(rows_of(before))])
    board = changes_board(published, changes_since(published, [scores_of(rows_of(after))]))
    assert board.title == "Changed since 2026-01-02"
    assert len(board.rows) == 99
    assert board.rows[0] == ["small", "m99", "moved", "1", "50.0 → 59.9", "–"]


def test_other_data_of_the_same_name_are_another_dataset():
    assert lines([dear(0.5, task_digest="a" * 64)], [dear(0.6, task_digest="b" * 64)]) == [
        "small (data aaaaaaaa): **gone** mine (50.0)",
        "small (data bbbbbbbb): **new** mine (60.0)",
    ]


def test_correlations_are_shown_with_three_digits():
    def pairs(rho):
        found = Correlation(score="score", subset="nouns", n=9, rho=rho, low=None, high=None)
        return cell(similarity=[found])

    assert lines([pairs(0.5)], [pairs(0.501)]) == ["small: **moved** mine (0.500 → 0.501)"]
    assert lines([pairs(0.5)], [pairs(None)]) == ["small: **moved** mine (0.500 → 0.000)"]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    store.commit(cheap(0.8))
    return store


def test_without_a_mark_nothing_is_said_of_changes(store):
    assert "changed since" not in write_leaderboard(store).path.read_text()


def test_what_was_marked_is_read_as_it_was_and_nothing_changed_since(store):
    mark_published(store, DAY)
    found = read_published(store.published)
    assert found.date == DAY
    assert found.tasks == [scores_of(rows_of(store.cells()))]
    text = write_leaderboard(store).path.read_text()
    assert "\nRows that changed since 2026-01-02: none.\n" in text
    contents = (store.root / "boards" / "README.md").read_text()
    assert "\n## Changed since 2026-01-02\n\nNothing.\n" in contents


def test_what_is_published_says_first_which_datasets_nobody_measured(store):
    assert "Not measured here" not in write_leaderboard(store).path.read_text()
    mark_published(store, DAY)
    text = " ".join(write_leaderboard(store).path.read_text().split())
    assert "fiqa (57,638 documents; encoding them: about 40 min)" in text
    assert text.index("**Not measured here**") < text.index("**Best")
    store.commit(dear(0.8, key="there", task="fiqa"))
    assert "fiqa (" not in write_leaderboard(store).path.read_text()


def test_the_leaderboard_names_a_change_with_a_link_to_the_dataset(store):
    mark_published(store, DAY)
    store.commit(cheap(0.9, key="again"))
    text = write_leaderboard(store).path.read_text()
    assert "\nRows that changed since 2026-01-02: 1 moved.\n" in text
    contents = (store.root / "boards" / "README.md").read_text()
    assert "- [small](small.md): **moved** mine (80.0 → 90.0; ≤ 10 %: 70.0 → 80.0)\n" in contents


SPOILED = {
    "half of it": lambda text: text[: len(text) // 2],
    "another number": lambda text: text.replace('"mean":0.8', '"mean":0.9'),
    "a field that is not known": lambda text: text.replace('"date"', '"extra": 1, "date"'),
    "no date": lambda text: text.replace("2026-01-02", "yesterday"),
    "no seeds": lambda text: text.replace('"seeds":1', '"seeds":0'),
    "another layout": lambda text: json.dumps(json.loads(text)),
    "nothing": lambda text: "",
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_mark_that_is_not_as_it_was_written_is_an_error_that_says_what_to_do(store, how):
    mark_published(store, DAY)
    store.published.write_text(SPOILED[how](store.published.read_text()))
    with pytest.raises(InputError, match=r"published\.json: is not .* --mark`"):
        write_leaderboard(store)


def test_marking_anew_mends_a_mark_that_was_damaged(store):
    store.published.write_text("damaged")
    command = ["leaderboard", "--out", str(store.root)]
    failed = CliRunner().invoke(main, command)
    assert failed.exit_code == 1
    assert "published.json: is not as it was stored" in failed.output
    assert CliRunner().invoke(main, [*command, "--mark"]).exit_code == 0
    assert read_published(store.published).tasks[0].rows["mine"].seeds == 1


def test_a_folder_without_a_measured_cell_cannot_be_marked(tmp_path):
    done = CliRunner().invoke(main, ["leaderboard", "--out", str(tmp_path), "--mark"])
    assert done.exit_code == 1
    assert "holds no measured cell" in done.output
    assert not (tmp_path / "published.json").exists()


def test_the_leaderboard_of_a_folder_without_cells_is_refused_and_nothing_is_written(tmp_path):
    done = CliRunner().invoke(main, ["leaderboard", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "holds no cell, so there is nothing to write; measure first" in done.output
    assert not list(tmp_path.iterdir())
