"""Exported cells: searched by a program that knows no harness, which finds what the cell found."""

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner

import bench
from bench.cli.commands import main
from bench.errors import InputError
from bench.evaluation.answers import Indexed
from bench.evaluation.preparation import method_named, prepare
from bench.evaluation.search import Searcher
from bench.experiment import measure
from bench.method import Workspace
from bench.store.cell import Status
from bench.store.folder import RUN, Store
from bench.store.point_run import PointRun
from bench.store.run_file import RunFile, read_run
from bench.system.files import sha256_of
from bench.task import Strings
from bench.verify.end_to_end import end_to_end
from bench.verify.export import ExportOptions, export
from bench.verify.lock import _write_texts
from bench.verify.points import point_of
from methods.encoders.text import TextEncoder, TextRecipe
from methods.indexes.base import Guide
from methods.indexes.learned_tree import LearnedTree
from methods.trees.indexer import Indexer, TreeShape
from tests.cells import cell, point
from tests.running import cells_of, experiment

TREE = "tree:H=4,W=3"
TABLES = [
    "masked-de",
    "masked-de+faiss-ivf",
    "de-faiss-ivf-2",
    "de-learned-router",
    "de-hnsw",
    pytest.param("de-scann", marks=pytest.mark.slow),
    "ehi",
]
ALONE = """
import json, sys
import numpy as np
import search
asked, k = json.loads(sys.argv[1]), int(sys.argv[2])
found = search.search(search.encode(asked), k)
assert not {"bench", "methods"} & set(sys.modules)
print(json.dumps([[int(number) for number in row] for row in found]))
"""


def found_alone(folder, asked, k):
    """Numbers of documents that the program in a folder finds, in a process without the harness."""
    command = [sys.executable, "-B", "-c", ALONE, json.dumps(asked), str(k)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def searched(method, dataset, out, **settings):
    """A stored cell, and what it finds [n, k] at the point that is exported; no run is stored."""
    task = bench.load(dataset)
    found = bench.evaluate(method, task, settings=settings)
    store = Store(out)
    store.prepare()
    store.commit(found)
    made = method_named(method, task, settings)
    prepare(made, task)
    queries = task.queries(task.test.relevance.answered)
    indexed = Indexed(made, len(task.document_names))
    ran = Searcher(indexed, queries, found.k).run(point_of(found).point, lambda _done, _n: None)
    return found, task, ran


def with_run(found, task, ran, out):
    """The same cell stored with a run: that of ``ran`` at its only point."""
    store, rows = Store(out), task.test.relevance.answered
    with store.staging(found.key) as staging:
        relevance = task.test.rows(rows).relevance
        file = RunFile(staging / RUN, rows, task.test.depth[rows], relevance)
        file.add(ran.ids, ran.visited, ran.reached)
        file.close()
        again = found.model_copy(update={"run_sha256": sha256_of(staging / RUN)})
        store.commit(again, staging)
    return again


@pytest.mark.parametrize("method", TABLES)
def test_a_program_without_the_harness_finds_the_same_documents(method, tmp_path):
    found, task, ran = searched(method, TREE, tmp_path / "out", steps=60)
    export(found.key, tmp_path / "taken", ExportOptions(tmp_path / "out"))
    rows = task.test.relevance.answered
    names = [task.query_names[row] for row in rows]
    alone = found_alone(tmp_path / "taken", names, found.k)
    for depth, mine, its in zip(task.test.depth[rows], ran.ids, alone, strict=True):
        assert its[:depth] == mine[: min(depth, len(its))].tolist()


def test_vectors_and_names_are_in_one_order(tmp_path):
    found, task, _ = searched("masked-de", TREE, tmp_path / "out", steps=60)
    export(found.key, tmp_path / "taken", ExportOptions(tmp_path / "out"))
    names = pq.read_table(tmp_path / "taken" / "documents.parquet")["name"].to_pylist()
    vectors = np.load(tmp_path / "taken" / "embeddings.npy")
    assert names == list(task.document_names)
    assert vectors.shape == (len(names), found.params["dim"])
    readme = (tmp_path / "taken" / "README.md").read_text()
    for said in (found.key, "masked-de, seed 0", "faiss-cpu==", "steps=60", "for 40 test queries"):
        assert said in readme


def test_it_searches_at_the_operating_point_that_is_asked_for_and_says_which(tmp_path, capsys):
    found, _, _ = searched("masked-de+faiss-ivf", TREE, tmp_path / "out", steps=60)
    chosen = point_of(found).point["nprobe"]
    asked = next(each.point["nprobe"] for each in found.points if each.point["nprobe"] != chosen)
    options = ExportOptions(tmp_path / "out")
    export(found.key, tmp_path / "chosen", options)
    assert f"nprobe={chosen} (validation chose it; --point sets" in capsys.readouterr().out
    arguments = ["export", found.key, "--to", str(tmp_path / "all"), "--point", f"nprobe={asked}"]
    done = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])
    assert f"nprobe={asked} (as asked for)" in done.output
    assert f"nprobe={asked} (as asked for)" in (tmp_path / "all" / "README.md").read_text()
    assert f"nprobe={asked}." in (tmp_path / "all" / "search.py").read_text()
    with pytest.raises(InputError, match="--point nprobe=9999 names 0 of the operating points"):
        export(found.key, tmp_path / "none", options, "nprobe=9999")


def test_the_nodes_of_a_file_are_searched_and_told_by_what_they_are_called(tmp_path):
    rows = ["id,parent_id,name", "1,,Goods", "2,1,Shoes", "3,1,Toys", "4,2,Boots", "5,3,Boots"]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    dataset = f"hierarchy:{tmp_path / 'mine.csv'},heldout=false"
    found, _, _ = searched("masked-de", dataset, tmp_path / "out", steps=60)
    export(found.key, tmp_path / "taken", ExportOptions(tmp_path / "out", datasets=(dataset,)))

    def said(*words):
        command = [sys.executable, str(tmp_path / "taken" / "search.py"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert {"2\tShoes", "1\tGoods"} <= set(said("Shoes").stdout.splitlines())
    assert said("Shoes").stdout == said("2").stdout
    assert said("Boots").stderr.startswith("unknown query: 'Boots'; queries.parquet has all")
    assert said().stderr.startswith("usage: python search.py QUERY")


def test_a_folder_that_cannot_be_written_is_named_by_its_option(tmp_path):
    found, _, _ = searched("masked-de", TREE, tmp_path / "out", steps=60)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="name another place with --to"):
        export(found.key, tmp_path / "file" / "taken", ExportOptions(tmp_path / "out"))


def test_how_far_two_lists_agree_is_counted_as_deep_as_they_are_judged():
    expected = np.array([[1, 2, 3], [1, 2, 3], [1, 2, 3]])
    found = np.array([[1, 2, 9], [2, 1, 3], [1, 3, 2]])
    agreed = end_to_end(expected, found, np.array([2, 3, 1]), 0.99999, 2)
    assert (agreed.n, agreed.in_order, agreed.same_set, agreed.same_first) == (3, 2, 3, 2)
    assert "2 of 3 queries find the same in the same order" in agreed.text
    assert "on 2 threads, 3 of 3 queries find the same again" in agreed._replace(in_order=3).text


def test_a_fitted_state_that_is_stored_is_taken(tmp_path, capsys):
    found, task, _ = searched("masked-de", TREE, tmp_path / "out", steps=60)
    fits = Store(tmp_path / "out").fits
    prepare(method_named("masked-de", task, {"steps": 60}), task, fits=fits)
    capsys.readouterr()
    export(found.key, tmp_path / "taken", ExportOptions(tmp_path / "out"))
    assert "The fitted state was taken from" in capsys.readouterr().out


def test_another_document_than_the_cell_found_is_an_error_that_names_the_query(tmp_path):
    found, task, ran = searched("masked-de", TREE, tmp_path / "out", steps=60)
    kept = with_run(found, task, ran, tmp_path / "out")
    export(kept.key, tmp_path / "taken", ExportOptions(tmp_path / "out"))
    ids = ran.ids.copy()
    ids[3, 0] = next(number for number in range(40) if number not in ids[3])
    other = PointRun(ids, ran.scores, ran.visited, ran.reached, ran.summary)
    kept = with_run(found, task, other, tmp_path / "out")
    query = task.query_names[task.test.relevance.answered[3]]
    told = f"rank 1 of the query '{query}', where the cell found '{task.document_names[ids[3, 0]]}'"
    with pytest.raises(InputError, match=told):
        export(kept.key, tmp_path / "again", ExportOptions(tmp_path / "out"))
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("beam", [0, 3])
@pytest.mark.parametrize(
    "shape",
    [
        TreeShape(8, branching=4, height=2),
        TreeShape(8, branching=3, height=3, routing_dim=4),
        TreeShape(8, branching=3, height=3, children="shared", transform=True),
        TreeShape(8, branching=12, height=1, children="shared", transform=True),
    ],
    ids=str,
)
def test_numpy_finds_the_leaves_that_the_learned_tree_finds(shape, beam, tmp_path):
    rng = np.random.default_rng(0)
    documents, queries = rng.standard_normal((2, 300, 8)).astype(np.float32)
    for copies in (1, 2):
        index = LearnedTree(leaves_per_document=copies, beam=beam)
        index.build(documents, Guide(queries, None, tree=Indexer(shape, seed=1)))
        code = index.export(tmp_path, documents, {"nprobe": 4})
        program = {"HERE": tmp_path, "np": np}
        exec("\n".join((*code.imports, code.text)), program)
        mine = index.search(queries, 10, {"nprobe": 4}).ids
        assert program["search"](queries, 10).tolist() == mine.tolist()


def commit(out, **facts):
    store = Store(out)
    store.prepare()
    made = cell(key="a1b2c3", task="tree-H=4,W=3", **{"k": 4, **facts})
    store.commit(made)
    return made


def test_a_method_that_no_library_searches_is_named_with_the_way_out(tmp_path):
    task = bench.load(TREE)
    for method, told in (
        ("de-optimist", r"de-optimist cannot .* Optimist, .* standard-de\+exact or standard-de\+"),
        ("box-embedding", "box-embedding cannot .* no dot product, .* such as masked-de"),
        ("random", "random cannot .* writes no files"),
    ):
        params = method_named(method, task, {}).values
        out = tmp_path / method
        commit(out, method=method, params=params, task_digest=task.digest, points=[point(1, 1)])
        with pytest.raises(InputError, match=told):
            export("a1", tmp_path / "taken", ExportOptions(out))


def test_what_is_not_searched_and_what_is_not_there_is_refused(tmp_path):
    out, target = tmp_path / "out", tmp_path / "taken"
    commit(out, status=Status.FAILED, reason="no luck")
    with pytest.raises(InputError, match="ended as failed: there is no search to export"):
        export("a1", target, ExportOptions(out))
    with pytest.raises(InputError, match="unknown cell 'zz'; .* has 1 cell"):
        export("zz", target, ExportOptions(out))


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    out, target = tmp_path / "out", tmp_path / "taken"
    commit(out)
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="taken is there and not empty; name a folder that is new"):
        export("a1", target, ExportOptions(out))
    assert [file.name for file in target.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_the_command_takes_a_cell_of_a_run_home(tmp_path):
    out, target = tmp_path / "out", tmp_path / "taken"
    measure(experiment("masked-de+faiss-ivf", TREE, out=out, settings=["steps=60"]))
    (found,) = cells_of(out)
    arguments = ["export", found.key[:8], "--to", str(target), "--out", str(out)]
    done = CliRunner(catch_exceptions=False).invoke(main, arguments)
    assert done.exit_code == 0, done.stderr
    assert "the same documents as the cell's run for 40 test queries" in done.stdout
    number = found.points.index(point_of(found))
    (run,) = out.glob(f"runs/*/*/*/{RUN}")
    ran = list(read_run(run))[number]
    task = bench.load(TREE)
    command = [sys.executable, target / "search.py", task.query_names[ran.queries[0]]]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    best = [task.document_names[number] for number in ran.ids[0] if number >= 0]
    assert told.stdout.splitlines()[: len(best)] == best


@pytest.mark.slow
def test_an_encoder_of_texts_is_a_sentence_transformers_model(tmp_path):
    _write_texts(tmp_path / "texts")
    settings = {"steps": 30, "siamese": False, "precision": "float32"}
    dataset = f"beir:{tmp_path / 'texts'}"
    found, task, ran = searched("standard-de+faiss-ivf", dataset, tmp_path / "out", **settings)
    options = ExportOptions(tmp_path / "out", datasets=(dataset,))
    export(found.key, tmp_path / "taken", options)
    texts = [task.query_texts[row] for row in task.test.relevance.answered]
    alone = found_alone(tmp_path / "taken", texts, 10)
    assert alone == ran.ids[:, :10].tolist()
    assert (tmp_path / "taken" / "encoder-documents" / "modules.json").exists()


@pytest.mark.parametrize(
    "recipe",
    [
        TextRecipe("wordllama", "none"),
        TextRecipe("wordllama", "head", dim=256, width=8),
        TextRecipe("minilm", "last-layer"),
        TextRecipe("minilm", "full"),
    ],
    ids=lambda recipe: f"{recipe.name}-{recipe.tune}",
)
def test_a_tower_and_its_model_give_the_same_vectors(recipe, tmp_path):
    texts = ["what is a dog?", "All about the piano, and a little more of it.", "tax"]
    workspace = Workspace(tmp_path, device="cpu")
    tower = TextEncoder.pretrained(recipe, workspace, seed=0).queries
    if tower.module is not None:  # as if it was trained
        with torch.no_grad():
            for weight in tower.module.parameters():
                weight.add_(0.02 * torch.randn(weight.shape, generator=torch.manual_seed(1)))
    given = tower.encode(Strings.of(texts))
    assert not tower.n_halved()
    found = tower.as_model().encode(texts)
    assert np.abs(given - found).max() < 2e-3
    assert np.linalg.norm(given - found, axis=1).max() < 0.01


@pytest.mark.parametrize("tune", ["none", "head"])
def test_texts_are_encoded_in_the_precision_and_the_batches_of_the_cell(tune, tmp_path):
    recipe = TextRecipe("minilm", tune, dim=384, width=8, precision="bfloat16")
    workspace = Workspace(tmp_path / "cache", device="cpu")
    encoder = TextEncoder.pretrained(recipe, workspace, seed=0)
    texts = [f"what is a {topic}? " + "and more of it " * n for n, topic in enumerate("abcdef" * 9)]
    code = encoder.export(tmp_path)
    program = {"HERE": tmp_path, "np": np}
    exec("\n".join((*code.imports, code.text)), program)
    given = encoder.queries.encode(Strings.of(texts))
    assert np.abs(program["encode"](texts) - given).max() < 1e-6
    in_float32 = encoder.queries.as_model().encode(texts)
    assert np.abs(in_float32 - given).max() > 1e-4
