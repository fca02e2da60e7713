"""Who may import whom, read off the source."""

import ast
import inspect

import numpy as np
import pytest

from tests.conftest import ROOT

FOR_METHODS = {"bench.method", "bench.task", "bench.errors", "bench.types", "bench.leaves"}


def imports(folder):
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path.name, node.module


def test_the_harness_reaches_methods_through_the_registry_alone():
    assert not [pair for pair in imports("bench") if pair[1].partition(".")[0] == "methods"]


def test_methods_see_the_contract_and_the_task_and_nothing_else_of_the_harness():
    seen = {module for _, module in imports("methods") if module.partition(".")[0] == "bench"}
    assert seen <= FOR_METHODS


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


def test_nothing_prints_but_the_reporter():
    for path in (ROOT / "bench").rglob("*.py"):
        if path.name != "console.py":
            names = {
                node.func.id
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert "print" not in names
