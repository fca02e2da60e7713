"""Indexes, trainers, vectors and datasets of others: as plugins, as packages, by the guides."""

import importlib
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bench as treeline
from bench.data import cards
from bench.errors import InputError, MethodError, lacks_packages
from bench.registry import Registry, brought_by_packages
from bench.store.cell import Status
from bench.versions.keys import cell_key, fit_key
from tests.conftest import ROOT
from tests.running import cells_of
from tests.small_results import data_of_page
from tests.test_contributing import FENCED, plain

PARTS = ROOT / "tests" / "plugins" / "parts.py"
INDEX, TRAINER = f"{PARTS}:Halves", f"{PARTS}:ByName"
TREE = "tree:H=3,W=3"
GUIDES = {
    "own-index.md": {"masked-de+usearch", "masked-de+hnsw"},
    "own-trainer.md": {"svd-de", "svd-de+faiss-ivf", "masked-de"},
    "own-vectors.md": {"zero-shot-de", "zero-shot-de+faiss-ivf", "zero-shot-de+hnsw", "random"},
}


def blocks_of(guide):
    return FENCED.findall((ROOT / "docs" / guide).read_text())


def needs_usearch():
    if reason := lacks_packages(["usearch"]):
        pytest.skip(reason)


def in_folder(folder, *arguments, path=""):
    """Run a command as a shell in a folder does, and give what it prints; it must succeed."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(path), str(ROOT)))),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_runs_as_it_stands_in_an_empty_folder(guide, tmp_path):
    if "usearch" in guide or "index" in guide:
        needs_usearch()
    printed = ""
    for language, name, text in blocks_of(guide):
        if name:
            (tmp_path / name).write_text(text)
        elif language == "sh":
            printed = plain(in_folder(tmp_path, "bash", "-e", "-c", text))
        else:
            assert plain(text) in printed
    cells = cells_of(tmp_path / "results" / "local")
    assert {cell.method for cell in cells} == GUIDES[guide]
    assert {cell.status for cell in cells} == {Status.OK}


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_and_its_file_are_short(guide):
    assert (ROOT / "docs" / guide).read_text().count("\n") < 60
    files = [text for _, name, text in blocks_of(guide) if name.endswith(".py")]
    assert all(text.count("\n") <= 45 for text in files)


@pytest.mark.slow
def test_the_index_of_the_guide_works_from_an_installed_package(tmp_path):
    needs_usearch()
    source, site, empty = (tmp_path / name for name in ("source", "site", "empty"))
    source.mkdir()
    empty.mkdir()
    (file,) = ((name, text) for _, name, text in blocks_of("own-index.md") if name)
    (source / file[0]).write_text(file[1])
    text = (ROOT / "docs" / "own-index.md").read_text()
    line, table = re.search(r"`(usearch = .*)`\nunder `(\[.*\])`", text).groups()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "treeline-usearch"\nversion = "0.1"\n'
        f'{table}\n{line}\n[tool.setuptools]\npy-modules = ["usearch_index"]\n'
    )
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    in_folder(source, sys.executable, "-m", "pip", "install", "-q", *options, "--target", site, ".")
    asked = ("--methods", "masked-de+usearch", "--dataset", TREE, "--set", "steps=20")
    in_folder(empty, sys.executable, "-m", "bench", "run", *asked, path=site)
    (cell,) = cells_of(empty / "results" / "local")
    assert (cell.method, cell.status, cell.plugin) == ("masked-de+usearch", Status.OK, None)
    assert any(text.startswith("USearch ") for text in cell.code)
    assert cell.provenance.versions["usearch"] == importlib.metadata.version("usearch")
    assert "usearch" in in_folder(empty, sys.executable, "-m", "bench", "list", path=site)


def test_an_index_is_composed_with_any_trainer_and_a_trainer_with_any_index():
    registry = Registry([INDEX, TRAINER])
    assert registry.plugin_names() == ["masked-de+halves", "zero-shot-de+halves", "by-name"]
    assert registry.plugin_names(["by-name+halves"]) == []
    assert registry.plugin_names(["masked-de+halves", "all"]) == ["by-name"]
    assert registry.resolve("by-name").params == {"unused": 1}
    assert registry.resolve("by-name+exact") is registry.resolve("by-name")
    both = registry.resolve("by-name+halves")
    assert both.params == {"unused": 1, "lies": "none"}
    assert both.exempt == {"larger_budget_never_visits_less": "there are no budgets"}
    assert registry.plugins_of("by-name+halves") == (TRAINER, INDEX)
    assert registry.plugins_of("by-name+faiss-ivf") == (TRAINER,)
    assert registry.plugins_of("masked-de+halves") == (INDEX,)
    assert registry.plugins_of("masked-de") == ()


def test_a_fit_is_shared_over_an_index_and_known_by_the_code_of_the_trainer(tmp_path):
    registry = Registry([INDEX, TRAINER])
    own, exact = (registry.resolve(name)() for name in ("by-name+halves", "by-name"))
    assert fit_key("task", own, 0) == fit_key("task", exact, 0)
    changed = tmp_path / "parts.py"
    changed.write_text(PARTS.read_text().replace("% 2", "% 3"))
    again = Registry([f"{changed}:Halves"]).resolve("masked-de+halves")()
    before = registry.resolve("masked-de+halves")()
    assert cell_key("task", again, 0, 3) != cell_key("task", before, 0, 3)
    assert fit_key("task", again, 0) == fit_key("task", before, 0)


@pytest.mark.slow
def test_two_plugins_make_a_row_and_its_command_names_both(bench, tmp_path):
    asked = ("--plugin", INDEX, "--plugin", TRAINER, "--methods", "by-name+halves")
    done = bench(*asked, "--dataset", TREE)
    assert done.returncode == 0, done.stdout + done.stderr
    (cell,) = cells_of(tmp_path / "out")
    assert cell.plugin == [TRAINER, INDEX]
    assert cell.points[0].visited == pytest.approx(7 / 13)
    page = data_of_page((tmp_path / "out" / "leaderboard.html").read_text())
    (row,) = page["tasks"][0]["rows"]
    assert f"--methods by-name+halves --plugin {TRAINER} --plugin {INDEX}" in row["command"]
    assert "1 cell was measured before and is kept" in bench(*asked, "--dataset", TREE).stdout


@pytest.mark.slow
def test_a_plugin_alone_is_measured(bench, tmp_path):
    done = bench("--plugin", INDEX, "--dataset", TREE, "--set", "masked-de+halves.steps=10")
    assert done.returncode == 0, done.stdout + done.stderr
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["masked-de+halves"].status is Status.OK
    assert cells["zero-shot-de+halves"].reason == "the dataset has no texts"


@pytest.mark.parametrize(
    ("lies", "says"),
    [
        (
            "leaf",
            r"^by-name\+halves: query 0 .* returned document \d+ of leaf 1, which is not among",
        ),
        ("count", r"^by-name\+halves: says that it visited 13 documents for 13 queries, but it"),
    ],
)
def test_an_index_that_returns_what_it_did_not_visit_is_told_by_name(small_task, lies, says):
    method = Registry([INDEX, TRAINER]).resolve("by-name+halves")
    task = treeline.load(TREE)
    treeline.evaluate(method(), task)
    with pytest.raises(MethodError, match=says):
        treeline.evaluate(method(lies=lies), task)


def test_an_index_cannot_change_the_vectors_that_it_is_given():
    method = Registry([INDEX, TRAINER]).resolve("by-name+halves")
    with pytest.raises(ValueError, match="read-only"):
        treeline.evaluate(method(lies="change"), treeline.load(TREE))


@pytest.mark.slow
def test_an_encoder_of_its_own_is_saved_and_loaded(tmp_path):
    method = Registry([TRAINER]).resolve("by-name")
    task = treeline.load(TREE)
    first, again = (treeline.evaluate(method(), task, fits=tmp_path / "fits") for _ in range(2))
    assert not first.cost.fit_shared
    assert again.cost.fit_shared
    assert again.points[0].recall == first.points[0].recall


HEAD = "from dataclasses import dataclass\nfrom methods.indexes.base import Index\n"
BODY = """
    def build(self, documents, guide): ...
    def search(self, queries, k, point): ...
    def memory_bytes(self): ...
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@dataclass\nclass Mine(Index):\n    name = 'mine'", "lacks build, memory_bytes, search"),
        (f"@dataclass\nclass Mine(Index):{BODY}", "Mine lacks name"),
        (
            f"class Mine(Index):\n    name = 'mine'\n    links: int = 3{BODY}",
            "Mine.links is no hyper-",
        ),
        (
            f"@dataclass\nclass Mine(Index):\n    name = 'mine'\n    links: int{BODY}",
            "links is missing",
        ),
        (
            f"@dataclass\nclass Mine(Index):\n    name = 'mine'\n    a: object = None{BODY}",
            "Mine.a is None",
        ),
        (
            f"@dataclass\nclass Mine(Index):\n    name = 'exact'{BODY}",
            "two indexes are named 'exact'",
        ),
        (f"@dataclass\nclass Mine(Index):\n    name = 'a+b'{BODY}", r"cannot be named 'a\+b'"),
        (
            f"@dataclass\nclass Mine(Index):\n    name = 'mine'\n    exempt = ['x']{BODY}",
            "exempt is",
        ),
        (
            f"@dataclass\nclass Mine(Index):\n    name = 'mine'\n    requires = 'x'{BODY}",
            "requires is",
        ),
        (
            "from methods.indexes.faiss_ivf import FaissIVF\n@dataclass\nclass Mine(FaissIVF):\n"
            "    name = 'mine'\n    nlist = 30",
            "Mine.nlist is a hyper-parameter of its base, .* without a type; write nlist: int = …",
        ),
        ("class Mine(Index.__mro__[1]): ...", "not a subclass of one of bench.method.Method"),
    ],
)
def test_a_part_that_cannot_be_composed_says_why(tmp_path, text, says):
    (tmp_path / "own.py").write_text(f"{HEAD}{text}")
    with pytest.raises(InputError, match=says):
        Registry([f"{tmp_path / 'own.py'}:Mine"])


def test_a_hyperparameter_that_both_parts_have_is_told(tmp_path):
    text = f"{HEAD}@dataclass\nclass Mine(Index):\n    name = 'mine'\n    dim: int = 3{BODY}"
    (tmp_path / "own.py").write_text(text)
    registry = Registry([f"{tmp_path / 'own.py'}:Mine"])
    with pytest.raises(InputError, match=r"masked-de and Mine both have a hyper-parameter dim"):
        registry.resolve("masked-de+mine")


POOLED = """
import multiprocessing

from bench.method import Method, SearchResult
from .tools.numbers import double, first


class Pooled(Method):
    name = "pooled"

    def index(self, corpus):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.map(double, [1, 2]) == [2, 4]

    def search(self, queries, k, point):
        return SearchResult(*first(len(queries.rows), k))
"""
NUMBERS = """
import numpy as np


def double(number):
    return 2 * number


def first(n, k):
    ids = np.tile(np.arange(k), (n, 1))
    return ids, -ids.astype(float)
"""


@pytest.fixture
def package(tmp_path):
    """A package of three modules with a method, whose processes import it."""
    folder = tmp_path / "a place" / "kit_of_mine"
    (folder / "tools").mkdir(parents=True)
    (folder / "__init__.py").write_text("from .method import Pooled\n")
    (folder / "method.py").write_text(POOLED)
    (folder / "tools" / "__init__.py").write_text("")
    (folder / "tools" / "numbers.py").write_text(NUMBERS)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}:Pooled", "{}/method.py:Pooled", "kit_of_mine.method:Pooled"])
def test_a_plugin_may_be_a_package_whose_processes_import_it(package, tmp_path, form):
    asked = ("--plugin", form.format(package), "--dataset", TREE, "--timeout", "100")
    command = (sys.executable, "-m", "bench", "run", *asked, "--out", str(tmp_path / "out"))
    in_folder(package.parent, *command)
    (cell,) = cells_of(tmp_path / "out")
    assert cell.status is Status.OK
    assert cell.plugin.startswith(str(package))


def test_a_file_of_a_package_may_import_a_file_beside_it_by_its_name_alone(package):
    (package / "beside_it.py").write_text("from kit_of_mine.method import Pooled\n")
    (package / "other.py").write_text("from beside_it import Pooled\n")
    found = Registry([f"{package / 'other.py'}:Pooled"]).resolve("pooled")
    assert found.__module__ == "kit_of_mine.other"


def test_a_package_is_known_by_the_content_of_all_its_modules(package):
    def key():
        return cell_key("task", Registry([f"{package}:Pooled"]).resolve("pooled")(), 0, 3)

    before = key()
    (package / "tools" / "numbers.py").write_text(NUMBERS.replace("2 *", "3 *"))
    assert key() != before


def test_a_plugin_that_is_no_package_or_has_the_name_of_another_is_refused(package):
    with pytest.raises(InputError, match=r"has no __init__.py, so it is no package; name a file"):
        Registry([f"{package.parent}:Pooled"])
    hyphened = package.with_name("kit-of mine")
    package.rename(hyphened)
    with pytest.raises(InputError, match=r"rename the folder to 'kit_of_mine', or name a file in"):
        Registry([f"{hyphened}:Pooled"])
    hyphened.rename(package)
    taken = package.with_name("json")
    package.rename(taken)
    with pytest.raises(InputError, match=r"the name json is that of another module, .*rename"):
        Registry([f"{taken}:Pooled"])
    with pytest.raises(
        InputError, match=r"No module named 'kit_of_nobody'; a module is looked for"
    ):
        Registry(["kit_of_nobody.method:Pooled"])


CARD = """
name = "shoes"
title = "Shoes"
citation = "theirs"
licence = "CC0"
reader = "kit_of_shoes:read"
"""
READER = """
from pathlib import Path

from bench.data.readers.hierarchies.read import read as read_hierarchy


def read(name):
    return read_hierarchy(name, Path(__file__).with_name("edges.csv"))
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A function that installs a package with a dataset, a trainer and an index."""
    folder = tmp_path / "kit_of_shoes"
    folder.mkdir()
    (folder / "__init__.py").write_text(READER)
    (folder / "edges.csv").write_text("child,parent\nboots,footwear\nrain boots,boots\n")
    (folder / "parts.py").write_text(PARTS.read_text())
    about = tmp_path / "kit_of_shoes-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: kit-of-shoes\nVersion: 1\n")

    def install(card=CARD, name="shoes", index="kit_of_shoes.parts:Halves"):
        (folder / f"{name}.toml").write_text(card)
        (about / "entry_points.txt").write_text(
            f"[treeline.datasets]\n{name} = kit_of_shoes\n[treeline.indexes]\nhalves = {index}\n"
            "[treeline.trainers]\nnames-de = kit_of_shoes.parts:ByName\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        forget()
        importlib.invalidate_caches()

    def forget():
        cards.cards.cache_clear()
        brought_by_packages.cache_clear()

    yield install
    monkeypatch.undo()
    forget()


def test_an_installed_package_brings_datasets_trainers_and_indexes(installed):
    installed()
    task = treeline.load("shoes")
    assert [*task.document_names] == ["boots", "footwear", "rain boots"]
    assert cards.is_of_package(cards.find_card("shoes"))
    assert not cards.is_of_package(cards.find_card("tree"))
    registry = Registry()
    assert "names-de" in registry.names()
    assert registry.plugin_names() == []
    cell = treeline.evaluate("names-de+halves", task)
    assert cell.plugin is None
    assert cell.points[0].visited == pytest.approx(2 / 3)


def test_what_an_installed_package_brings_wrongly_is_told_by_its_name(installed):
    installed(index="kit_of_shoes.parts:ByName")
    with pytest.raises(
        InputError, match=r"index halves \(kit_of_shoes.parts:ByName\): it is not a"
    ):
        Registry().resolve("masked-de+halves")
    installed(card=CARD.replace("CC0", "CC0\nx"))
    with pytest.raises(
        InputError, match=r"installed package kit_of_shoes, .* dataset shoes: the card"
    ):
        treeline.load("tree:H=3,W=3")
    installed(card=CARD.replace("shoes", "tree"), name="tree")
    with pytest.raises(InputError, match="there is another dataset of that name; uninstall one"):
        treeline.load("tree:H=3,W=3")
