"""Who may import whom, read off the source."""

import ast
import inspect
import re
import runpy
from types import SimpleNamespace

import numpy as np
import pytest

from tests.conftest import ROOT

DRAWN = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "architecture.py")))
ARROWS = DRAWN.arrows()
ROOMS = sorted(room for room in ARROWS if room.startswith("bench.") and room not in DRAWN.GROUND)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_docstring_allows(room):
    allowed = DRAWN.may_import(room)
    assert allowed is not None, f"say in the docstring of {room} what it may import"
    assert ARROWS[room] - set(DRAWN.GROUND) <= allowed


def test_imports_go_down_in_few_floors_without_a_circle():
    assert max(DRAWN.floors(ARROWS).values()) <= 12
    assert len(ARROWS) <= 25
    assert max(DRAWN.floors(DRAWN.files()).values()) <= 20


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
}  # fmt: skip
BY_PICKLE = {"read_pickle", "to_pickle", "load_pickle"}


def dotted(node: ast.expr) -> str:
    """``np.load`` of the function in a call."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unpickling(source: str) -> list[str]:
    """What in a module may pickle or unpickle, as text."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.partition(".")[0] in PICKLERS]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = {alias.name for alias in node.names}
            if module.partition(".")[0] in PICKLERS or names & (PICKLERS | BY_PICKLE):
                found.append(module)
            elif module == "torch" and "load" in names:
                found.append("from torch import load")
        elif isinstance(node, ast.Attribute) and node.attr in BY_PICKLE | PICKLERS:
            found.append(node.attr)
        elif isinstance(node, ast.Call):
            given = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
            name = dotted(node.func)
            if name == "torch.load" and given.get("weights_only") is not True:
                found.append(name)
            if given.get("allow_pickle", False) is not False:
                found.append(f"{name}(allow_pickle)")
            if name == "__import__" or name.endswith("import_module"):
                names = {getattr(argument, "value", None) for argument in node.args}
                found += sorted(names & PICKLERS)
    return found


@pytest.mark.parametrize(
    "source",
    [
        *(f"import {module}" for module in sorted(PICKLERS)),
        "from pickle import loads",
        "from joblib.externals import loky",
        "from torch import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=flag)",
        "torch.serialization.pickle.load(file)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=flag)",
        "pd.read_pickle(path)",
        "frame.to_pickle(path)",
        "from pandas import read_pickle",
        "importlib.import_module('dill')",
    ],
)
def test_what_unpickles_is_recognised(source):
    assert unpickling(source)


@pytest.mark.parametrize(
    "source",
    [
        "np.load(path, mmap_mode='r')",
        "np.load(path, allow_pickle=False)",
        "torch.load(path, weights_only=True)",
        "import json",
    ],
)
def test_what_does_not_unpickle_is_let_pass(source):
    assert not unpickling(source)


def test_nothing_is_ever_unpickled():
    files = [path for folder in ("bench", "methods") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert not {path.name: found for path in files if (found := unpickling(path.read_text()))}


def test_reading_an_array_unpickles_nothing_unless_it_is_told_to():
    assert inspect.signature(np.load).parameters["allow_pickle"].default is False


def test_nothing_prints_but_the_reporter():
    for path in (ROOT / "bench").rglob("*.py"):
        if path.name != "console.py":
            names = {
                node.func.id
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert "print" not in names
