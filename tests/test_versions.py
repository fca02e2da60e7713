"""What results depend on: versions that built-ins state, contents of what is no built-in."""

import importlib
import itertools
import json
import shutil
import sys
import textwrap

import pytest

import bench
from bench.errors import InputError
from bench.experiment import measure
from bench.method import Workspace
from bench.plan.cells import cell_of
from bench.registry import Registry, load_plugin
from bench.report.rows import label, row_named, rows_of
from bench.store.cell import Status
from bench.store.folder import Store
from bench.system.provenance import provenance
from bench.verify.lock import changes
from bench.versions import keys
from bench.versions.keys import cell_key, code_of, fit_key, is_earlier, locked
from bench.versions.sources import hash_of, reachable
from methods.oracle import Oracle
from tests.cells import cell, point
from tests.conftest import ROOT
from tests.running import experiment

GOLDEN = ROOT / "tests" / "golden_keys.json"
SEARCH = """
    def index(self, corpus): pass
    def search(self, queries, k, point): return None
"""


def keys_of_all():
    registry = Registry()
    return {
        name: cell_key("task", registry.resolve(name)(), seed=0, depth=10)
        for name in registry.built_ins()
    }


def test_the_lock_has_the_code_of_every_built_in():
    found = changes()
    assert not found.unstated, f"state a version in {found.unstated}"
    way = (
        "Results may differ? Raise the version that the class states. They are the same? Nothing "
        "to do. Then run `python -m bench lock`: it runs the methods before and after on two "
        "small tasks, compares ids, and writes methods/versions.json."
    )
    assert not found.changed, f"other code under the same version: {found.changed}. {way}"
    assert not found.raised, f"not in the lock: {found.raised}. {way}"
    assert not found.gone, f"stated no more: {found.gone}. {way}"


def test_keys_of_all_built_ins_are_those_of_before():
    """They change with a version or a default, and are then written anew into the file."""
    assert keys_of_all() == json.loads(GOLDEN.read_text())


def test_a_built_in_is_known_by_stated_versions_alone():
    for name in Registry().built_ins():
        assert set(code_of(Registry().resolve(name))) <= set(locked())


def test_code_that_is_not_locked_stands_beside_the_version(monkeypatch):
    random = Registry().resolve("random")
    before = cell_key("task", random(), 0, 10)
    monkeypatch.setitem(locked(), "random 1", "another")
    (text,) = code_of(random)
    assert text.startswith("random 1 ")
    assert cell_key("task", random(), 0, 10) != before


@pytest.mark.parametrize("content", [None, "", '{"random 1": "0123', '["random 1"]', '{"a": 1}'])
def test_a_lock_that_is_missing_or_damaged_is_named_with_the_way_out(
    tmp_path, monkeypatch, content
):
    monkeypatch.setattr(keys, "folder_of", lambda _package: tmp_path)
    if content is not None:
        (tmp_path / "versions.json").write_text(content)
    with pytest.raises(InputError, match=r"versions\.json, the lock .* take the file back: git"):
        locked.__wrapped__()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package ``methods`` of two modules in place of the real one."""
    for module in ("sources", "source_code"):
        monkeypatch.setattr(f"bench.versions.{module}.BUILT_IN", "chain")
    monkeypatch.setattr("bench.versions.sources._built_ins", lambda: tmp_path / "chain")
    monkeypatch.syspath_prepend(tmp_path)

    def write(second="def g():\n    return 1\n", name="second", first=""):
        folder = tmp_path / "chain"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "first.py").write_text(
            f"from chain.{name} import g\n\ndef f():\n    return g()\n{first}"
        )
        (folder / f"{name}.py").write_text(second)
        for module in [each for each in sys.modules if each.startswith("chain")]:
            del sys.modules[module]
        importlib.invalidate_caches()
        return hash_of(reachable("chain.first"))

    return write


@pytest.mark.parametrize(
    "change",
    [
        {"name": "moved"},
        {"second": '"""A docstring."""\n\ndef g():\n    # a comment\n    return 1\n'},
        {"second": "def g() -> int:\n    return 1\n"},
        {"second": "def g():\n    return 1\n", "first": "\nX: int = 1\n"},
        {"name": "aaa", "second": "def g():\n    return 1\n"},
        {
            "first": "\nfrom typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    import chain.third\n"
        },
    ],
    ids=[
        "a module renamed",
        "comments",
        "a type hint",
        "of a name",
        "another order",
        "an import for types",
    ],
)
def test_what_changes_no_result_changes_no_hash(package, change):
    plain = {"": "", "\nX: int = 1\n": "\nX = 1\n"}
    before = package(
        first=plain.get(change.get("first", ""), "\nfrom typing import TYPE_CHECKING\n")
    )
    assert package(**change) == before


@pytest.mark.parametrize(
    "change",
    [
        {"second": "def g():\n    return 2\n"},
        {"first": "\ndef h():\n    return 2\n"},
        {"second": "def g():\n    return 1\ng2 = g\n"},
    ],
)
def test_what_may_change_a_result_changes_the_hash(package, change):
    assert package(**change) != package()


def plugin(folder, text, file="mine.py", name="Mine"):
    (folder / file).write_text("from bench.method import Method\n" + textwrap.dedent(text))
    return load_plugin(f"{folder / file}:{name}")


def test_a_plugin_depends_on_the_file_that_it_imports(tmp_path):
    (tmp_path / "aid.py").write_text("X = 1\n")
    found = plugin(tmp_path, f"import aid\nclass Mine(Method):\n    name = 'mine'{SEARCH}")
    before = code_of(found)
    (tmp_path / "aid.py").write_text("X = 2\n")
    assert code_of(found) != before


def test_a_plugin_depends_on_a_helper_in_a_folder_without_init(tmp_path):
    (tmp_path / "plain_folder" / "deep").mkdir(parents=True)
    (tmp_path / "plain_folder" / "deep" / "tools.py").write_text("X = 1\n")
    text = f"from plain_folder.deep.tools import X\nclass Mine(Method):\n    name = 'mine'{SEARCH}"
    found = plugin(tmp_path, text)
    before = code_of(found)
    (tmp_path / "plain_folder" / "deep" / "tools.py").write_text("X = 2\n")
    assert code_of(found) != before


def test_a_plugin_depends_on_the_files_of_data_that_it_states(tmp_path):
    (tmp_path / "words.json").write_text("[1]")
    text = f"class Mine(Method):\n    name = 'mine'\n    files = ('words.json',){SEARCH}"
    found = plugin(tmp_path, text)
    before, fit_before = code_of(found), fit_key("task", found(), 0)
    (tmp_path / "words.json").write_text("[2]")
    assert code_of(found) != before
    assert fit_key("task", found(), 0) != fit_before
    (tmp_path / "words.json").unlink()
    with pytest.raises(InputError, match=r"words\.json, which is part of a method, cannot be read"):
        code_of(found)


def test_two_helpers_that_change_places_are_another_plugin(tmp_path):
    (tmp_path / "swap_a.py").write_text("X = 1\n")
    (tmp_path / "swap_b.py").write_text("X = 2\n")
    found = plugin(
        tmp_path, f"import swap_a, swap_b\nclass Mine(Method):\n    name = 'mine'{SEARCH}"
    )
    before = code_of(found)
    (tmp_path / "swap_a.py").write_text("X = 2\n")
    (tmp_path / "swap_b.py").write_text("X = 1\n")
    assert code_of(found) != before


def test_what_runs_where_types_are_not_checked_counts(package):
    start = "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    X = "
    assert package(first=f"{start}1\n") != package(first=f"{start}2\n")


def test_a_plugin_depends_on_what_it_imports_while_it_runs(tmp_path):
    (tmp_path / "late.py").write_text("X = 1\n")
    late = "    def fit(self, *a, **b):\n        import late\n"
    text = f"class Mine(Method):\n    name = 'mine'{SEARCH}{late}"
    found = plugin(tmp_path, text)
    before = code_of(found)
    (tmp_path / "late.py").write_text("X = 2\n")
    assert code_of(found) != before


def test_a_plugin_that_loads_what_it_does_not_name_depends_on_all_beside_it(tmp_path):
    (tmp_path / "loaded.py").write_text("X = 1\n")
    load = "import importlib\nimportlib.import_module('load' + 'ed')\n"
    text = f"{load}class Mine(Method):\n    name = 'mine'{SEARCH}"
    found = plugin(tmp_path, text)
    before = code_of(found)
    (tmp_path / "loaded.py").write_text("X = 2\n")
    assert code_of(found) != before


@pytest.mark.parametrize(
    "load",
    [
        "from importlib import import_module as im\nim('deep.loaded')",
        "import runpy\nrunpy.run_path('x') if 0 else None",
        "import pkgutil\npkgutil.resolve_name('os')",
        "import builtins\nbuiltins.__import__('os')",
        "from importlib.machinery import SourceFileLoader as S",
    ],
)
def test_code_that_is_loaded_under_an_alias_or_from_below_counts(tmp_path, load):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "loaded.py").write_text("X = 1\n")
    found = plugin(tmp_path, f"{load}\nclass Mine(Method):\n    name = 'mine'{SEARCH}")
    before = code_of(found)
    (tmp_path / "deep" / "loaded.py").write_text("X = 2\n")
    assert code_of(found) != before


def test_a_plugin_depends_on_every_module_of_a_package_that_it_imports(tmp_path):
    folder = tmp_path / "deep_kit"
    (folder / "inner").mkdir(parents=True)
    for part in ("__init__.py", "inner/__init__.py", "inner/far.py"):
        (folder / part).write_text("X = 1\n")
    found = plugin(tmp_path, f"import deep_kit\nclass Mine(Method):\n    name = 'mine'{SEARCH}")
    before = code_of(found)
    (folder / "inner" / "far.py").write_text("X = 2\n")
    assert code_of(found) != before


def test_a_plugin_depends_on_the_file_of_a_class_that_it_inherits_from(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.syspath_prepend(elsewhere)
    (elsewhere / "base_of_mine.py").write_text("class Base:\n    x = 1\n")
    text = f"from base_of_mine import Base\nclass Mine(Base, Method):\n    name = 'mine'{SEARCH}"
    found = plugin(tmp_path, text)
    before = code_of(found)
    (elsewhere / "base_of_mine.py").write_text("class Base:\n    x = 2\n")
    assert code_of(found) != before


def test_two_files_of_one_name_beside_two_plugins_are_an_error_that_names_both(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twin.py").write_text("X = 1\n")
    text = f"import twin\nclass Mine(Method):\n    name = 'mine'{SEARCH}"
    code_of(plugin(tmp_path / "one", text))
    with pytest.raises(InputError, match="rename the one beside it"):
        code_of(plugin(tmp_path / "other", text))


def test_a_plugin_whose_helper_is_anothers_fails_alone(tmp_path, small_task):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "namesake.py").write_text("X = 1\n")
        text = f"import namesake\nclass Mine(Method):\n    name = {name!r}{SEARCH}"
        plugin(tmp_path / name, text)
    registry = Registry([f"{tmp_path / name / 'mine.py'}:Mine" for name in ("one", "other")])
    cells = [
        cell_of(small_task, registry.resolve(name), {}, 0, None, provenance(1))
        for name in ("one", "other")
    ]
    assert [each.status for each in cells] == [Status.PLANNED, Status.FAILED]
    assert "rename the one beside it" in cells[1].reason
    assert label(cells[1]) == "other"


def test_the_process_of_a_cell_runs_no_other_plugin_than_its_own(tmp_path):
    plugin(tmp_path, f"class Mine(Method):\n    name = 'mine'{SEARCH}")
    registry = Registry([f"{tmp_path / 'mine.py'}:Mine"])
    assert registry.plugins_of("mine") == registry.plugins
    assert registry.plugins_of("oracle") == ()


PATCH = """
    from methods.oracle import Oracle
    class Mine(Method):
        name = "mine"
        def index(self, corpus): pass
        def search(self, queries, k, point): return Oracle.search(self, queries, k, point)
    def worse(self, queries, k, point): raise RuntimeError("poisoned")
    Oracle.search = worse
"""


@pytest.mark.slow
def test_a_plugin_that_changes_a_built_in_when_imported_changes_no_row_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("methods.oracle.Oracle.search", Oracle.search)  # put back afterwards
    plugin(tmp_path, PATCH)
    asked = experiment(
        "oracle", "tree:H=3,W=3", out=tmp_path / "out", plugins=[f"{tmp_path / 'mine.py'}:Mine"]
    )
    found = {cell.method: cell for cell in measure(asked)}
    assert found["oracle"].status is Status.OK
    assert "poisoned" in found["mine"].reason


def test_a_plugin_whose_helper_is_gone_says_so(tmp_path):
    with pytest.raises(InputError, match=r"mine.py fails: ModuleNotFoundError.*vanished"):
        plugin(tmp_path, f"import vanished\nclass Mine(Method):\n    name = 'mine'{SEARCH}")


SUBCLASS = """
    from methods.catalog import compose
    class Mine(compose("masked-de", "masked-de", "exact")):
        name = "mine"
"""


def test_a_subclass_of_a_built_in_shares_neither_its_fit_nor_its_code(tmp_path):
    built_in, mine = Registry().resolve("masked-de"), plugin(tmp_path, SUBCLASS)
    assert set(code_of(built_in)) < set(code_of(mine))
    assert fit_key("task", mine(), 0) != fit_key("task", built_in(), 0)


def test_two_subclasses_in_a_file_do_not_share_a_fit(tmp_path):
    text = SUBCLASS + "    class Other(Mine):\n        name = 'other'\n"
    one, other = plugin(tmp_path, text), plugin(tmp_path, text, name="Other")
    assert fit_key("task", one(), 0) != fit_key("task", other(), 0)


def test_a_composition_that_a_plugin_changes_is_known_by_the_plugin(tmp_path):
    text = """
        from methods.catalog import compose
        Mine = compose("mine", "masked-de", "exact")
        Mine.score = None
    """
    found = plugin(tmp_path, text)
    before = code_of(found)
    assert code_of(plugin(tmp_path, text.replace("None", "print"))) != before
    assert fit_key("task", found(), 0) != fit_key("task", Registry().resolve("masked-de")(), 0)


POISON = """
from aid_of_fit import NOISE
from methods.catalog import compose

class Mine(compose("masked-de", "masked-de", "exact")):
    name = "mine"
    def fit(self, train, *, seed, progress):
        super().fit(train, seed=seed, progress=progress)
        self.encoder.queries[:] *= {factor} * NOISE
"""


STATES = {"built-in": None, "plugin": (1, 1), "edited plugin": (-1, 1), "edited helper": (-1, -1)}


@pytest.fixture
def measured_as(tmp_path):
    """Evaluates the built-in or a state of the plugin and its helper over one folder of fits."""
    task = bench.load("tree:H=3,W=3")
    workspace = Workspace(tmp_path / "cache")

    def measured(state, fits):
        if STATES[state] is None:
            method = Registry().resolve("masked-de")
        else:
            factor, noise = STATES[state]
            (tmp_path / "mine.py").write_text(POISON.format(factor=factor))
            (tmp_path / "aid_of_fit.py").write_text(f"NOISE = {noise}\n")
            sys.modules.pop("aid_of_fit", None)
            importlib.invalidate_caches()
            shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
            method = load_plugin(f"{tmp_path / 'mine.py'}:Mine")
        made = method(steps=60, dim=8)
        cell = bench.evaluate(made, task, fits=tmp_path / fits, workspace=workspace)
        return cell.key, cell.points[-1].recall

    return measured


@pytest.mark.slow
def test_in_every_order_into_one_folder_each_has_its_own_fit_and_key(measured_as):
    alone = {state: measured_as(state, f"alone with {state}") for state in STATES}
    assert len({key for key, _ in alone.values()}) == len(STATES)
    assert alone["plugin"][1] == alone["built-in"][1] != alone["edited plugin"][1]
    for number, order in enumerate(itertools.permutations(STATES)):
        together = {state: measured_as(state, f"order {number}") for state in order}
        assert together == alone, order


@pytest.mark.slow
def test_a_subclass_of_a_built_in_and_the_built_in_keep_their_own_figures(bench, tmp_path):
    mine, aid, out = tmp_path / "mine.py", tmp_path / "aid_of_fit.py", tmp_path / "out"
    small = ["--dataset", "tree:H=3,W=3", "--set", "steps=60", "--set", "dim=8"]

    def write(factor, noise):
        mine.write_text(POISON.format(factor=factor))
        aid.write_text(f"NOISE = {noise}\n")

    def recalls():
        done = bench("--methods", "mine,masked-de", "--plugin", f"{mine}:Mine", *small, out=out)
        assert done.returncode == 0, done.stdout
        return {cell.method: cell.points[-1].recall for cell in Store(out).cells()}

    write(1, 1)
    first = recalls()
    assert first["mine"] == first["masked-de"] > 0.9, "so far it changes nothing"
    write(-1, 1)
    assert recalls() == {"masked-de": first["masked-de"], "mine": pytest.approx(0, abs=0.4)}
    write(-1, -1)
    assert recalls() == first, "the helper turned it back"


class TestEarlier:
    """Rows that other code measured."""

    RESULTS = [point(1.0, 0.5)]

    def test_what_is_stated_no_more_is_of_an_earlier_version_and_so_is_what_states_nothing(self):
        assert is_earlier(["random 0"])
        assert is_earlier([])
        assert not is_earlier(["random 1"])
        assert not is_earlier(["Mine 0123456789abcdef"]), "its code is not here to compare with"

    def test_its_rows_are_marked_and_its_seeds_stay_apart_from_those_of_today(self):
        of = {"method": "random", "points": self.RESULTS}
        cells = [
            cell(**of, seed=0, code=["random 1"]),
            cell(**of, seed=1, code=["random 1"]),
            cell(**of, seed=2, code=["random 0"]),
        ]
        rows = rows_of(cells)
        assert {row.label: len(row.cells) for row in rows} == {"random": 2, "random †": 1}
        assert row_named(rows, "random").label == "random"

    def test_of_a_plugin_that_was_changed_the_older_row_is_marked(self):
        then = provenance(1).model_copy(update={"date": "2020-01-01"})
        cells = [
            cell(points=self.RESULTS, seed=0),
            cell(points=self.RESULTS, seed=1, code=["Mine fedcba9876543210"], provenance=then),
        ]
        labels = {row.label: row.cells[0].seed for row in rows_of(cells)}
        assert labels == {"mine": 0, "mine †": 1}

    @pytest.mark.slow
    def test_every_published_cell_is_found_by_its_key_or_marked(self):
        """Built from what is stored, without data: nothing published is silently stale."""
        registry = Registry()
        today = [each for each in Store(ROOT / "results").cells() if not is_earlier(each.code)]
        assert {"bm25", "random", "oracle"} <= {each.method for each in today}
        for stored in today:
            method = registry.resolve(stored.method)(**stored.params)
            assert cell_key(stored.task_digest, method, stored.seed, stored.k) == stored.key
            assert (method.sees_test, code_of(type(method))) == (stored.sees_test, stored.code)
