"""How busy a machine was is stored with seconds and speeds, and marks them on boards."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

import bench
from bench.evaluation.clock import Watch
from bench.evaluation.fitted import FittedCache
from bench.measures.budget import Budget
from bench.method import Workspace
from bench.registry import Registry
from bench.report.best import fastest
from bench.report.boards.all import report_of
from bench.report.boards.cost import STEPS, cost_board
from bench.report.rows import rows_of
from bench.store.cell import Cell
from bench.system.records import to_json
from bench.system.threads import thread_seconds
from bench.verify.runs import rederive
from tests.cells import cell, point

TREE = "tree:H=3,W=3"
TOLD = pytest.mark.skipif(not thread_seconds(), reason="the system does not tell")


def compute(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        np.dot(np.ones(100), np.ones(100))


@TOLD
def test_a_watch_counts_the_time_for_which_another_process_had_the_core():
    watch, cores = Watch(), os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with watch.running():
            compute(0.2)
    finally:
        busy.kill()
        busy.wait()
        os.sched_setaffinity(0, cores)
    assert watch.waited > 0.2


@TOLD
def test_time_asleep_and_time_outside_the_blocks_is_no_load(monkeypatch):
    told = iter([{"1": (1.0, 1.0)}, {"1": (1.5, 1.0)}, {"1": (9.0, 9.0)}, {"1": (9.5, 9.1)}])
    monkeypatch.setattr("bench.evaluation.clock.thread_seconds", lambda: next(told))
    watch = Watch()
    for _ in range(2):
        with watch.running():
            pass
    assert watch.waited == pytest.approx(0.1 / 1.1)


def test_a_system_that_does_not_tell_leaves_the_load_unknown(monkeypatch):
    monkeypatch.setattr("bench.evaluation.clock.thread_seconds", dict)
    watch = Watch()
    with watch.running():
        pass
    assert watch.waited is None


@TOLD
def test_a_cell_has_the_load_of_its_steps_and_searches_and_its_run_leaves_it_as_it_is(tmp_path):
    (measured,) = bench.run("random", TREE, out=tmp_path)
    assert set(measured.cost.waited) == {
        "fit_s", "index_s", "choose_s", "search_s", "exact_s", "latency_s",
    }  # fmt: skip
    assert all(0 <= each.waited <= 1 for each in measured.points)
    (path,) = tmp_path.glob("runs/*/*/*/run.parquet")
    again, _ = rederive(measured, bench.load(TREE), path)
    assert [each.waited for each in again.points] == [each.waited for each in measured.points]


def test_a_shared_fit_has_the_load_of_when_it_was_made(small_task, tmp_path):
    found = []
    for _ in range(2):
        method = Registry().resolve("standard-de")(dim=4, steps=20)
        method.workspace = Workspace(tmp_path)
        cache = FittedCache(tmp_path, small_task.digest)
        found.append(cache.fit(method, small_task.training(), 0, lambda *_: None))
    assert [each.shared for each in found] == [False, True]
    assert found[0].without_core == found[1].without_core


def test_a_cell_without_load_reads_as_before_and_is_written_as_before():
    text = to_json(cell())
    assert "waited" not in text
    assert to_json(Cell.model_validate_json(text)) == text


def speedy(visited, recall, speed, waited=None):
    changes = {"queries_per_second": speed, "waited": waited}
    return point(visited, recall).model_copy(update=changes)


def costs(**waited):
    return cell().cost.model_copy(update={"waited": waited})


def test_seconds_and_speeds_of_a_busy_machine_are_marked_each_and_explained_once():
    busy = cell("busy", points=[speedy(1, 0.8, 500, 0.3)], cost=costs(fit_s=0.04, index_s=0.06))
    calm = cell("calm", points=[speedy(1, 0.7, 900, 0.05)], cost=costs(fit_s=0.0))
    found = cost_board(rows_of([busy, calm]), Budget(1))
    cells = [dict(zip(found.header, row, strict=True)) for row in found.rows]
    names = ("train s", "index s", "search s", "q/s", "harness s")
    assert [[each[name] for name in names] for each in cells] == [
        ["1.0", "~1.0", "1.0", "~500", "1.0"],
        ["1.0", "1.0", "1.0", "900", "1.0"],
    ]
    assert sum("~" in note for note in found.notes) == 1


def test_times_of_unknown_load_bear_no_mark_and_a_note_says_so():
    found = cost_board(rows_of([cell("older")]), Budget(1))
    assert "~" not in str(found)
    assert "How busy the machine was is not known" in found.notes[-1]
    quiet = dict.fromkeys(STEPS.values(), 0.0)
    known = cell(points=[speedy(1, 0.8, 500, 0.0)], cost=costs(**quiet))
    assert "How busy" not in str(cost_board(rows_of([known]), Budget(1)))
    del quiet["fit_s"]
    partly = cell(points=[speedy(1, 0.8, 500, 0.0)], cost=costs(**quiet))
    assert "How busy" in str(cost_board(rows_of([partly]), Budget(1)))


def test_a_speed_of_a_busy_machine_is_not_called_the_fastest():
    cells = [
        cell("hurried", points=[speedy(0.1, 0.8, 9000, 0.2)]),
        cell("older", points=[speedy(0.1, 0.8, 700)]),
        cell("calm", points=[speedy(0.1, 0.8, 600, 0.0)]),
    ]
    assert fastest(report_of(cells, lambda _: None)) == "older (700 q/s)"
    assert fastest(report_of(cells[:1], lambda _: None)) == "–"
