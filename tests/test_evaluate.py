"""One call from Python: what it returns, what it hands out, and what it refuses."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import bench
from bench.errors import InputError, MethodError, SealedError
from bench.method import Method, SearchResult, Workspace
from bench.report.tidy import tidy
from bench.store.cell import Status
from bench.task.judgements import Judgements
from bench.task.sealed import seal
from bench.task.word_pairs import WordPairs
from tests.cells import cell
from tests.conftest import ROOT
from tests.running import cells_of

TREE = "tree:H=3,W=3"


class First(Method):
    """The first documents for every query."""

    name = "first"
    params = {"step": 1}

    def fit(self, train, *, seed, progress):
        self.train = train
        progress(1, 1)

    def index(self, corpus):
        self.corpus = corpus

    def search(self, queries, k, point):
        ids = np.tile(np.arange(k), (len(queries.rows), 1))
        return SearchResult(ids, -ids.astype(float))


@pytest.fixture
def task():
    return bench.load(TREE)


def figures(measured):
    """All of a cell but what differs from one time to the next."""
    left_out = {"cost", "provenance", "run_sha256", "queries_sha256", "sha256"}
    fields = measured.model_dump(mode="json", exclude=left_out)  # with the digits that are stored
    for timed in ("queries_per_second", "latency", "waited"):
        fields["points"].pop(timed, None)
    return fields


@pytest.mark.parametrize("name", ["random", "oracle"])
def test_a_cell_is_that_of_a_run(task, name, tmp_path):
    (stored,) = bench.run(name, TREE, seeds=1, out=tmp_path)
    assert figures(bench.evaluate(name, task, seed=1)) == figures(stored)
    assert cells_of(tmp_path)[0].key == stored.key


def test_a_method_of_ones_own_stays_fitted_and_indexed(task):
    method = First(step=3)
    measured = bench.evaluate(method, task)
    assert (measured.status, measured.method, measured.seed) == (Status.OK, "first", 0)
    assert measured.params == measured.changed == {"step": 3}
    assert measured.leaves is None
    assert measured.run_sha256 is None
    ids = method.search(task.queries_of(task.test), 3, {}).ids
    assert measured.points[0].recall == task.test.found(ids).mean()


def test_arrays_are_read_only_and_the_task_stays_as_it_was(task):
    method = First()
    bench.evaluate(method, task)
    for array in (
        method.train.relevance.documents,
        method.train.validation.relevance.indptr,
        method.corpus.sample.rows,
    ):
        assert not array.flags.writeable
    assert task.train.documents.flags.writeable
    assert isinstance(task.test, Judgements)
    assert task.test.relevance.n_pairs


def test_the_test_is_sealed_until_the_choice(task):
    class Peeking(First):
        def fit(self, train, *, seed, progress):
            sealed.test.relevance  # noqa: B018

    sealed, _ = seal(task)
    with pytest.raises(SealedError, match="sealed until an operating point is chosen"):
        bench.evaluate(Peeking(), task)


def test_a_name_is_no_task():
    with pytest.raises(TypeError, match="a task is expected, .*bench.load.'tree'. reads one"):
        bench.evaluate("random", "tree")


def test_progress_is_told_by_phase(task):
    told = []
    bench.evaluate(First(), task, progress=lambda *word: told.append(word))
    assert ("fit", 1, 1) in told
    assert [phase for phase, _, _ in told][-1] == "measure"


def test_a_name_takes_the_dataset_s_defaults_and_settings_before_them(task):
    task = replace(task, defaults={"dim": 4, "steps": 2})
    assert bench.evaluate("masked-de", task).params["dim"] == 4
    measured = bench.evaluate("masked-de", task, settings={"dim": 8})
    assert measured.params["dim"] == 8
    assert measured.changed == {"dim": 8}


def test_fits_are_shared_where_a_folder_is_named(task, tmp_path):
    small = {"dim": 4, "steps": 2}
    one, other = (
        bench.evaluate(name, task, settings=small, fits=tmp_path / "fits")
        for name in ("masked-de", "masked-de+faiss-ivf")
    )
    assert not one.cost.fit_shared
    assert other.cost.fit_shared
    assert not bench.evaluate("masked-de", task, settings=small).cost.fit_shared


def test_states_of_code_that_is_not_known_are_not_kept(task, tmp_path, monkeypatch):
    monkeypatch.setattr(First, "__module__", "__main__")
    assert bench.evaluate(First(), task).status is Status.OK
    with pytest.raises(InputError, match="first is defined in the script.* or leave out fits"):
        bench.evaluate(First(), task, fits=tmp_path)


def test_pairs_of_words_are_scored_where_the_task_has_them(task):
    class Scoring(First):
        def score(self, queries, documents):
            return documents.astype(float)

    gold, rows = np.array([1.0, 2.0, 3.0]), np.arange(3)
    pairs = WordPairs(gold, np.arange(4), rows, rows, {"all": np.ones(3, bool)})
    task = replace(task, similarity=pairs)
    with pytest.raises(InputError, match="first cannot be measured on .*: does not score single"):
        bench.evaluate(First(), task)
    measured = bench.evaluate(Scoring(), task)
    assert [each.rho for each in measured.similarity if each.score == "score"] == [1]
    assert set(tidy([measured]).measure) == {"rho all by score", "rho all by log-rank"}


def test_a_workspace_is_handed_on(task, tmp_path):
    method = First()
    bench.evaluate(method, task, workspace=Workspace(tmp_path, device="cpu"))
    assert method.workspace.cache == tmp_path


def test_a_method_that_was_fitted_before_is_refused(task):
    method = First()
    bench.evaluate(method, task)
    with pytest.raises(InputError, match="this first was fitted before.* make another First"):
        bench.evaluate(method, task)


def test_a_task_without_queries_is_refused(task):
    nothing = task.test.relevance.where(np.zeros(task.test.relevance.n_pairs, bool))
    empty = replace(task, test=replace(task.test, relevance=nothing))
    with pytest.raises(InputError, match="dataset tree-H=3,W=3 has no test query"):
        bench.evaluate("random", empty)


@pytest.mark.parametrize(
    ("method", "options", "error", "said"),
    [
        (First, {}, InputError, r"First is a class.*bench.evaluate\(First\(...\), task\)"),
        ("masked-dee", {}, InputError, "unknown method 'masked-dee'; did you mean masked-de"),
        ("masked-de+faiss", {}, InputError, "unknown index .*'faiss'; did you mean faiss-ivf"),
        (7, {}, TypeError, "a method is expected, or its name such as 'masked-de'.*got 7"),
        ("masked-de", {"settings": {"dims": 3}}, InputError, "dims: no chosen method has this"),
        ("masked-de", {"settings": {"dim": "x"}}, InputError, "masked-de.dim takes int"),
        (First(), {"settings": {"step": 2}}, InputError, "give First its hyper-parameters where"),
        ("random", {"seed": -1}, InputError, "a seed is 0 or more, and less than .* got -1"),
        ("random", {"seed": 1.5}, TypeError, "a seed is a whole number, got 1.5"),
        ("random", {"k": 1}, InputError, "1 is too small for tree-H=3,W=3"),
        ("bm25", {}, InputError, "bm25 cannot be measured on tree-H=3,W=3: "),
    ],
)
def test_what_cannot_be_used_is_refused(task, method, options, error, said):
    with pytest.raises(error, match=said):
        bench.evaluate(method, task, **options)


def test_a_package_that_is_missing_is_named(task):
    class Needy(First):
        requires = ("no_such_package",)

    with pytest.raises(InputError, match="needs no_such_package; pip install no_such_package"):
        bench.evaluate(Needy(), task)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"methods": 7}, TypeError, "methods takes a name or a list of names, got 7"),
        ({"methods": "random", "datasets": {"tree"}}, TypeError, "datasets takes a name or a list"),
        ({"methods": "nothing"}, InputError, "unknown method 'nothing'"),
        ({"methods": "random", "datasets": "tre"}, InputError, "unknown dataset 'tre'"),
        ({"methods": "random", "jobs": 0}, InputError, "jobs must be above 0, got 0"),
        ({"methods": "random", "seeds": []}, InputError, "seeds is empty"),
        ({"methods": "random", "seeds": [2**32]}, InputError, "less than 2"),
        ({"methods": "random", "settings": {"random.p": 1}}, InputError, "random has no parameter"),
        ({"methods": []}, InputError, "^no method is named"),
        ({"methods": "random", "datasets": []}, InputError, "^no dataset is named"),
        ({"methods": "random", "datasets": "beir"}, InputError, "^dataset beir needs a path"),
        (
            {"methods": "random", "plugins": "x"},
            InputError,
            "^a plugin is FILE.py:Class, .*, got 'x'",
        ),
        ({"methods": "random", "seeds": None}, TypeError, "a seed is a whole number, got None"),
        ({"methods": "random", "seeds": [[1]]}, TypeError, r"a seed is a whole number, got \[1\]"),
        ({"methods": "random", "settings": "dim=3"}, TypeError, "settings takes values by name"),
        ({"methods": "random", "settings": {1: 2}}, TypeError, "settings takes values by name"),
        ({"methods": "masked-de", "settings": {"dim": None}}, InputError, "takes int .*got None"),
        ({"methods": "random", "k": "3"}, TypeError, "k takes a whole number, got '3'"),
        ({"methods": "random", "k": 20.5}, TypeError, "k takes a whole number, got 20.5"),
        ({"methods": "random", "jobs": 1.5}, TypeError, "jobs takes a whole number, got 1.5"),
        ({"methods": "random", "memory_bytes": "1GB"}, TypeError, "memory_bytes takes a whole"),
        ({"methods": "random", "memory_bytes": -1}, InputError, "memory_bytes must be above 0"),
        ({"methods": "random", "timeout_s": float("nan")}, InputError, "timeout_s must be above 0"),
        ({"methods": "random", "fresh": "no"}, TypeError, "fresh takes True or False, got 'no'"),
        ({"methods": "random", "data_dir": 3}, TypeError, "data_dir takes a path, got 3"),
    ],
)
def test_a_run_refuses_what_it_cannot_use_before_it_begins(options, error, said, tmp_path):
    with pytest.raises(error, match=said):
        bench.run(**options, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bench.load(3), "a dataset is given by its name, or as a networkx.DiGraph; got 3"),
        (lambda: bench.load("tree", 3), "data_dir takes a path, got 3"),
        (lambda: bench.run("random", out=None), "out takes a path, got None"),
        (lambda: bench.results(None), "folder takes a path, got None"),
    ],
)
def test_an_argument_of_another_type_is_named_with_what_it_takes(call, said):
    with pytest.raises(TypeError, match=said):
        call()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"k": 20.5}, "k takes a whole number"),
        ({"progress": 3}, "progress takes a function"),
        ({"workspace": "x"}, "workspace takes a bench.method.Workspace"),
        ({"fits": 3}, "fits takes a path"),
        ({"settings": [1]}, "settings takes values by name"),
    ],
)
def test_an_option_of_another_type_is_named_with_what_it_takes(task, options, said):
    with pytest.raises(TypeError, match=said):
        bench.evaluate("random", task, **options)


def test_a_plugin_in_a_file_runs_beside_what_is_named(tmp_path):
    plugin = f"{ROOT}/examples/popularity.py:Popularity"
    cells = bench.run("oracle", [TREE], plugins=plugin, out=tmp_path)
    assert [each.method for each in cells] == ["oracle", "popularity"]


PLANNED_THEN_MEASURED = """
import sys
from bench.evaluation.fitted import import_code
from bench.registry import Registry
from bench.versions.keys import code_of
method = Registry().resolve("masked-de")
code_of(method)
print("torch" in sys.modules)
import_code(method)
print("torch" in sys.modules, "pandas" in sys.modules)
"""


def test_libraries_of_a_method_are_imported_to_measure_it_before_its_steps_and_not_to_plan_it():
    done = subprocess.run(
        [sys.executable, "-c", PLANNED_THEN_MEASURED],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "True", "False"]


def test_nothing_heavy_is_imported_before_it_is_used():
    heavy = "torch", "pandas", "numpy", "faiss", "pydantic"
    code = f"import sys, bench; bench.load, bench.run; print({set(heavy)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_the_table_has_a_row_for_each_point_and_measure(task):
    table = tidy([bench.evaluate("oracle", task)])
    assert table.measure.tolist() == ["recall", "macro", "min", *["recall_by_distance"] * 3]
    assert table.distance.tolist()[3:] == [0, 1, 2]
    assert (table.value == 1).all()
    assert set(table.point) == {0}


def test_the_table_has_parameters_as_columns_and_keeps_whole_numbers_whole(task):
    small = {"dim": 4, "steps": 2, "nlist": 2}
    cells = [
        bench.evaluate("oracle", task),
        bench.evaluate("masked-de+faiss-ivf", task, settings=small),
    ]
    table = tidy(cells)
    rows = table[table.method == "masked-de+faiss-ivf"]
    assert set(rows.dim) == {4}
    assert set(rows["point.nprobe"]) == {1, 2}
    assert table.dim.dtype == "Int64"


def test_a_cell_that_failed_is_a_row_with_its_reason():
    (row,) = tidy([cell(status=Status.FAILED, reason="it broke", points=[])]).itertuples()
    assert (row.status, row.reason) == ("failed", "it broke")


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no results folder .*none"):
        bench.results(tmp_path / "none")
    with pytest.raises(InputError, match="holds no cell"):
        bench.results(tmp_path)


@pytest.mark.parametrize(
    "points", [[], None, iter([{}]), [{"a": float("nan")}], [{"a": None}], [{1: 2}], ["nprobe"]]
)
def test_operating_points_of_another_form_are_named(task, points):
    class Odd(First):
        def operating_points(self):
            return points

    with pytest.raises(MethodError, match=r"operating_points\(\)"):
        bench.evaluate(Odd(), task)


def test_a_method_that_was_fitted_by_hand_is_refused(task):
    method = First()
    method.fit(task.training(), seed=0, progress=lambda *_: None)
    with pytest.raises(InputError, match="was fitted before"):
        bench.evaluate(method, task)
