"""The folder that boards are made of: the one named, the one that was last run, or results/."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.system.paths import folder_of_last_run, remember_run
from tests.running import SMALL
from tests.small_results import small_results


@pytest.fixture
def leaderboard(tmp_path, monkeypatch):
    """The command, in a folder of its own with a cache of its own."""
    monkeypatch.setenv("TREELINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return lambda *options: CliRunner().invoke(main, ["leaderboard", *options])


def test_boards_are_those_of_the_folder_that_was_last_run_and_it_is_told(leaderboard, tmp_path):
    store = small_results(tmp_path / "mine")
    remember_run(store.root)
    done = leaderboard()
    assert (
        f"Results folder: {store.root} (that of the last run; --out names another)" in done.stderr
    )
    assert (store.root / "LEADERBOARD.md").exists()


def test_a_folder_that_is_named_wins_and_nothing_is_told(leaderboard, tmp_path):
    remember_run(small_results(tmp_path / "mine").root)
    other = small_results(tmp_path / "other").root
    assert leaderboard("--out", str(other)).stderr == ""
    assert (other / "LEADERBOARD.md").exists()
    assert not (tmp_path / "mine" / "LEADERBOARD.md").exists()


def test_results_are_taken_where_no_run_is_remembered_and_where_its_folder_is_gone(
    leaderboard, tmp_path
):
    small_results(tmp_path / "results")
    assert "Results folder: results (as no run is remembered here;" in leaderboard().stderr
    remember_run(tmp_path / "gone")
    told = leaderboard().stderr
    assert f"results (as that of the last run, {tmp_path / 'gone'}, is gone;" in told
    for damaged in (b"", b"a\0b", b"\xff\n\xfe"):
        (tmp_path / "cache" / "last-run").write_bytes(damaged)
        assert leaderboard().exit_code == 0


def test_no_folder_at_all_is_one_line_with_the_way_out(leaderboard, tmp_path):
    done = leaderboard()
    assert done.exit_code == 1
    assert f"there is no results folder {tmp_path / 'results'}; name one with --out" in done.stderr


def test_boards_are_not_marked_where_no_folder_is_named(leaderboard, tmp_path):
    remember_run(small_results(tmp_path / "mine").root)
    done = leaderboard("--mark")
    assert done.exit_code == 2
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
