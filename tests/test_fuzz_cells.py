"""Whatever becomes of the files of results, it is told, and the rest stays as it was."""

import datetime as dt
import hashlib
import json
import shutil
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.load import load_dataset
from bench.errors import InputError
from bench.report.leaderboard import write_leaderboard
from bench.report.published import mark_published
from bench.store.cell import Status
from bench.store.folder import CELL, MARK, QUERIES, RUN, Store
from bench.system.files import sha256_of
from bench.system.records import to_json
from bench.task.files import save_task
from bench.verify.files import check_files
from bench.verify.mark import Mark, MetricVerdict
from bench.verify.metrics import check_metrics
from tests.fuzz import NUMBERS, SCALARS, VALUES, examples, limits
from tests.fuzz_files import COLUMN_CHANGES, FILE_EDITS
from tests.test_fuzz_plugins import LEAFY, ODD, require_in_range, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A results folder with two cells, the second certified, and boards that were marked."""
    root = tmp_path_factory.mktemp("fuzzed")
    task = load_dataset("tree:H=3,W=3")
    made = SimpleNamespace(task=task, folder=save_task(task, root / "tasks"), root=root)
    run(made, LEAFY, root / "right")
    cell = run(made, ODD, root / "right")
    store = Store(root / "right")
    mark = Mark(cell_sha256=store.find(cell).sha256, key=cell.key, verdicts={MetricVerdict.OK: 9},
                differing=[], provenance=cell.provenance)  # fmt: skip
    (store.folder(cell) / MARK).write_text(to_json(mark))
    mark_published(store, dt.date(2026, 1, 2))
    write_leaderboard(store)
    made.place = store.folder(cell).relative_to(store.root)
    return made


def copied(results):
    """A results folder of this example alone."""
    out = results.root / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(results.root / "right", out)
    return Store(out)


def require_told(results, store, path):
    """Every command works on a folder with a changed file; what it shows is in range."""
    with limits():
        try:
            board = write_leaderboard(store)
        except InputError as error:
            told = str(error)
            assert path.name == "published.json"
            assert str(path) in told
        else:
            assert "| leafy" in board.path.read_text()
        for cell in store.cells():
            require_in_range(cell.model_dump())
            if cell.status is Status.OK:
                store.query_values(cell)
        checked = check_files(store)
        for derived in check_metrics(checked.cells, lambda *_: results.task):
            for failure in derived.failures:
                assert str(path.parent) in failure
                checked.failures.append(failure)
    return checked.failures


@examples(0.15)
@given(st.sampled_from([CELL, RUN, QUERIES, MARK, "published.json"]), FILE_EDITS)
def test_a_damaged_file_of_results_is_told_by_its_name(results, name, edits):
    store = copied(results)
    path = store.root / ("" if name == "published.json" else results.place) / name
    before = path.read_bytes()
    for edit in edits:
        path.write_bytes(edit(path.read_bytes()) if path.stat().st_size else edit.put)
    failures = require_told(results, store, path)
    if name != "published.json" and path.read_bytes() != before:
        assert any(str(path) in failure for failure in failures)


def places_of(value, at=()):
    """The way to every part of nested JSON."""
    yield at
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_of(part, (*at, key))


def signed(fields):
    """The text of a record that somebody wrote by hand, with the checksum of it."""
    unsigned = json.dumps(fields | {"sha256": None})
    digest = hashlib.sha256(unsigned.encode()).hexdigest()
    return json.dumps(fields | {"sha256": digest})


@examples(0.25)
@given(
    st.sampled_from([CELL, CELL, MARK, "published.json"]), st.integers(0, 5000),
    st.one_of(NUMBERS, SCALARS, VALUES, st.just("left out")),
)  # fmt: skip
def test_a_record_written_by_hand_is_refused_or_shows_what_can_be(results, name, number, value):
    store = copied(results)
    path = store.root / ("" if name == "published.json" else results.place) / name
    fields = json.loads(path.read_text())
    ways = [way for way in places_of(fields) if way and way[0] not in {"sha256", "provenance"}]
    *way, last = ways[number % len(ways)]
    inside = fields
    for key in way:
        inside = inside[key]
    if value == "left out":
        del inside[last]
    else:
        inside[last] = value
    try:
        path.write_text(signed(fields))
    except (TypeError, ValueError):
        return
    require_told(results, store, path)


@examples(0.2)
@given(st.sampled_from([RUN, QUERIES]), st.lists(COLUMN_CHANGES, min_size=1, max_size=2))
def test_a_run_written_by_hand_is_refused_or_gives_what_the_cell_says(results, name, changes):
    store = copied(results)
    path = store.root / results.place / name
    for change in changes:
        change(path)
    fields = json.loads(path.with_name(CELL).read_text())
    column = {RUN: "run_sha256", QUERIES: "queries_sha256"}[name]
    path.with_name(CELL).write_text(signed(fields | {column: sha256_of(path)}))
    require_told(results, store, path)
