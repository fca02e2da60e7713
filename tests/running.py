"""Runs of the command that go on beside a test, and what they store."""

import subprocess
import sys
import time
from pathlib import Path

import psutil

from bench.executors.measure import Conditions
from bench.experiment import Experiment
from bench.plan.grid import Settings, grids
from bench.registry import Registry
from bench.store.cell import Cell
from tests.conftest import ROOT

PLUGIN = str(ROOT / "tests" / "plugins" / "misbehaving.py")
SMALL = ("--dataset", "tree:H=3,W=3")


def start(out: Path, *arguments: str, **options) -> subprocess.Popen:
    """A run in the background, its output in a pipe."""
    command = [sys.executable, "run_bench.py", *arguments, "--out", str(out)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options}
    return subprocess.Popen(command, cwd=ROOT, **options)


def cells_of(out: Path) -> list[Cell]:
    return [
        Cell.model_validate_json(path.read_bytes()) for path in out.glob("runs/*/*/*/cell.json")
    ]


def processes_of(out: Path) -> list[psutil.Process]:
    """The run into a folder, its guards and the processes of its cells."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(out) in argument for argument in process.info["cmdline"] or ())
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def experiment(methods, *datasets, out, plugins=(), settings=(), seeds=(0,), **conditions):
    """What the command line would ask for; methods are names with commas between."""
    registry = Registry(plugins)
    names = methods.split(",") if methods else ()
    set_by_hand = Settings.parse(settings)
    asked = grids(names, datasets, registry, settings=set_by_hand, seeds=seeds)
    return Experiment(asked, registry, out, Conditions(**conditions))
