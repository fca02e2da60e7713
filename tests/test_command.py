"""The command as a user runs it: boards, bad input, what is told and what is stored."""

import json
import subprocess
import sys

import pytest

from bench.store.cell import Status
from tests.conftest import ROOT
from tests.running import PLUGIN, SMALL, cells_of


def test_from_the_root_datasets_is_hugging_faces():
    done = subprocess.run(
        [sys.executable, "-c", "import datasets; print(datasets.__file__)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in done.stdout
    assert not list((ROOT / "datasets").glob("**/*.py"))


def test_help_and_list_import_nothing_heavy():
    for arguments in (["run_bench.py", "--help"], ["-m", "bench", "list"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
        assert "click" in imported
        assert not {"torch", "scann", "datasets"} & imported


def test_list_names_methods_datasets_and_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-m", "bench", "list", "--plugin", f"{PLUGIN}:NeedsMore"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("masked-de", "faiss-ivf", "wordnet-heldout", "hierarchy:EDGES.csv"):
        assert name in done.stdout
    assert "pip install a_package_that_is_not_there" in done.stdout


def test_the_example_plugin_is_on_the_board(bench, tmp_path):
    example = ROOT / "examples" / "popularity.py"
    assert len(example.read_text().splitlines()) <= 40
    done = bench("--methods", "random", "--plugin", f"{example}:Popularity", *SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    recall = {cell.method: cell.points[0].recall for cell in cells_of(tmp_path / "out")}
    # In a tree of 13 nodes the three most general are far more than a third of the pairs.
    assert recall["popularity"] > recall["random"]
    assert "popularity" in (tmp_path / "out" / "LEADERBOARD.md").read_text()
    assert "popularity" in done.stdout


def test_a_hierarchy_of_ones_own(bench, tmp_path):
    edges = tmp_path / "shoes.csv"
    edges.write_text("child,parent\nsandals,footwear\nkids sandals,sandals\nkids sandals,kids\n")
    done = bench("--methods", "oracle,masked-de", "--dataset", f"hierarchy:{edges}", "--set",
                 "steps=50")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nhierarchy-shoes " in done.stdout
    assert "masked-de steps=50" in done.stdout


def test_boards_hold_every_promise(bench, tmp_path):
    everything = ("--methods", "all", *SMALL, "--set", "steps=50", "--set",
                  "pretrain-finetune-de.finetune_steps=20", "--jobs", "2")  # fmt: skip
    done = bench(*everything)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "out" / "boards" / "tree-H=3,W=3.md").read_text()
    for title in (
        "## Recall by distance\n",
        "## Recall against the share of documents visited",
        "## Recall by distance at ≤ 10 % visited",
        "## Cost",
    ):
        assert title in text
    assert "same pairs" in text
    found = cells_of(tmp_path / "out")
    cells = [cell for cell in found if cell.status is Status.OK]
    assert len(cells) == 30
    skipped = {cell.method for cell in found if cell.status is Status.SKIPPED}
    readers = {"zero-shot-de", "hit-de", "hit-dot-de", "bm25", "dsi", "nci", "names-in-names"}
    assert skipped == {*readers, "ehi-paper"}, "what needs texts or room"
    for cell in cells:
        for point in cell.points:
            pairs = sum(s.n for s in point.recall_by_distance)
            hits = sum(s.n * s.recall for s in point.recall_by_distance)
            assert hits / pairs == pytest.approx(point.recall, abs=1e-7)
            assert cell.sees_test or point.visited > 0
    trained = {cell.method for cell in cells if cell.cost.fit_shared}
    assert {"exact", "de-faiss-ivf", "de-scann", "de-hnsw"} <= trained
    again = bench(*everything)
    assert "30 cells were measured before" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--methods", "maskd-de"), "did you mean masked-de"),
        (("--methods", "random", "--datasets", "wordnt"), "did you mean wordnet"),
        (("--methods", "masked-de", "--set", "dim=big"), "masked-de.dim takes int"),
        (("--methods", "masked-de", "--set", "dim=0"), "dim must be more than 0"),
        (("--methods", "masked-de", "--set", "width=3"), "no chosen method has this parameter"),
        (("--methods", "random", "--k", "1"), "k=1 is too small"),
        (("--methods", "random", "--seeds", "a"), "whole numbers"),
        (("--methods", "random", "--seeds", "-1"), "0 or more"),
        (("--methods", "random", "--plugin", f"{PLUGIN}:Nobody"), "has no class 'Nobody'"),
        (
            ("--methods", "random", "--dataset", "hierarchy:absent.csv"),
            "no folder or file absent.csv",
        ),
        # With another dataset that is fine: a name that nobody has is no file that cannot be read.
        (("--methods", "random", *SMALL, "--dataset", "wordnt"), "did you mean wordnet"),
        (("--methods", "random", *SMALL, "--dataset", "tree:H=3,V=3"), "tree takes H=NUMBER"),
        (("--methods", "random,masked-de", *SMALL, "--set", "masked-de.dims=3"), "'dims'; it has"),
        (("--methods", "random", "--dataset", "hierarchy"), "hierarchy:EDGES.csv"),
    ],
)
def test_bad_input_is_one_clear_line_and_nothing_is_written(bench, tmp_path, arguments, message):
    done = bench(*arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "out" / "runs").exists()


def test_a_value_that_one_method_refuses_is_its_row_and_the_others_run(bench, tmp_path):
    done = bench("--methods", "constructed-de,random", *SMALL, "--set", "constructed-de.dim=0")
    assert done.returncode == 1
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["random"].status == "ok"
    assert cells["constructed-de"].status == "failed"
    assert cells["constructed-de"].reason == "dim must be more than 0, got 0"
    assert "dim must be more than 0, got 0" in done.stdout


def test_a_dataset_that_cannot_be_read_is_told_and_the_others_run(bench, tmp_path):
    loop = tmp_path / "loop.csv"
    loop.write_text("child,parent\na,b\nb,a\n")
    done = bench("--methods", "random", *SMALL, "--dataset", f"hierarchy:{loop}")
    assert done.returncode == 1
    assert "A dataset is left out: " in done.stdout
    assert f"{loop}, lines 2, 3: the links make a cycle" in done.stderr
    assert "Traceback" not in done.stderr
    assert [(cell.task, cell.status) for cell in cells_of(tmp_path / "out")] == [
        ("tree-H=3,W=3", "ok")
    ]


def test_an_out_that_cannot_be_written(bench, tmp_path):
    (tmp_path / "file").write_text("")
    done = bench("--methods", "random", *SMALL, out=tmp_path / "file" / "below")
    assert done.returncode != 0
    assert "cannot write to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_package_skips_with_the_line_that_installs_it(bench, tmp_path):
    done = bench("--methods", "needs-more", "--plugin", f"{PLUGIN}:NeedsMore", *SMALL)
    assert done.returncode == 0
    (cell,) = cells_of(tmp_path / "out")
    assert cell.status == "skipped"
    assert "pip install a_package_that_is_not_there" in cell.reason


def test_cells_are_json_that_others_can_read(bench, tmp_path):
    bench("--methods", "random", *SMALL)
    (path,) = (tmp_path / "out").glob("runs/*/*/*/cell.json")
    cell = json.loads(path.read_text())
    assert cell["schema"] == 2
    assert cell["provenance"]["versions"]["numpy"]
    assert cell["points"]["visited"] == [1.0], "a column over operating points"
