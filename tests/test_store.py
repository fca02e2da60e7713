"""Cells on disk: whole or not at all."""

import errno
import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import InputError
from bench.store.cell import Status
from bench.store.folder import Store, read_cell
from bench.store.query_values import read_query_values
from bench.system.files import write_atomically
from tests import cells
from tests.conftest import ROOT

RUN_SHA256 = hashlib.sha256(b"x" * 100).hexdigest()


def cell(key="k1", status=Status.OK, **changes):
    """With the checksum of the run that ``run_file`` writes."""
    return cells.cell(**{"key": key, "status": status, "run_sha256": RUN_SHA256, **changes})


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.prepare()
    return store


def run_file(store, key, size=100):
    """A staging folder with a run in it."""
    folder = store.tasks / key
    folder.mkdir(exist_ok=True)
    (folder / "run.parquet").write_bytes(b"x" * size)
    return folder


def test_data_of_the_same_name_are_kept_apart(store):
    store.commit(cell("a"), run_file(store, "a"))
    store.commit(cell("b", task_digest="another file"), run_file(store, "b"))
    assert len(store.cells()) == 2


def test_a_committed_cell_is_found_by_its_key(store):
    store.commit(cell(), run_file(store, "k1"))
    found = store.find(cell())
    assert found == cell(provenance=found.provenance, sha256=found.sha256)
    assert (store.folder(cell()) / "run.parquet").read_bytes() == b"x" * 100
    assert store.find(cell("k2")) is None


def test_only_what_was_measured_to_its_end_is_kept(store):
    store.commit(cell(status=Status.FAILED, reason="why"))
    assert store.find(cell()) is None
    assert [c.reason for c in store.cells()] == ["why"]


def test_a_newer_cell_of_other_code_takes_the_place_of_the_old(store):
    store.commit(cell("old"), run_file(store, "old"))
    store.commit(cell("other seed", seed=1), run_file(store, "s"))
    store.commit(cell("new"), run_file(store, "new"))
    assert sorted(c.key for c in store.cells()) == ["new", "other seed"]


def test_a_failure_never_takes_the_place_of_the_same_cell_measured(store):
    store.commit(cell(), run_file(store, "k1"))
    store.commit(cell(status=Status.TIMEOUT, reason="the second time"))
    assert store.find(cell()) is not None
    assert (store.folder(cell()) / "run.parquet").exists()


def test_a_failure_does_not_take_the_run_of_a_measured_cell_with_other_parameters(store):
    store.commit(cell("a"), run_file(store, "a"))
    store.commit(cell("b", Status.FAILED, params={"dim": 4}))
    assert store.find(cell("a")) is not None


@pytest.mark.parametrize("text", ["", "{", '{"schema": 1,', "\0" * 200])
def test_a_half_written_cell_is_no_cell(store, text):
    store.commit(cell(), run_file(store, "k1"))
    (store.folder(cell()) / "cell.json").write_text(text)
    assert store.cells() == []
    assert store.find(cell()) is None
    store.commit(cell(), run_file(store, "k1"))
    assert store.find(cell()) is not None


def test_what_a_killed_process_left_is_cleared(store):
    dead, alive = (store._staging / f"key-{pid}" for pid in (2**22 + 1, os.getpid()))
    for folder in (dead, alive):
        folder.mkdir()
    store.prepare()
    assert not dead.exists()
    assert alive.exists()


def test_a_run_over_two_megabytes_stays_out_of_git(store):
    store.commit(cell(), run_file(store, "k1", 2_000_001))
    assert (store.folder(cell()) / ".gitignore").read_text() == "run.parquet\n"


def test_a_full_disk_is_an_error_and_leaves_what_was_there(store, monkeypatch):
    store.commit(cell(), run_file(store, "k1"))
    before = (store.folder(cell()) / "cell.json").read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device; cells measured before"):
        store.commit(cell(n_queries=4), run_file(store, "again"))
    assert (store.folder(cell()) / "cell.json").read_bytes() == before
    assert [path.name for path in store.folder(cell()).glob(".*")] == []


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to .*--out"):
        Store(tmp_path / "file" / "results").prepare()


def test_a_folder_where_a_file_belongs_is_an_error_and_nothing_is_left(tmp_path):
    (tmp_path / "published.json").mkdir()
    with pytest.raises(InputError, match="published.json: it is a folder; move it away"):
        write_atomically(tmp_path / "published.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["published.json"]


def test_a_disk_that_is_full_is_an_error_and_nothing_is_left(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="cannot write to .*page.html: No space left on device"):
        write_atomically(tmp_path / "page.html", "")
    assert list(tmp_path.iterdir()) == []


IN_THE_WAY = {
    "a folder of cell.json": lambda folder: (folder / "cell.json" / "more").mkdir(parents=True),
    "a folder of run.parquet": lambda folder: (folder / "run.parquet").mkdir(parents=True),
    "a folder of .gitignore": lambda folder: (folder / ".gitignore").mkdir(parents=True),
    "a link to nowhere": lambda folder: (
        folder.mkdir(),
        (folder / "run.parquet").symlink_to("/nowhere"),
    ),
    "a file of the cell's folder": lambda folder: folder.write_text(""),
    "a file of the method's folder": lambda folder: (
        folder.parent.rmdir(),
        folder.parent.write_text(""),
    ),
}


@pytest.mark.parametrize("put", IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_whatever_stands_in_the_way_of_a_cell_gives_way_to_it(store, put):
    folder = store.folder(cell())
    folder.parent.mkdir(parents=True)
    put(folder)
    store.commit(cell(), run_file(store, "k1"))
    assert store.find(cell()) is not None
    assert sorted(path.name for path in folder.iterdir()) == ["cell.json", "run.parquet"]
    assert list(store.root.rglob(".writing-*")) == []


def test_what_a_killed_process_left_half_written_is_no_file_of_a_checkout():
    left = "results/runs/tree/random/0/.writing-abc-1"
    subprocess.run(["git", "check-ignore", "--quiet", left], cwd=ROOT, check=True)


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "cell.json"
    texts = ["a" * 100_000, "b" * 200_000]
    write_atomically(path, texts[0])
    seen = set()
    ended = threading.Event()

    def read():
        while not ended.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(50):
        write_atomically(path, texts[turn % 2])
    ended.set()
    reader.join()
    assert seen <= set(texts)


def test_a_cell_of_another_version_is_named_and_not_silently_dropped(store):
    store.commit(cell(), run_file(store, "k1"))
    path: Path = store.folder(cell()) / "cell.json"
    path.write_text(path.read_text().replace('"schema"', '"extra": 1, "schema"'))
    with pytest.raises(InputError, match="cell.json: is not as it was stored: extra"):
        read_cell(path)


def test_a_run_that_was_changed_is_measured_again(store):
    store.commit(cell(), run_file(store, "k1"))
    assert store.find(cell()) is not None
    (store.folder(cell()) / "run.parquet").write_bytes(b"y" * 100)
    assert store.find(cell()) is None


def test_query_values_that_were_changed_are_measured_again(store):
    folder = run_file(store, "k1")
    (folder / "queries.parquet").write_bytes(b"z")
    measured = cell(queries_sha256=hashlib.sha256(b"z").hexdigest())
    store.commit(measured, folder)
    assert store.find(measured) is not None
    (store.folder(measured) / "queries.parquet").write_bytes(b"y")
    assert store.find(measured) is None


def test_a_cell_is_claimed_by_one_at_a_time(store):
    claim = store.claim("k1")
    assert store.claim("k1") is None
    assert store.claim("k2") is not None
    claim.release()
    assert store.claim("k1") is not None


def test_a_failure_of_newer_code_does_not_delete_what_older_code_measured(store):
    store.commit(cell("old"), run_file(store, "old"))
    store.commit(cell("new", Status.SKIPPED))
    assert store.find(cell("old")) is not None
    store.commit(cell("newer", Status.FAILED))
    assert sorted(c.key for c in store.cells()) == ["newer", "old"]


def test_a_folder_that_was_renamed_or_copied_is_named_and_counts_for_nothing(store):
    store.commit(cell(), run_file(store, "k1"))
    folder = store.folder(cell())
    shutil.copytree(folder, folder.with_name("another"))
    cells, problems = store.read()
    assert len(cells) == 1
    (problem,) = problems
    assert (
        problem
        == f"{folder.with_name('another') / 'cell.json'}: is the cell of {folder}; move it there"
    )


@pytest.mark.parametrize(
    ("figure", "value"),
    [("recall", 1.5), ("low", -0.1), ("min", 7), ("visited", 2.5), ("queries_per_second", -1)],
)
def test_a_figure_out_of_its_range_is_never_stored(store, figure, value):
    wrong = cells.point(0.1, 0.5).model_copy(update={figure: value})
    with pytest.raises(InputError, match=rf"cannot be stored: points\.0\.{figure} .*should be"):
        store.commit(cells.cell(points=[wrong]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"query": [3, 3, 7, 7]}, "not of the same 2 queries"),
        ({"point": [0, 0, 0, 1]}, "not of the same 2 queries"),
        ({"recall": [0.5, 1, 2, 0]}, "recall has values that are no shares from 0 to 1"),
        ({"recall": [None] * 4}, "recall has values that are no shares"),
    ],
)
def test_values_of_queries_that_cannot_be_are_refused_by_name(tmp_path, columns, message):
    whole = {"point": [0, 0, 1, 1], "query": [3, 7, 3, 7], "recall": [0.5, 1.0, 0.0, None]}
    path = tmp_path / "queries.parquet"
    for content in (whole, whole | columns):
        schema = pa.schema([("point", pa.int16()), ("query", pa.int32()), ("recall", pa.float32())])
        pq.write_table(pa.table(content, schema), path)
        if content is whole:
            assert read_query_values(path, 2).queries.tolist() == [3, 7]
    with pytest.raises(InputError, match=rf"queries\.parquet is not of its cell: .*{message}"):
        read_query_values(path, 2)


@pytest.mark.parametrize("lacking", [{"points": []}, {"cost": None}])
def test_a_cell_that_was_measured_and_lacks_figures_is_on_no_board_and_named(store, lacking):
    store.commit(cells.cell("mine"))
    store.commit(cells.cell("other").model_copy(update=lacking))
    found, (problem,) = store.read()
    assert [cell.method for cell in found] == ["mine"]
    assert problem.endswith("cell.json: says that it was measured, and lacks figures or its cost")
