"""The folder that boards are made of: the one named, the one that was last run, or results/."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.report.leaderboard import NAME, Leaderboard
from bench.store.folder import Store
from bench.system.paths import folder_of_last_run, remember_run
from tests.cells import cell
from tests.running import SMALL


@pytest.fixture
def leaderboard(tmp_path, monkeypatch):
    """The command, in a folder of its own with a cache of its own; it writes nothing.

    Its first result is the folder whose boards it would write, or None.
    """
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def call(*options):
        asked = [None]

        def write(store, *_, **__):
            asked.append(store.root)
            return Leaderboard(store.root / NAME, None, [], [])

        monkeypatch.setattr("bench.report.leaderboard.write_leaderboard", write)
        return asked, CliRunner().invoke(main, ["leaderboard", *options])

    return call


def folder(path):
    """A results folder with a cell."""
    store = Store(path)
    store.prepare()
    store.commit(cell("mine", key="a"))
    return path


def test_boards_are_those_of_the_folder_that_was_last_run_and_it_is_told(leaderboard, tmp_path):
    remember_run(folder(tmp_path / "mine"))
    asked, done = leaderboard()
    assert asked[-1] == tmp_path / "mine"
    told = f"Results folder: {tmp_path / 'mine'} (that of the last run; --out names another)"
    assert told in done.stderr


def test_a_folder_that_is_named_wins_and_nothing_is_told(leaderboard, tmp_path):
    remember_run(folder(tmp_path / "mine"))
    asked, done = leaderboard("--out", str(folder(tmp_path / "other")))
    assert asked[-1] == tmp_path / "other"
    assert done.stderr == ""


@pytest.mark.parametrize("damaged", [None, b"", b"a\0b"])
def test_results_are_taken_where_no_run_is_remembered(leaderboard, tmp_path, damaged):
    folder(tmp_path / "results")
    if damaged is not None:
        remember_run(tmp_path)
        (tmp_path / "cache" / "last-run").write_bytes(damaged)
    asked, done = leaderboard()
    assert asked[-1] == Path("results")
    assert "Results folder: results (as no run is remembered here;" in done.stderr


@pytest.mark.parametrize("damaged", [None, b"\xff\n\xfe"])
def test_results_are_left_as_they_are_where_the_folder_of_the_last_run_is_gone(
    leaderboard, tmp_path, damaged
):
    folder(tmp_path / "results")
    remember_run(tmp_path / "gone")
    if damaged is not None:
        (tmp_path / "cache" / "last-run").write_bytes(damaged)
    asked, done = leaderboard()
    assert (asked[-1], done.exit_code) == (None, 1)
    assert "(that of the last run); name one with --out" in done.stderr


def test_no_folder_at_all_is_one_line_with_the_way_out(leaderboard, tmp_path):
    _, done = leaderboard()
    assert done.exit_code == 1
    assert f"there is no results folder {tmp_path / 'results'} (as no run is rem" in done.stderr
    assert "name one with --out" in done.stderr


def test_boards_are_not_marked_where_no_folder_is_named(leaderboard, tmp_path):
    remember_run(folder(tmp_path / "mine"))
    asked, done = leaderboard("--mark")
    assert (asked[-1], done.exit_code) == (None, 2)
    assert "--out results --mark" in done.stderr
    assert not (tmp_path / "mine" / "published.json").exists()


def test_a_cache_that_cannot_be_written_stops_no_run(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "file"))
    remember_run(tmp_path)
    assert folder_of_last_run() is None


def test_a_run_is_remembered_with_its_whole_path(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    assert bench("--methods", "random", "--datasets", "nobody").returncode != 0
    assert folder_of_last_run() is None
    assert bench("--methods", "random", *SMALL).returncode == 0
    assert folder_of_last_run() == Path(tmp_path / "out").absolute()
