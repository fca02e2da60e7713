"""A row of one's own: its command can be pasted in any folder, and its name is its alone."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli.commands import main
from bench.data.load import Dataset
from bench.report.page.command import command_of
from bench.report.rows import rows_of
from bench.store.folder import Store
from bench.system.paths import run_words
from tests.conftest import ROOT
from tests.small_results import data_of_page
from tests.test_hub import CORPUS, JUDGED, QUERIES, README, judgements, write

LINKS = "child,parent\nsandals,footwear\nboots,footwear\nrain boots,boots\n"
OBO = "[Term]\nid: 1\nname: a\n[Term]\nid: 2\nname: b\nis_a: 1\n[Term]\nid: 3\nname: c\nis_a: 2\n"
PLUGIN = """from methods.random import Random


class Mine(Random):
    name = "mine"
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Data, a run and a plugin of one's own in the current folder, whose name has a blank."""
    folder = tmp_path / "my folder"
    (folder / "texts" / "qrels").mkdir(parents=True)
    (folder / "vectors").mkdir()
    (folder / "links").mkdir()
    for name, text in (
        ("shoes.csv", LINKS), ("links/shoes.csv", LINKS.replace("boots", "shoes")),
        ("terms.obo", OBO), ("mine.py", PLUGIN), ("qrels.txt", "7 0 d1 1\n"),
        ("ours.trec", "7 Q0 d1 1 9.5 ours\n"), ("texts/qrels/test.txt", "7 0 d1 1\n"),
        ("texts/corpus.jsonl", '{"_id": "d1", "text": "fox"}\n{"_id": "d2", "text": "owl"}\n'),
        ("texts/queries.jsonl", '{"_id": "7", "text": "a fox"}\n'),
    ):  # fmt: skip
        (folder / name).write_text(text)
    rng = np.random.default_rng(0)
    for name, n in (("documents", 8), ("queries", 4)):
        np.save(folder / "vectors" / f"{name}.npy", rng.normal(size=(n, 4)).astype(np.float32))
    np.save(folder / "vectors" / "answers.npy", np.arange(4)[:, None])
    for part, rows in (("corpus", CORPUS), ("queries", QUERIES)):
        write(folder / "animals" / part / f"{part}-00000-of-00001.parquet", rows)
    for split, rows in JUDGED.items():
        write(folder / "animals" / "data" / f"{split}-00000-of-00001.parquet", judgements(rows))
    (folder / "animals" / "README.md").write_text(README)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments):
    found = CliRunner().invoke(main, ["run", *map(str, arguments)])
    assert found.exit_code == 0, found.output
    return found.output


def refused(*arguments):
    found = CliRunner().invoke(main, ["run", *map(str, arguments)])
    assert found.exit_code == 1
    return found.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--methods", "random", "--dataset", "hierarchy:./shoes.csv,max_distance=1"),
        ("--methods", "random", "--dataset", "hierarchy:terms.obo,heldout=false"),
        ("--methods", "random", "--dataset", "beir:texts@half", "--k", "100"),
        ("--methods", "random", "--dataset", "vectors:vectors/../vectors"),
        ("--methods", "random", "--dataset", "hub:animals,least_gain=2"),
        ("--run", "ours.trec", "--dataset", "qrels:qrels.txt"),
        (
            "--methods",
            "mine",
            "--plugin",
            "mine.py:Mine",
            "--dataset",
            "hierarchy:shoes.csv",
            "--seeds",
            "1,2",
        ),
    ],
)
def test_the_command_of_a_row_measures_it_again_from_another_folder(own, monkeypatch, arguments):
    if "@half" in " ".join(arguments):  # needs four queries
        texts = own / "texts"
        (texts / "queries.jsonl").write_text(
            "".join(f'{{"_id": "{n}", "text": "fox"}}\n' for n in range(4))
        )
        (texts / "qrels" / "test.txt").write_text("".join(f"{n} 0 d1 1\n" for n in range(4)))
    run(*arguments, "--out", "out")
    store = Store(own / "out")
    (row,) = rows_of(store.cells())
    words = shlex.split(command_of(row, run_words(store.runs)))
    assert words[:2] == ["python", str(ROOT / "run_bench.py")]
    (own.parent / "elsewhere").mkdir()
    monkeypatch.chdir(own.parent / "elsewhere")
    run(*words[2:], "--out", own / "out")
    assert [(cell.key, cell.status) for cell in store.cells()] == [
        (cell.key, cell.status) for cell in row.cells
    ]
    page = data_of_page((own / "out" / "leaderboard.html").read_text())
    assert page["tasks"][0]["rows"][0]["command"] == shlex.join(words)


@pytest.mark.slow
def test_the_command_on_the_page_can_be_pasted_into_a_shell(own):
    run("--methods", "random", "--dataset", "hierarchy:shoes.csv", "--out", "out")
    page = data_of_page((own / "out" / "leaderboard.html").read_text())
    command = page["tasks"][0]["rows"][0]["command"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        cwd=own.parent,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert "random · seed 0: recall" in done.stdout
    assert Store(own.parent / "results" / "local").cells()


def test_the_command_in_the_checkout_is_that_of_a_reader_of_its_results():
    assert run_words(ROOT / "results" / "runs") == ("python", "run_bench.py")


def test_two_spellings_of_one_file_are_one_task(own):
    spellings = ["shoes.csv", "./shoes.csv", "links/../shoes.csv", str(own / "shoes.csv")]
    found = [Dataset.parse(f"hierarchy:{spelling}") for spelling in spellings]
    assert {dataset.task_name for dataset in found} == {"hierarchy-shoes"}
    assert {dataset.place(None) for dataset in found} == {f"hierarchy:{own / 'shoes.csv'}"}
    options = [word for spelling in spellings for word in ("--dataset", f"hierarchy:{spelling}")]
    run("--methods", "random", *options, "--out", "out")
    assert len(Store(own / "out").cells()) == 1


def test_a_home_folder_is_found_although_no_shell_expands_it(own, monkeypatch):
    monkeypatch.setenv("HOME", str(own))
    assert Dataset.parse("hierarchy:~/shoes.csv").place(None) == f"hierarchy:{own / 'shoes.csv'}"


def test_two_files_of_one_name_are_refused_in_one_run_and_in_one_results_folder(own):
    first, second = "hierarchy:shoes.csv", "hierarchy:links/shoes.csv"
    asked = ("--methods", "random", "--out", "out")
    text = refused(*asked, "--dataset", first, "--dataset", second)
    assert f"{first} and {second} would both be called hierarchy-shoes" in text
    run(*asked, "--dataset", first)
    text = refused(*asked, "--dataset", second)
    assert f"{own / 'links' / 'shoes.csv'} would be called hierarchy-shoes, as" in text
    run(*asked, "--dataset", f"{second},name=others")
    assert {cell.task for cell in Store(own / "out").cells()} == {
        "hierarchy-shoes",
        "hierarchy-others",
    }


def test_the_current_folder_has_the_name_of_the_folder(own, monkeypatch):
    monkeypatch.chdir(own / "texts")
    found = {Dataset.parse(f"beir:{path}").task_name for path in (".", "../texts", "qrels/..")}
    assert found == {"beir-texts"}
    assert Dataset.parse("beir:.").place(None) == f"beir:{own / 'texts'}"


def test_the_plan_names_a_file_by_its_own_ending(own):
    text = run("--methods", "random", "--dataset", "hierarchy:terms.obo", "--plan", "--out", "out")
    assert "terms.obo" in text
    assert "terms.csv" not in text


def test_rows_of_a_file_are_exported_by_the_name_that_was_typed(own):
    run("--methods", "random", "--dataset", "hierarchy:terms.obo,heldout=false", "--out", "out")
    asked = ["results", "--out", "out", "--csv", "--dataset", "hierarchy:./terms.obo,heldout=false"]
    found = CliRunner().invoke(main, asked)
    assert found.exit_code == 0, found.output
    assert "hierarchy-terms" in found.output
