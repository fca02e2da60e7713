"""Who may import whom, read off the source."""

import ast
import inspect
import os
import re
import runpy
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import ROOT

DRAWN = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "architecture.py")))
ARROWS = DRAWN.arrows()
FROM_ROOT = {**os.environ, "PYTHONPATH": str(ROOT)}
ROOMS = sorted(room for room in ARROWS if room.startswith("bench.") and room not in DRAWN.GROUND)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_docstring_allows(room):
    allowed = DRAWN.may_import(room)
    assert allowed is not None, f"say in the docstring of {room} what it may import"
    others = ", ".join(sorted(ARROWS[room] - set(DRAWN.GROUND) - allowed))
    assert not others, (
        f"{room} imports {others}, which its docstring does not allow: imports go down only "
        "(docs/architecture.md); move what is needed into a room below both"
    )


def test_imports_go_down_in_few_floors_without_a_circle():
    assert max(DRAWN.floors(ARROWS).values()) <= 12
    assert len(ARROWS) <= 26
    assert max(DRAWN.floors(DRAWN.files()).values()) <= 20


def test_the_studies_can_be_imported_on_their_own_and_from_another_folder(tmp_path):
    for code in (
        "import studies.cli",
        "from bench.cli.commands import main; main.commands['speed']",
    ):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=FROM_ROOT)
        assert done.returncode == 0


def test_the_drawing_of_the_rooms_is_that_of_the_imports():
    assert DRAWN.page() == DRAWN.PAGE.read_text(), "it is stale; run `make docs`"


def test_the_way_of_one_cell_names_what_is_there():
    steps = re.findall(r"\[(\S+\.py)\]\(\S+\)\s+`([\w.]+)`", DRAWN.PAGE.read_text())
    assert len(steps) == 8
    for file, name in steps:
        *_, definition = name.split(".")
        assert re.search(rf"(def|class) {definition}\b", (ROOT / file).read_text()), name


def test_methods_see_the_contract_and_the_task_and_nothing_else_of_the_harness():
    seen = set().union(*(DRAWN.imported(path) for path in (ROOT / "methods").rglob("*.py")))
    allowed = {"bench.method", "bench.task", "bench.leaves", *DRAWN.GROUND}
    assert {module for module in seen if module.startswith("bench")} <= allowed


def test_the_harness_reaches_methods_through_the_registry_alone_and_studies_not_at_all():
    for room, targets in ARROWS.items():
        assert room == "studies" or not {"methods", "studies"} & (targets - {room}), room


PICKLERS = {
    "pickle", "_pickle", "cPickle", "pickle5", "dill", "joblib", "cloudpickle", "shelve", "marshal",
    "read_pickle", "to_pickle", "load_pickle", "allow_pickle",
}  # fmt: skip
"""Modules, functions and arguments that pickle or unpickle; ruff's S301 knows some calls."""


def unpickling(source: str) -> set[str]:
    """Names of ``PICKLERS`` in a module, whether imported, called, passed or imported by text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [getattr(node, field, None) for field in ("name", "module", "attr", "id", "arg")]
        names += [node.value] if isinstance(node, ast.Constant) else []
        parts = {part for name in names if isinstance(name, str) for part in name.split(".")}
        found |= parts & PICKLERS
        text = ast.unparse(node) if isinstance(node, ast.Attribute | ast.ImportFrom) else ""
        found |= {text} & {"torch.load", "from torch import load"}
    return found


@pytest.mark.parametrize(
    "source",
    [
        *(f"import {module}" for module in sorted(PICKLERS)),
        "from pickle import loads",
        "from joblib.externals import loky",
        "from torch import load",
        "torch.load(path)",
        "torch.serialization.pickle.load(file)",
        "np.load(path, allow_pickle=flag)",
        "frame.to_pickle(path)",
        "importlib.import_module('dill')",
    ],
)
def test_what_unpickles_is_recognised(source):
    assert unpickling(source)


def test_nothing_is_ever_unpickled():
    files = [
        path for room in ("bench", "methods", "studies") for path in (ROOT / room).rglob("*.py")
    ]
    assert len(files) > 100
    assert not {path.name: found for path in files if (found := unpickling(path.read_text()))}


def test_reading_an_array_unpickles_nothing_unless_it_is_told_to():
    assert inspect.signature(np.load).parameters["allow_pickle"].default is False
