"""A damaged or odd file of one cell: every command says so and goes on, and a run measures it."""

import os
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.errors import InputError
from bench.experiment import measure
from bench.report.leaderboard import write_leaderboard
from bench.store.folder import CELL, QUERIES, RUN, Store
from bench.system.files import sha256_of
from bench.system.records import to_json
from bench.verify.certify import CertifyOptions, certify
from bench.verify.recompute import recompute
from bench.verify.replay import replay
from bench.verify.submit import submit
from tests.running import SMALL, experiment

pytestmark = pytest.mark.slow

TREE = SMALL[1]


def put(content):
    return lambda file: file.write_bytes(content)


def cut(file):
    os.truncate(file, file.stat().st_size // 2)


def folder_of(file):
    file.unlink()
    (file / "more").mkdir(parents=True)


def link_to_nowhere(file):
    file.unlink()
    file.symlink_to("/nowhere")


def pipe(file):
    file.unlink()
    os.mkfifo(file)


DAMAGES = {"empty": put(b""), "cut": cut, "folder": folder_of, "link": link_to_nowhere,
           "pipe": pipe}  # fmt: skip
OF_JSON = {"{}": put(b"{}"), "a list": put(b"[1]"), "deep": put(b"[" * 10**5), "null": put(b"null")}
CASES = {
    f"{name} {damage}": (name, do)
    for name in (CELL, RUN, QUERIES)
    for damage, do in (DAMAGES | (OF_JSON if name == CELL else {})).items()
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    measure(experiment("random,oracle", TREE, out=out))
    return out


@pytest.fixture
def out(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "out")


@pytest.mark.parametrize("case", CASES)
def test_of_a_damaged_cell_every_command_says_so_and_a_run_measures_it_again(out, case, capsys):
    name, damage = CASES[case]
    (folder,) = out.glob("runs/*/random/*")
    damage(folder / name)

    written = write_leaderboard(Store(out))
    assert [name == RUN or str(folder / name) in line for line in written.left_out] in ([True], [])
    assert bool(written.left_out) == (name != RUN)
    assert "oracle" in written.path.read_text()
    assert not replay(out)
    assert f"FAIL {folder / name}" in capsys.readouterr().out
    if name == CELL:
        with pytest.raises(InputError, match="is not as it was stored|is no file|unknown cell"):
            certify(str(folder), CertifyOptions(out))
    (out.parent / "published").mkdir()
    holds = submit([], out, out.parent / "published", check_only=True)
    assert name == CELL or not holds  # without its cell.json a cell is left out
    assert str(folder / name) in capsys.readouterr().out

    cells = {cell.method: cell for cell in measure(experiment("random,oracle", TREE, out=out))}
    assert {cell.status for cell in cells.values()} == {"ok"}
    assert "1 cell was measured before and is kept" in capsys.readouterr().out
    write_leaderboard(Store(out))
    assert replay(out)


@pytest.mark.parametrize("case", CASES)
def test_of_a_damaged_cell_the_measures_of_the_others_are_derived_anew(out, case, capsys):
    name, damage = CASES[case]
    (folder,) = out.glob("runs/*/random/*")
    damage(folder / name)
    assert not recompute(out)
    assert f"FAIL {folder}" in capsys.readouterr().out
    assert Store(out).find(next(c for c in Store(out).cells() if c.method == "oracle")) is not None


def ids_without_end(n):
    rows = np.arange(13, dtype=np.int32)
    ids = pa.array([np.zeros(n, np.int32)] * 13, pa.list_(pa.int32()))
    return {"point": np.zeros(13, np.int16), "query": rows, "ids": ids, "visited": np.zeros(13)}


BOMBS = {
    RUN: ("run_sha256", lambda: ids_without_end(10**6)),
    QUERIES: ("queries_sha256", lambda: {
        name: np.zeros(10**7, kind)
        for name, kind in (("point", np.int16), ("query", np.int32), ("recall", np.float32))
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_unpacks_to_more_than_its_cell_has_is_refused_unread(out, name, monkeypatch):
    field, columns = BOMBS[name]
    store = Store(out)
    cell = next(cell for cell in store.cells() if cell.method == "random")
    file = store.folder(cell) / name
    pq.write_table(pa.table(columns()), file, compression="zstd")
    signed = cell.model_copy(update={field: sha256_of(file)})
    (store.folder(cell) / CELL).write_text(to_json(signed))
    for read in ("read", "read_row_group"):
        whole = getattr(pq.ParquetFile, read)

        def small(self, *arguments, whole=whole, **options):
            assert self.metadata.num_rows < 1000
            return whole(self, *arguments, **options)

        monkeypatch.setattr(pq.ParquetFile, read, small)
    write_leaderboard(store)
    assert not replay(out)
    assert recompute(out) == (name == QUERIES), "values of queries are made anew from the run"
