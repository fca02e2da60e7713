"""Fixtures: where real data lies, small tasks, and the command as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.hierarchy import ancestors
from bench.readers.hierarchy import transductive_task

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data, or a visible skip."""
    folder = Path(os.environ.get("TREELINE_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "wordnet" / "data.noun").exists():
        pytest.skip(f"no real data in {folder}; set TREELINE_DATA")
    return folder


@pytest.fixture
def diamond():
    """0 above 1 and 2, both above 3, which is above 4; 5 stands alone."""
    children, parents = np.array([1, 2, 3, 3, 4]), np.array([0, 0, 1, 2, 3])
    return ancestors(children, parents, 6, max_distance=8)


@pytest.fixture(scope="session")
def small_task():
    """A tree of 3 levels of 4 children: 21 nodes."""
    children = np.arange(1, 21)
    names = [f"n{node}" for node in range(21)]
    return transductive_task("small", names, children, (children - 1) // 4, 8)


@pytest.fixture
def bench(tmp_path):
    """Run a command of the project from its root, with results in a folder of the test."""

    def call(*arguments: str, out: Path = tmp_path / "out", timeout: float = 240):
        command = [sys.executable, "run_bench.py", *arguments, "--out", str(out)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)

    return call
