"""Who may import whom, read off the source."""

import ast

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


@pytest.mark.parametrize("module", ["pickle", "joblib", "dill", "cloudpickle"])
def test_nothing_is_pickled(module):
    for folder in ("bench", "methods"):
        assert module not in {name.partition(".")[0] for _, name in imports(folder)}


def test_nothing_prints_but_the_reporter():
    for path in (ROOT / "bench").rglob("*.py"):
        if path.name != "console.py":
            names = {
                node.func.id
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert "print" not in names
