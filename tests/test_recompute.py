"""Recompute: measures are derived from stored runs, and what cannot be is named."""

import shutil

import pytest

import bench
from bench.errors import InputError
from bench.measures import ranking
from bench.measures.budget import TENTH
from bench.measures.ranking import MEASURES
from bench.report.boards.recall import recall_boards
from bench.report.leaderboard import write_leaderboard
from bench.report.rows import rows_of
from bench.store.folder import CELL, MARK, QUERIES, RUN, Store
from bench.system.files import sha256_of
from bench.system.records import to_json
from bench.verify.mark import Mark, read_mark
from bench.verify.recompute import recompute
from bench.verify.replay import replay

pytestmark = pytest.mark.slow

DATASET = "clusters:n=300,dim=8"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Two cells of a task whose rankings are cut at a rank."""
    folder = tmp_path_factory.mktemp("measured")
    cells = bench.run(["random", "zero-shot-de"], DATASET, out=folder)
    assert [cell.status for cell in cells] == ["ok", "ok"]
    return folder


@pytest.fixture
def out(results, tmp_path):
    shutil.copytree(results, tmp_path / "out")
    return tmp_path / "out"


def without_map(cell):
    """The cell as code measured it that had no MAP@100."""
    points = [
        point.model_copy(
            update={"ranking": {n: v for n, v in point.ranking.items() if n != "MAP@100"}}
        )
        for point in cell.points
    ]
    return cell.model_copy(update={"points": points})


def rewrite(store, change):
    for cell in store.cells():
        (store.folder(cell) / CELL).write_text(to_json(change(cell)))


def test_a_measure_that_cells_lack_is_a_dash_then_told_then_added(out, capsys):
    store = Store(out)
    before = {path: path.read_bytes() for path in store.cell_paths()}
    rewrite(store, without_map)
    assert "–" in recall_boards(rows_of(store.cells()), TENTH)[0].rows[0]
    write_leaderboard(store)
    assert replay(out)
    assert "lack MAP@100; `python -m bench recompute` adds them" in capsys.readouterr().out
    assert recompute(out)
    assert "2 of 2 cells written anew" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in store.cell_paths()} == before
    assert "–" not in recall_boards(rows_of(store.cells()), TENTH)[0].rows[0]
    write_leaderboard(store)
    assert replay(out)
    assert "lack MAP" not in capsys.readouterr().out


def test_a_new_measure_reaches_the_board_and_the_table(out, monkeypatch):
    new = ranking.Measure("S@10", lambda ranked: ranked.relevant.any(axis=1).astype(float), "")
    monkeypatch.setitem(MEASURES, "S@10", new)
    assert recompute(out)
    board = recall_boards(rows_of(Store(out).cells()), TENTH)[0]
    assert "–" not in [row[board.header.index("S@10")] for row in board.rows]
    table = bench.results(out)
    assert {"random", "zero-shot-de"} == set(table[table.measure == "S@10"].method)


def test_what_is_as_it_would_be_written_stays(out, capsys):
    before = {path: path.stat().st_mtime_ns for path in Store(out).cell_paths()}
    assert recompute(out)
    assert "0 of 2 cells written anew" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in Store(out).cell_paths()} == before


def test_a_run_of_another_form_is_named_and_the_others_are_written(out, capsys):
    store = Store(out)
    rewrite(store, without_map)
    odd = store.folder(store.cells()[0]) / RUN
    odd.write_bytes(b"no parquet")
    cell = store.cells()[0]
    (store.folder(cell) / CELL).write_text(
        to_json(cell.model_copy(update={"run_sha256": sha256_of(odd)}))
    )
    assert not recompute(out)
    told = capsys.readouterr().out
    assert f"FAIL {odd.parent}: {odd} is not the run of its cell" in told
    assert "1 of 2 cells written anew" in told


def test_a_run_that_is_not_the_one_that_was_stored_changes_nothing(out, capsys):
    store = Store(out)
    folder = store.folder(store.cells()[0])
    shutil.copy(store.folder(store.cells()[1]) / RUN, folder / RUN)
    before = (folder / CELL).read_bytes()
    assert not recompute(out)
    assert f"FAIL {folder}: run.parquet is not the one that was stored" in capsys.readouterr().out
    assert (folder / CELL).read_bytes() == before


def test_a_cell_that_was_changed_is_named_and_left_as_it_is(out, capsys):
    path = Store(out).cell_paths()[0]
    text = path.read_text().replace('"seed":0', '"seed":9')
    path.write_text(text)
    assert not recompute(out)
    assert f"FAIL {path}: is not as it was stored: its sha256 does not hold" in (
        capsys.readouterr().out
    )
    assert path.read_text() == text


def test_values_of_queries_that_were_damaged_are_written_anew(out):
    store = Store(out)
    cell = store.cells()[0]
    file = store.folder(cell) / QUERIES
    before = file.read_bytes()
    file.write_bytes(before[:50])
    assert store.query_values(cell) is None
    assert not recompute(out), "it was named"
    assert file.read_bytes() == before
    assert recompute(out)


def test_a_cell_that_another_run_writes_is_left_to_it_and_is_no_failure(out, capsys):
    store = Store(out)
    rewrite(store, without_map)
    claim = store.claim(store.cells()[0].key)
    assert recompute(out)
    told = capsys.readouterr().out
    assert f"Left as it is: {store.folder(store.cells()[0])}: another run writes it" in told
    assert "FAIL" not in told
    assert "1 of 2 cells written anew" in told
    claim.release()
    assert recompute(out)
    assert "1 of 2 cells written anew" in capsys.readouterr().out


def test_that_a_cell_was_certified_stays_known(out):
    store = Store(out)
    rewrite(store, without_map)
    cell = store.cells()[0]
    path = store.folder(cell) / MARK
    mark = Mark(
        cell_sha256=cell.sha256, key=cell.key, verdicts={}, differing=[], provenance=cell.provenance
    )
    path.write_text(to_json(mark))
    assert recompute(out)
    (now,) = (each for each in store.cells() if each.key == cell.key)
    assert now.sha256 != cell.sha256
    assert read_mark(path, now) is not None


def test_a_folder_without_runs_is_an_error_that_names_it(tmp_path):
    with pytest.raises(InputError, match="is not there; name a results folder"):
        recompute(tmp_path)
