"""Replay: one flipped byte is found and its file named; metrics come from runs alone."""

import datetime as dt
import random
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.data.load import dataset_of
from bench.data.readers.hierarchy import heldout_task
from bench.errors import InputError
from bench.evaluation.cell import run_cell
from bench.experiment import measure, run
from bench.plan.cells import plan_cell
from bench.registry import Registry
from bench.report.leaderboard import PAGE, write_leaderboard
from bench.report.published import mark_published
from bench.store.cell import Cell, CellSpec, Status
from bench.store.folder import QUERIES, RUN, Store, to_json
from bench.system.files import sha256_of
from bench.system.provenance import provenance
from bench.task.files import save_task
from bench.task.word_pairs import WordPairs
from bench.verify.files import check_files
from bench.verify.metrics import check_metrics
from bench.verify.replay import replay
from tests.conftest import ROOT
from tests.running import experiment
from tests.small_results import data_of_page

PLUGIN = str(ROOT / "tests" / "plugins" / "leafy.py")
TREE = "tree:H=3,W=3"


def measured(task, root, plugin="Leafy"):
    """A store with one cell of a task, measured in this process."""
    store = Store(root)
    store.prepare()
    registry = Registry([f"{PLUGIN}:{plugin}"])
    method = registry.resolve(plugin.lower())
    planned = plan_cell(task, method(), 0, None, provenance(1))
    spec = CellSpec(
        root=str(root),
        task_folder=str(save_task(task, store.tasks)),
        fits=str(store.fits),
        memory_bytes=0,
        fits_from=0,
        planned=planned.model_copy(update={"plugin": registry.plugins[0]}),
    )
    cell = run_cell(spec, lambda *_: None, print)
    assert cell.status is Status.OK, cell.reason
    return store


def derived(store, task):
    """What became of the only task of a store, with its files whole."""
    checked = check_files(store)
    assert checked.failures == []
    (found,) = check_metrics(checked.cells, lambda *_: task)
    return found


def rewrite(store, **changes):
    """Change the only cell of a store behind its back, checksum and all."""
    (path,) = store.runs.glob("*/*/*/cell.json")
    stored = Cell.model_validate_json(path.read_bytes())
    path.write_text(to_json(stored.model_copy(update=changes)))
    return path


@pytest.fixture
def heldout():
    """A tree of 40 nodes; training pairs leave a ranking before the test is read."""
    children = np.arange(1, 40)
    names = [f"n{node}" for node in range(40)]
    return heldout_task("heldout", names, children, (children - 1) // 3, 8)


@pytest.fixture
def word_task(small_task):
    """Six pairs of words; one has two pairs of senses, one has none."""
    pairs = WordPairs(
        gold=np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        indptr=np.array([0, 1, 3, 4, 5, 6, 6]),
        queries=np.array([1, 5, 6, 9, 12, 20]),
        documents=np.array([0, 1, 1, 2, 3, 0]),
        subsets={"all": np.ones(6, bool), "first": np.arange(6) < 4},
    )
    return replace(small_task, similarity=pairs)


@pytest.fixture(params=["small_task", "heldout", "small_text_task", "word_task"])
def task(request):
    """A hierarchy, one with removed pairs, texts with seen and unseen answers, pairs of words."""
    return request.getfixturevalue(request.param)


def test_every_metric_comes_out_of_the_run_alone(task, tmp_path):
    store = measured(task, tmp_path)
    (cell,) = store.cells()
    if task.similarity is None:
        assert len(cell.points) == 3
        assert 0 < cell.points[0].recall != cell.points[2].recall
        assert cell.points[0].xray.overall.routing > 0
        assert (cell.points[0].seen is not None) == bool(task.seen)
        assert (task.test.removed is not None) == (task.name == "heldout")
    else:
        assert {row.subset for row in cell.similarity} == {"all", "first"}
        assert all(row.rho is not None for row in cell.similarity)
    found = derived(store, task)
    assert (found.equal, found.failures) == (1, [])


def test_a_document_keeps_its_rank_behind_an_empty_place(small_text_task, tmp_path):
    store = measured(small_text_task, tmp_path, "Gaps")
    assert 0 < store.cells()[0].points[2].ranking["MRR@10"].mean <= 0.5
    assert derived(store, small_text_task).failures == []


def test_a_run_that_found_nothing_holds_with_0_in_every_measure(small_text_task, tmp_path):
    store = measured(small_text_task, tmp_path, "Nothing")
    ranking = store.cells()[0].points[2].ranking
    assert {each.mean for each in ranking.values()} == {0.0}
    assert derived(store, small_text_task).failures == []


WRONG = {
    "recall": lambda point: {"recall": point.recall + 1e-6},
    "macro": lambda point: {"macro": point.macro * (1 + 1e-6)},
    "min": lambda point: {"min": 0.123},
    "visited": lambda point: {"visited": point.visited / 2},
    "work": lambda point: {"work": point.visited},
    "low": lambda point: {"low": point.low - 1e-3},
    "recall_by_distance[1].recall": lambda point: {
        "recall_by_distance": [
            each.model_copy(update={"recall": 0.9} if each.distance == 1 else {})
            for each in point.recall_by_distance
        ]
    },
    "xray.by_distance.1.gain": lambda point: {
        "xray": point.xray.model_copy(
            update={
                "by_distance": {
                    **point.xray.by_distance,
                    1: point.xray.by_distance[1].model_copy(update={"gain": 0.9}),
                }
            }
        )
    },
    "ranking.R@10.mean": lambda point: {
        "ranking": {**point.ranking, "R@10": point.ranking["R@10"].model_copy(update={"mean": 0.9})}
    },
    "unseen.recall": lambda point: {
        "unseen": point.unseen.model_copy(update={"recall": 0.987})
    },
    "seen.recall": lambda point: {"seen": None},
}  # fmt: skip


@pytest.mark.parametrize("metric", WRONG)
def test_a_wrong_metric_with_a_right_checksum_is_named_with_both_numbers(
    metric, small_text_task, tmp_path
):
    store = measured(small_text_task, tmp_path)
    points = store.cells()[0].points
    wrong = points[1].model_copy(update=WRONG[metric](points[1]))
    path = rewrite(store, points=[points[0], wrong, points[2]])
    (failure,) = derived(store, small_text_task).failures
    assert failure.startswith(f"{path}: point 1 (nprobe=6): ")
    named = {part.partition(" is ")[0] for part in failure.split(": ")[2:]}
    assert metric.removesuffix(".recall") in {name.removesuffix(".recall") for name in named}
    assert "its run gives" in failure


def test_a_wrong_correlation_is_named(word_task, tmp_path):
    store = measured(word_task, tmp_path)
    first, *others = store.cells()[0].similarity
    path = rewrite(store, similarity=[first.model_copy(update={"rho": 0.99}), *others])
    (failure,) = derived(store, word_task).failures
    assert failure.startswith(f"{path}: all by score: rho is 0.99, its run gives ")


def test_a_run_that_was_changed_with_its_checksum_gives_other_metrics(small_text_task, tmp_path):
    store = measured(small_text_task, tmp_path)
    (path,) = store.runs.glob("*/*/*/run.parquet")
    table = pq.read_table(path)

    def changed(column, values):
        kind = table.schema.field(column).type
        place = table.schema.get_field_index(column)
        pq.write_table(table.set_column(place, column, pa.array(values, kind)), path)
        rewrite(store, run_sha256=sha256_of(path))
        (failure,) = derived(store, small_text_task).failures
        return failure

    backwards = [ids[::-1] for ids in table["ids"].to_pylist()]
    assert ": point 0 (nprobe=1): ranking.nDCG@10.mean is" in changed("ids", backwards)
    more = table["visited"].to_numpy() + 1
    assert ": point 0 (nprobe=1): visited is" in changed("visited", more)
    everything = [[True for _ in pairs] for pairs in table["reached"].to_pylist()]
    assert ": point 0 (nprobe=1): xray.overall.routing is" in changed("reached", everything)


def test_a_value_of_a_query_that_was_changed_with_its_checksum_is_named(small_task, tmp_path):
    store = measured(small_task, tmp_path)
    (path,) = store.runs.glob("*/*/*/queries.parquet")
    table = pq.read_table(path)
    values = table["recall"].to_numpy().copy()
    values[4] += 0.25
    place = table.schema.get_field_index("recall")
    pq.write_table(table.set_column(place, "recall", pa.array(values)), path)
    cell = rewrite(store, queries_sha256=sha256_of(path))
    (failure,) = derived(store, small_task).failures
    assert failure.startswith(f"{cell}: queries.parquet: point")
    assert "query 4: recall is" in failure


def test_a_run_of_another_form_is_named(small_task, tmp_path):
    store = measured(small_task, tmp_path)
    (path,) = store.runs.glob("*/*/*/run.parquet")
    pq.write_table(pq.read_table(path).slice(0, 40), path)  # not all queries of point 1
    rewrite(store, run_sha256=sha256_of(path))
    (failure,) = derived(store, small_task).failures
    assert f"{path} is not the run of its cell: " in failure
    path.write_bytes(b"no parquet")
    rewrite(store, run_sha256=sha256_of(path))
    assert f"{path} is not the run of its cell" in derived(store, small_task).failures[0]


def test_data_that_changed_since_are_an_error_and_data_that_are_not_here_are_none(
    small_task, tmp_path
):
    store = measured(small_task, tmp_path)
    other = replace(small_task, query_names=[f"m{node}" for node in range(21)])
    (failure,) = derived(store, other).failures
    assert f"but small here is {other.digest[:12]}" in failure

    def absent(name, _dataset):
        raise InputError(f"dataset {name} is not on this machine")

    (found,) = check_metrics(check_files(store).cells, absent)
    assert (found.runs.reason, found.failures) == ("dataset small is not on this machine", [])


@pytest.mark.parametrize(
    ("task_name", "dataset"),
    [
        ("scifact", "scifact"),
        ("tree-H=3,W=7", "tree:H=3,W=7"),
        ("hierarchy-my-shoes", "hierarchy:my-shoes"),
        ("beir-my-texts", "beir:my-texts"),
        ("wordnet-mammal", "wordnet-mammal"),
    ],
)
def test_the_dataset_of_a_task_is_known_by_its_name(task_name, dataset):
    assert dataset_of(task_name) == dataset


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """What a run leaves, with boards and charts, one row since they were marked.

    One run file is too large to be published.
    """
    out = tmp_path_factory.mktemp("published") / "results"
    plugins = (f"{PLUGIN}:Leafy", f"{ROOT / 'tests' / 'plugins' / 'misbehaving.py'}:NeedsMore")
    for settings in ((), ("leafy.spread=5",)):
        measure(experiment("", TREE, plugins=plugins, settings=settings, out=out))
        if not settings:
            mark_published(Store(out), dt.date(2026, 1, 2))
    shutil.rmtree(out / ".work")
    store = Store(out)
    large = next(cell for cell in store.cells() if cell.params.get("spread") == 5)
    (store.folder(large) / RUN).unlink()
    (store.folder(large) / ".gitignore").write_text(f"{RUN}\n")
    write_leaderboard(store, figures=True)
    assert "**new** leafy spread=5" in (out / "boards" / "README.md").read_text()
    charts = {path.stem.partition("-")[2].split("-", 2)[-1] for path in out.rglob("*.svg")}
    assert len(charts) == 3, charts
    return out


@pytest.fixture
def results(published, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(published, tmp_path / "results")


def flip(path, rng):
    """Change one byte of a file to another."""
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
    path.write_bytes(content)


def test_what_a_run_left_replays(results, capsys):
    assert replay(results)
    told = capsys.readouterr().out
    assert f"{results / 'runs'}: 3 cell.json, 1 run.parquet, 2 queries.parquet as stored" in told
    assert "; 1 run.parquet not published" in told
    assert "Boards: 8 rebuilt, byte for byte the same" in told
    assert "tree-H=3,W=3: metrics of 1 cell derived again, equal; 1 have no run file here" in told
    assert "All holds.\nNot derived again: metrics of 1 whose run is not here." in told
    assert "FAIL" not in told


@pytest.mark.slow
def test_metrics_on_data_of_ones_own_are_derived_again_or_counted_as_not(tmp_path, capsys):
    edges, out = tmp_path / "my edges.csv", tmp_path / "out"
    edges.write_text("child,parent\nb,a\nc,b\nd,b\n")
    run(experiment("random", f"hierarchy:{edges}", out=out))
    assert replay(out)
    assert "hierarchy-my edges: metrics of 1 cell derived again" in capsys.readouterr().out
    edges.rename(tmp_path / "other.csv")
    assert replay(out)
    told = capsys.readouterr().out
    assert "Not derived again: metrics of 1 whose data cannot be read here, of hierarchy-my" in told
    with pytest.raises(InputError, match="no cell here is of hierarchy:.*other.csv"):
        replay(out, datasets=[f"hierarchy:{tmp_path / 'other.csv'}"])


@pytest.mark.slow
def test_the_page_that_a_run_writes_is_of_all_that_the_folder_holds(tmp_path):
    out = tmp_path / "out"
    run(experiment("random", TREE, out=out))
    run(experiment("oracle", TREE, out=out))
    (task,) = data_of_page((out / PAGE).read_text())["tasks"]
    assert {row["label"] for row in task["rows"]} == {"random", "oracle (sees the test)"}
    assert replay(out)


def test_one_flipped_byte_anywhere_fails_and_its_file_is_named(results, capsys):
    rng = random.Random(0)
    files = [path for path in sorted(results.rglob("*")) if path.is_file()]
    kinds = {"cell.json", RUN, QUERIES, ".gitignore", "LEADERBOARD.md", "leaderboard.html"}
    kinds.add("published.json")
    assert kinds < {path.name for path in files}
    for path in files:
        whole = path.read_bytes()
        flip(path, rng)
        assert not replay(results), path
        told = capsys.readouterr().out.splitlines()
        assert any(line.startswith(f"FAIL {path}: ") for line in told), path
        path.write_bytes(whole)
    assert replay(results)


def test_any_of_many_bytes_of_a_cell_counts(results):
    rng = random.Random(1)
    store = Store(results)
    for path in results.rglob("cell.json"):
        whole = path.read_bytes()
        for _ in range(150):
            flip(path, rng)
            failures = check_files(store).failures
            assert [failure.partition(": ")[0] for failure in failures] == [str(path)]
            path.write_bytes(whole)


def test_a_missing_file_and_a_stray_one_are_named(results):
    store = Store(results)
    run = next(results.rglob(RUN))
    run.unlink()
    strays = [results / "runs" / "notes.txt", run.parent / "run (copy).parquet"]
    strays.append(run.parent.parent / "not-a-key")
    for stray in strays[:2]:
        stray.write_text("")
    strays[2].mkdir()
    failures = check_files(store).failures
    assert {failure.partition(": ")[0] for failure in failures} == {
        str(run), str(strays[0]), str(strays[1]), str(strays[2] / "cell.json"),
    }  # fmt: skip
    assert f"{run}: missing; cell.json has its sha256" in "\n".join(failures)


def test_a_cell_that_was_moved_is_named(results):
    folder = next(results.glob("runs/*/leafy/*"))
    moved = folder.rename(folder.with_name("0" * 24))
    (failure,) = check_files(Store(results)).failures
    assert failure == f"{moved / 'cell.json'}: is the cell of {folder}; move it there"


def forged(store, *, keep_queries):
    """A better recall in a cell whose run is taken away, with checksums that hold."""
    path = next(path for path in store.runs.rglob("cell.json") if path.with_name(RUN).exists())
    cell = Cell.model_validate_json(path.read_bytes())
    better = [cell.points[0].model_copy(update={"macro": 0.987}), *cell.points[1:]]
    path.with_name(RUN).unlink()
    changes = {"points": better}
    if keep_queries:
        path.with_name(".gitignore").write_text(f"{RUN}\n")
    else:
        path.with_name(QUERIES).unlink()
        changes |= {"run_sha256": None, "queries_sha256": None}
    path.write_text(to_json(cell.model_copy(update=changes)))
    write_leaderboard(store, figures=True)
    return path


def test_a_cell_with_metrics_must_have_had_a_run(results, capsys):
    path = forged(Store(results), keep_queries=False)
    assert not replay(results)
    assert f"FAIL {path}: has metrics, and no sha256 of their run" in capsys.readouterr().out


def test_without_its_run_a_cell_must_still_be_the_mean_of_its_queries(results, capsys):
    path = forged(Store(results), keep_queries=True)
    assert not replay(results)
    told = capsys.readouterr().out
    assert f"FAIL {path}: point 0: recall is 0.987, its queries give " in told


def test_boards_that_are_not_those_of_the_cells_are_named_with_the_line(results, capsys):
    board = results / "LEADERBOARD.md"
    lines = board.read_text().split("\n")
    lines[2] = lines[2].replace("How far", "How near")
    board.write_text("\n".join(lines))
    assert not replay(results)
    told = capsys.readouterr().out
    assert f"FAIL {board}: line 3 has 'How near up a hierarchy" in told
    assert ", the cells give 'How far up" in told
    extra = results / "figures" / "another.svg"
    shutil.copy(next(results.rglob("*.svg")), extra)
    assert not replay(results)
    assert f"FAIL {extra}: the cells give no such file" in capsys.readouterr().out


def test_what_was_marked_is_part_of_the_boards(results, capsys):
    (results / "published.json").unlink()
    assert not replay(results)
    told = capsys.readouterr().out
    for name in ("LEADERBOARD.md", "boards/README.md", "leaderboard.html"):
        assert f"FAIL {results / name}: line " in told


def test_charts_that_were_taken_away_are_named(results, capsys):
    charts = sorted((results / "figures").iterdir())
    shutil.rmtree(results / "figures")
    assert not replay(results)
    told = capsys.readouterr().out
    assert all(f"FAIL {chart}: missing" in told for chart in charts)


def test_the_command_needs_no_model(results):
    command = [sys.executable, "-X", "importtime", "-m", "bench", "replay", "--out", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "All holds." in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "numpy" in imported
    assert not {"torch", "faiss", "scann", "sentence_transformers", "methods"} & imported
    next(results.rglob(QUERIES)).unlink()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 FAILED" in done.stdout
