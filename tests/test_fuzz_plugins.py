"""Whatever a plugin returns: its row has right figures, or says what was wrong; the others stay."""

import contextlib
import io
import math
import os
import re
import shutil
import time
from types import SimpleNamespace

import numpy as np
import odd_answers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.cell import run_cell
from bench.executors.events import Event, Kind
from bench.executors.messages import message_of
from bench.executors.progress import follow
from bench.executors.resources import Needs
from bench.executors.worker import _Events
from bench.leaves import LeafHealth
from bench.method import Resources
from bench.plan.cells import cell_of
from bench.plan.grid import Settings, settled
from bench.plan.schedule import Schedule
from bench.registry import Registry
from bench.report.leaderboard import write_leaderboard
from bench.store.cell import CellSpec, Status
from bench.store.folder import Store
from bench.system.provenance import provenance
from bench.task.files import save_task
from bench.verify.files import check_files
from bench.verify.metrics import check_metrics
from tests.conftest import ROOT
from tests.fuzz import (
    ARRAY_CHANGES,
    NUMBERS,
    SCALARS,
    TEXTS,
    VALUES,
    Instead,
    examples,
    limits,
)

pytestmark = pytest.mark.slow

ODD, LEAFY = (f"{ROOT / 'tests' / 'plugins' / file}" for file in ("odd.py:Odd", "leafy.py:Leafy"))


@pytest.fixture(scope="module", params=["tree", "texts"])
def measured(request, tmp_path_factory, small_text_task):
    """A task on disk, and a results folder with a right cell of it."""
    task = load_dataset("tree:H=3,W=3") if request.param == "tree" else small_text_task
    root = tmp_path_factory.mktemp("fuzzed")
    folder = save_task(task, root / "tasks")
    made = SimpleNamespace(task=task, folder=folder, root=root)
    odd_answers.forget()
    assert run(made, LEAFY, root / "right").status is Status.OK
    return made


def planned(measured, plugin):
    """The cell of a plugin, before it is measured.

    Raises:
        InputError: the plugin cannot be used.
    """
    registry = Registry([plugin])
    (name,) = registry.plugin_names()
    method = registry.resolve(name)
    Needs((), [method]).of(name)
    cell = cell_of(
        measured.task, method, settled(method, measured.task, Settings()), 0, None, provenance(1)
    )
    return cell.model_copy(update={"plugin": plugin})


def run(measured, plugin, root):
    """A cell measured in this process and kept as a run keeps it; its events are shown."""
    store = Store(root)
    store.prepare()
    cell = planned(measured, plugin)
    shown = [Event(Kind.START, cell)]
    if cell.status is Status.PLANNED:
        spec = CellSpec(
            root=str(root), task_folder=str(measured.folder), fits=str(store.fits),
            memory_bytes=0, fits_from=0, planned=cell, launched=time.time(),
        )  # fmt: skip
        spec = CellSpec.model_validate_json(spec.model_dump_json(by_alias=True))
        with (root / "events").open("w+b") as pipe:
            events = _Events(os.dup(pipe.fileno()))
            cell = run_cell(spec, events.phase, events.warn)
            events.end(cell)
            pipe.seek(0)
            *messages, last = map(message_of, pipe)
        shown += [Event(m.kind, cell, m.text, int(m.done), int(m.total)) for m in messages]
        assert last.status is cell.status
    if cell.status is Status.OK:
        cell = store.find_new(cell)
    else:
        store.commit(cell)
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
        assert follow([*shown, Event(Kind.END, cell)], 1, Schedule([cell]), store.logs) == [cell]
    return cell


POINTS = st.one_of(
    st.lists(st.dictionaries(TEXTS, SCALARS, max_size=2), max_size=3),
    st.lists(st.fixed_dictionaries({"nprobe": SCALARS}), max_size=3),
    VALUES,
)
HEALTH = st.one_of(
    st.lists(st.builds(LeafHealth, *[NUMBERS] * 7), max_size=3),
    st.lists(st.builds(LeafHealth, *[SCALARS] * 7), max_size=1),
    VALUES,
)
SETTINGS = st.dictionaries(st.one_of(st.sampled_from(["spread", "note", "how"]), TEXTS), SCALARS)
ANSWERS = {
    **dict.fromkeys(["ids", "scores", "leaves", "visited", "partition", "rank_exactly"],
                    ARRAY_CHANGES),
    **dict.fromkeys(["routing", "index_bytes", "skip", "search"], st.builds(Instead, VALUES)),
    "operating_points": st.builds(Instead, POINTS),
    "leaves_in_training": st.builds(Instead, HEALTH),
    "progress": st.builds(Instead, st.tuples(SCALARS, SCALARS)),
    "warn": st.builds(Instead, SCALARS),
}  # fmt: skip
STATED = {
    "name": st.one_of(VALUES, st.sampled_from(["all", "leafy", "a/b", "..", "CON", "a" * 300])),
    "params": st.one_of(SETTINGS, VALUES),
    "requires": st.one_of(st.lists(TEXTS, max_size=2).map(tuple), VALUES),
    "resources": st.one_of(st.builds(Resources, SCALARS, SCALARS, SCALARS), VALUES),
    **dict.fromkeys(["version", "ablations", "sees_test", "exempt"], VALUES),
}


@st.composite
def changed(draw, answers):
    """One answer to three that are odd, by name, of a method that counts in one way."""
    names = draw(st.lists(st.sampled_from(sorted(answers)), min_size=1, max_size=3, unique=True))
    counts = {"counts": Instead(draw(st.sampled_from(["leaves", "visited", "nothing"])))}
    return counts | {name: draw(answers[name]) for name in names}


def require_true_row_or_reason(measured, answers):
    """Measure the plugin with these answers; check all that is stored and shown of it."""
    root = measured.root / "out"
    shutil.copytree(measured.root / "right", root)
    odd_answers.forget()
    odd_answers.CHANGED.update(answers)
    try:
        with limits():
            try:
                planned(measured, ODD)
            except InputError as error:  # before anything is measured
                told = str(error)
                assert re.search("Odd|odd", told), told
                return
            cell = run(measured, ODD, root)
            store = Store(root)
            board = write_leaderboard(store)
            assert board.left_out == []
            assert "| leafy" in board.path.read_text()
            checked = check_files(store)
            assert checked.failures == []
            assert len(checked.cells) == 2
            for derived in check_metrics(checked.cells, lambda *_: measured.task):
                assert not derived.failures
                assert derived.equal == len(derived.runs.here) == 1 + (cell.status is Status.OK)
        if cell.status is Status.OK:
            require_in_range(cell.model_dump())
            require_figures(cell, measured.task)
        elif cell.status is Status.FAILED:
            assert re.match("(MethodError|InputError): .*[a-z]", cell.reason), cell.reason
        else:
            assert cell.status is Status.SKIPPED
    finally:
        odd_answers.forget()
        shutil.rmtree(root)


def require_in_range(value, name=""):
    """Every figure is finite, and a share is one."""
    if isinstance(value, dict):
        for key, part in value.items():
            require_in_range(part, key)
    elif isinstance(value, list):
        for part in value:
            require_in_range(part, name)
    elif isinstance(value, float):
        assert math.isfinite(value), name
        most = {"visited": 2, "work": math.inf}.get(name, 1)
        if name in {"recall", "macro", "min", "mean", "low", "high", "visited", "encoder",
                    "scoring", "gain", "score", "largest", "gini", "entropy"}:  # fmt: skip
            assert -1e-9 <= value <= most + 1e-9, (name, value)


def require_figures(cell, task):
    """Recall, nDCG@10 and visited documents, counted by loops over what the plugin returned."""
    asked = task.test.relevance.answered
    judged = task.test.rows(asked)
    columns = (
        getattr(judged.relevance, name).tolist() for name in ("queries", "documents", "distances")
    )
    gain = {
        (query, document): 1 if task.test.cut is None else task.test.gains[distance]
        for query, document, distance in zip(*columns, strict=True)
    }
    sizes = judged.relevance.counts.tolist()
    n_documents = len(task.document_names)
    # Single queries were timed after those that are measured.
    batches = [(n, result) for n, result in odd_answers.SEARCHES if len(result.ids) == len(asked)]
    searched = batches[-len(cell.points) :]
    for point, (_, result) in zip(cell.points, searched, strict=True):
        ids = np.asarray(result.ids).tolist()
        assert len(ids) == len(asked)
        found = ndcg = 0
        for query, ranking in enumerate(ids):
            cut = task.test.cut or sizes[query]
            found += sum((query, each) in gain for each in ranking[:cut])
            best = sorted((g for (q, _), g in gain.items() if q == query), reverse=True)
            dcg, ideal = (
                sum(g / math.log2(rank + 2) for rank, g in enumerate(gains[:10]))
                for gains in ([gain.get((query, each), 0) for each in ranking], best)
            )
            ndcg += dcg / ideal / len(ids)
        assert point.recall == pytest.approx(found / len(gain))
        if task.test.cut is not None:
            assert point.ranking["nDCG@10"].mean == pytest.approx(ndcg)
        assert point.visited == pytest.approx(visited_by(result, len(ids), n_documents))
        assert point.self_reported == (result.leaves is None and result.visited is not None)


def visited_by(result, n, n_documents):
    """Mean share of the corpus that a search looked at."""
    if result.leaves is not None:
        leaf = np.asarray(odd_answers.GIVEN["partition"]).reshape(n_documents, -1).tolist()
        probed = [set(row) for row in np.asarray(result.leaves).tolist()]
        count = sum(any(each in row for each in own) for row in probed for own in leaf)
        return count / n / n_documents
    if result.visited is not None:
        return float(np.mean(np.asarray(result.visited, float))) / n_documents
    return 1


@examples(0.35)
@given(changed(ANSWERS))
def test_a_row_has_true_figures_or_a_reason_whatever_the_plugin_returns(measured, answers):
    require_true_row_or_reason(measured, answers)


@examples(0.15)
@given(changed({name: st.builds(Instead, values) for name, values in STATED.items()}))
def test_a_row_has_true_figures_or_a_reason_whatever_the_class_states(measured, answers):
    require_true_row_or_reason(measured, answers)
