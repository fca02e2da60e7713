"""Fixtures: where real data lies, small tasks, and the command as a user runs it."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import numpy as np
import pytest
from click.testing import CliRunner

from bench.arrays.ancestors import ancestors
from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.cli.run import run_command
from bench.data.readers.hierarchy import transductive_task
from bench.errors import lacks_packages
from bench.task import Task
from bench.task.judgements import Judgements
from tests.page import address, browser, open_page, published, small  # noqa: F401 - fixtures

ROOT = Path(__file__).parent.parent
hypothesis.settings.register_profile("nightly", max_examples=10_000, print_blob=True)


RUNS_MUCH = {"bench", "clone", "results"}
"""Fixtures whose tests are slow: the command, a clone of the project, what a run left."""
QUICK_S = 30.0
"""Processor seconds that any other test may take, imports and processes included. The dearest takes
4 on a quiet machine and has taken 10 on a busy one: the limit is for what trains, not for those."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what ``make quick`` leaves out. Their files begin, and quick ones fill up."""
    for item in items:
        if RUNS_MUCH.intersection(item.fixturenames):
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a test that takes long and is not marked as slow, so that ``make quick`` stays quick.

    One that uses ScaNN is skipped where it does not exist.
    """
    began = processor_seconds()
    try:
        result = yield
    except ModuleNotFoundError as error:
        if error.name != "scann" or sys.platform == "linux":
            raise
        pytest.skip(lacks_packages(["scann"]))
    spent = processor_seconds() - began
    if spent > QUICK_S and item.get_closest_marker("slow") is None:
        pytest.fail(f"it took {spent:.1f} processor seconds; make it cheaper, or mark it as slow")
    return result


def processor_seconds():
    return sum(os.times()[:4])


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the tests' own."""
    folder = str(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TREELINE_CACHE", folder)
        yield folder


@pytest.fixture(autouse=True)
def own_imports(tmp_path_factory, monkeypatch):
    """Plugins of a test, and what lies beside them, are imported for this test alone."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    forget_modules_below(tmp_path_factory.getbasetemp())


def forget_modules_below(folder):
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
            del sys.modules[name]
    importlib.invalidate_caches()


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


TOPICS = (
    "dog", "piano", "volcano", "tax", "vaccine", "football", "bread", "satellite", "marriage",
    "whale", "bicycle", "novel",
)  # fmt: skip


@pytest.fixture(scope="session")
def small_text_task():
    """12 queries over 24 documents; document 2i is about query i, and 2i + 1 mentions it.

    The first 8 queries are for training, the next 2 for validation; the test are the last 4 and
    the first, whose documents were seen.
    """
    texts = [text for topic in TOPICS for text in (f"All about the {topic}.", f"{topic} and music")]
    queries = np.repeat(np.arange(12), 2)
    relevance = Relevance.from_pairs(queries, np.arange(24), np.tile([0, 1], 12), 12, 24)
    of = {"cut": 100, "gains": (2, 1)}
    asked = np.isin(relevance.queries, [0, 8, 9, 10, 11])
    return Task(
        "small-text",
        [f"q{i}" for i in range(12)],
        [f"d{i}" for i in range(24)],
        relevance.where(relevance.queries < 8),
        Judgements(relevance.where(np.isin(relevance.queries, [6, 7])), **of),
        Judgements(relevance.where(asked), seen=relevance.queries[asked] == 0, **of),
        query_texts=Strings.of([f"what is a {topic}?" for topic in TOPICS]),
        document_texts=Strings.of(texts),
        seen="a document is seen if it was a training positive",
    )


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Run the command in this process, from the root, with results in a folder of the test.

    Its cells are measured in processes of their own, as always. An error that it does not expect
    is raised here.
    """
    monkeypatch.chdir(ROOT)

    def call(*arguments: str, out: Path = tmp_path / "out"):
        forget_modules_below(tmp_path)  # the test may have written a plugin again
        done = CliRunner(catch_exceptions=False).invoke(
            run_command, [*arguments, "--out", str(out)]
        )
        return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)

    return call


@pytest.fixture
def clone(tmp_path):
    """A clone of the commit, with what has changed in the working tree since committed on top."""
    folder = tmp_path / "treeline"
    git(tmp_path, "clone", "--quiet", "--shared", ROOT, folder)
    listed = git(ROOT, "ls-files", "--modified", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, target)
        else:
            target.unlink()
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "as it stands")
    return folder


def environment():
    """That of a shell where the environment of these tests is active, and no data is known."""
    names = {f"GIT_{who}_{what}": "walker" for who in ("AUTHOR", "COMMITTER")
             for what in ("NAME", "EMAIL")}  # fmt: skip
    known = {name: value for name, value in os.environ.items() if name != "TREELINE_DATA"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**known, **names, "PATH": path, "PYTHONPATH": "."}


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True,
                          env=environment())  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
