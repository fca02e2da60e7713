"""Names of methods, compositions and plugin files."""

import pytest

from bench.errors import InputError
from bench.registry import Registry, about, load_plugin


def test_every_name_of_the_design_resolves():
    names = Registry().names()
    assert names == [
        "zero-shot-de", "standard-de", "resampled-de", "pretrain-finetune-de", "masked-de",
        "constructed-de", "interval-de", "hit-de", "hit-dot-de", "poincare", "euclidean-embedding",
        "order-embedding", "box-embedding", "hope", "exact", "de-faiss-ivf", "de-scann", "de-hnsw",
        "de-faiss-ivf-2", "de-scann-soar", "de-ivf-rabitq", "de-optimist", "de-learned-router",
        "de-judged-router", "de-moved-positives", "ehi", "ehi-paper", "elias",
        "ehi-encoder+faiss-ivf", "ehi-encoder+scann", "matched-de+faiss-ivf", "matched-de+scann",
        "bm25", "dsi", "nci", "names-in-names", "random", "oracle",
    ]  # fmt: skip
    assert [Registry().resolve(name).name for name in names] == names


def test_a_composition_has_the_parameters_of_both_parts():
    method = Registry().resolve("masked-de+faiss-ivf")
    assert {"negatives", "nlist"} <= set(method.params)


def test_a_composition_with_a_name_of_its_own_is_that_row():
    registry = Registry()
    assert registry.canonical("standard-de+faiss-ivf") == "de-faiss-ivf"
    assert registry.resolve("masked-de+exact").name == "masked-de"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maskd-de", "did you mean masked-de"),
        ("masked-de+fais", r"unknown index \(in method 'masked-de\+fais'\) 'fais'"),
        ("mask+exact", "unknown trainer"),
        ("zzz", "known: .*oracle"),
    ],
)
def test_an_unknown_name_is_told_what_is_near(name, message):
    with pytest.raises(InputError, match=message):
        Registry().resolve(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "has no class 'Mine'"),
        ("Mine = 3", "not a subclass"),
        ("class Mine: pass", "not a subclass"),
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("from .beside import X", "name a file beside it without a dot"),
        ("def", "SyntaxError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("from bench.method import Method\nclass Mine(Method): name = 'm'", "lacks index, search"),
        (
            "from bench.method import Method\n"
            "class Mine(Method):\n"
            "    def index(self, corpus): ...\n"
            "    def search(self, queries, k, point): ...",
            "lacks name",
        ),
    ],
)
def test_a_plugin_that_cannot_be_used_says_why(tmp_path, text, message):
    path = tmp_path / "plugin.py"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_plugin(f"{path}:Mine")


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("params = ['dim']", "Mine.params is .'dim'.; it must be a dictionary"),
        ("params = {'dim': None}", r"params\['dim'\] is None; .*a default is True"),
        ("params = {'lr': float('nan')}", r"params\['lr'\] is nan"),
        ("params = {'a.b': 1}", r"params\['a.b'\] is 1; a name is an identifier"),
        (r"params = {'note': '\ud800'}", r"params\['note'\]"),
        ("requires = 'faiss'", "requires is 'faiss'; it must be a tuple of names"),
        ("requires = ('faiss-cpu',)", "names of packages, as they are imported"),
        ("sees_test = 'no'", "sees_test is 'no'; it must be True or False"),
        ("sees_test = property(lambda self: True)", "sees_test is <property"),
        ("resources = {'gpus': 1}", "resources is {'gpus': 1}; it must be Resources"),
        ("exempt = ['leaves']", "exempt is .'leaves'.; it must be a mapping"),
        ("version = 2", "version is 2; it must be a text"),
    ],
)
def test_what_a_class_states_in_another_form_is_named(tmp_path, stated, message):
    path = tmp_path / "plugin.py"
    path.write_text(
        "from bench.method import Method\n"
        "class Mine(Method):\n"
        "    name = 'mine'\n"
        f"    {stated}\n"
        "    def index(self, corpus): ...\n"
        "    def search(self, queries, k, point): ...\n"
    )
    with pytest.raises(InputError, match=message):
        load_plugin(f"{path}:Mine")


def test_a_plugin_must_be_a_file_and_a_class(tmp_path):
    for wrong in ("file.py", ":Mine", f"{tmp_path}/absent.py:Mine"):
        with pytest.raises(InputError, match="FILE.py:Class|there is no file"):
            load_plugin(wrong)


@pytest.mark.parametrize("name", ["a/b", "..", "", "all", "x,y", "x+y", ".hidden", "x" * 101])
def test_a_name_that_cannot_be_typed_or_is_no_folder_is_refused(tmp_path, name):
    path = tmp_path / "plugin.py"
    path.write_text(
        "from bench.method import Method\n"
        "class Mine(Method):\n"
        f"    name = {name!r}\n"
        "    def index(self, corpus): ...\n"
        "    def search(self, queries, k, point): ...\n"
    )
    with pytest.raises(InputError, match="cannot be named"):
        Registry([f"{path}:Mine"])


def test_two_methods_of_one_name_are_an_error(tmp_path):
    path = tmp_path / "plugin.py"
    path.write_text(
        "from bench.method import Method\n"
        "class Mine(Method):\n"
        "    name = 'oracle'\n"
        "    def index(self, corpus): ...\n"
        "    def search(self, queries, k, point): ...\n"
    )
    with pytest.raises(InputError, match="two methods are named 'oracle'"):
        Registry([f"{path}:Mine"])


COUNTED = """
import multiprocessing
from pathlib import Path

import numpy as np

from bench.method import Method, SearchResult

with open(Path(__file__).with_name("runs"), "a") as runs:
    runs.write("x")


def double(number):
    return 2 * number


class One(Method):
    name = "one"
    params = {"how": "spawn"}

    def index(self, corpus):
        with multiprocessing.get_context(self.values["how"]).Pool(1) as pool:
            assert pool.map(double, [1, 2]) == [2, 4]

    def search(self, queries, k, point):
        ids = np.tile(np.arange(k), (len(queries.rows), 1))
        return SearchResult(ids, -ids.astype(float))


class Other(One):
    name = "other"
"""


@pytest.fixture
def counted(tmp_path):
    folder = tmp_path / "pkg dir" / "sub"
    folder.mkdir(parents=True)
    (folder / "my pool.py").write_text(COUNTED)
    return folder / "my pool.py"


def test_a_file_of_two_classes_is_run_once_and_again_once_it_is_changed(counted):
    one, other = (Registry([f"{counted}:{name}"]) for name in ("One", "Other"))
    assert issubclass(other.resolve("other"), one.resolve("one"))
    assert counted.with_name("runs").read_text() == "x"
    counted.write_text(f"{COUNTED}\nCHANGED = True\n")
    Registry([f"{counted}:One"])
    assert counted.with_name("runs").read_text() == "xx"


@pytest.mark.slow
@pytest.mark.parametrize("how", ["spawn", "forkserver"])
def test_processes_that_a_plugin_starts_can_import_it(bench, counted, tmp_path, how):
    done = bench("--methods", "one", "--plugin", f"{counted}:One", "--dataset", "tree:H=3,W=3",
                 "--set", f"how={how}", "--timeout", "60")  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_boards_have_a_sentence_on_every_built_in_method_and_its_kind():
    for name in Registry().built_ins():
        found = about(name)
        assert found.kind != "other", name
        assert found.summary.endswith("."), name


def test_a_composition_says_how_it_is_trained_and_how_it_is_searched():
    found = about("ehi-encoder+faiss-ivf")
    assert found.kind == "index"
    assert "arXiv 2310.08891" in found.summary
    assert "trained by one loss" in found.summary
    assert "k-means" in found.summary


def test_a_method_that_is_not_here_is_of_no_known_kind():
    assert about("gone-de") == about("masked-de", "own.py:Mine") == ("other", "")
