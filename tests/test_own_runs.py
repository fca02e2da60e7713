"""Runs that were made elsewhere: read, measured, on the board, and refused where they must be."""

import gzip
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import bench
from bench import results
from bench.cli.commands import main
from bench.data.load import load_dataset
from bench.data.readers.trec_run import rankings_of, read_trec_run
from bench.errors import InputError
from bench.plan.brought import named_files
from bench.registry import Registry
from bench.report.leaderboard import write_leaderboard
from bench.store.cell import Status
from bench.store.folder import Store
from bench.verify.replay import replay
from tests.conftest import ROOT
from tests.small_results import data_of_page

QRELS = "7 0 d1 3\n7 0 d2 0\n9 0 d3 1\n9 0 d1 2\n"
OURS = "7 Q0 d2 1 9.5 ours\n7 Q0 d1 2 9.1 ours\n9 Q0 d1 1 8.0 ours\n"
DENSE = "7 Q0 d1 1 0.9 dense\n9 Q0 d5 1 0.8 dense\n9 Q0 d1 2 0.7 dense\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Judgements of two queries, two runs, and a corpus of three documents in BEIR's form."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("qrels.txt", QRELS), ("ours.trec", OURS), ("dense.trec", DENSE)):
        (tmp_path / name).write_text(text)
    (tmp_path / "mine" / "qrels").mkdir(parents=True)
    corpus = ("a red fox", "a grey wolf", "an old fox den")
    lines = [f'{{"_id": "d{n}", "text": "{text}"}}\n' for n, text in enumerate(corpus, start=1)]
    (tmp_path / "mine" / "corpus.jsonl").write_text("".join(lines))
    asked = '{"_id": "7", "text": "red fox"}\n{"_id": "9", "text": "old fox"}\n'
    (tmp_path / "mine" / "queries.jsonl").write_text(asked)
    (tmp_path / "mine" / "qrels" / "test.txt").write_text(QRELS)
    return tmp_path


def command(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


def ran(*arguments):
    """What the command prints; it must succeed."""
    found = command("run", *arguments, "--out", "out")
    assert found.exit_code == 0, found.output
    return found.output


def refused(*arguments):
    """The error of the command, which must leave nothing behind."""
    found = command(*arguments)
    assert found.exit_code != 0, found.output
    return str(found.exception) if isinstance(found.exception, InputError) else found.output


def cells(out="out"):
    return {cell.method: cell for cell in Store(Path(out)).cells()}


def test_the_runs_of_dl19_have_their_published_scores(data_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = data_dir / "runs"
    ran(
        "--data-dir", data_dir, "--dataset", "qrels:msmarco-slice/2019qrels-pass.txt,least_gain=2",
        "--run", f"{runs / 'dl19.bm25.trec'}:bm25-anserini", "--run", runs / "dl19.tas-b.trec",
    )  # fmt: skip
    scores = {name: cell.points[0].ranking["nDCG@10"].mean for name, cell in cells().items()}
    assert {name: f"{score:.4f}" for name, score in scores.items()} == {
        "bm25-anserini": "0.5058",
        "dl19.tas-b": "0.7210",
    }


def test_measures_of_a_run_by_judgements_alone(folder):
    ran("--dataset", "qrels:qrels.txt,least_gain=2", "--run", "ours.trec", "--run", "dense.trec:d")
    ours, dense = (cells()[name].points[0] for name in ("ours", "d"))
    # By hand: d1 of gain 3 at rank 2; d1 of gain 2 at rank 1 before d3 of gain 1, not found.
    second = 2 / (2 + 1 / math.log2(3))
    assert ours.ranking["nDCG@10"].mean == pytest.approx((1 / math.log2(3) + second) / 2)
    assert ours.ranking["MRR@10"].mean == pytest.approx((1 / 2 + 1) / 2)
    # d5 is not judged: it keeps its rank.
    assert dense.ranking["MRR@10"].mean == pytest.approx((1 + 1 / 2) / 2)
    assert ours.visited is ours.work is ours.routing is ours.queries_per_second is None
    assert cells()["ours"].cost is None


def test_it_survives_replay_leaderboard_recompute_and_results(folder):
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec", "--run", "dense.trec")
    assert replay(folder / "out")
    assert command("recompute", "--out", "out").exit_code == 0
    before = (folder / "out" / "LEADERBOARD.md").read_text()
    write_leaderboard(Store(folder / "out"), figures=True)
    assert (folder / "out" / "LEADERBOARD.md").read_text() == before
    table = results("out")
    shown = table[(table.method == "ours") & (table.measure == "nDCG@10")]
    assert shown[["visited", "work", "queries_per_second"]].isna().all(axis=None)
    (board,) = (folder / "out" / "boards").glob("qrels-*.md")
    text = board.read_text()
    assert "ours (from a file)" in text
    assert "(from a file): a run that was made elsewhere; –: no file tells it." in text
    assert "as no file tells their cost" in text


def test_runs_are_brought_from_python_as_on_the_command_line(folder):
    asked = {"datasets": "qrels:qrels.txt", "out": "out"}
    found = bench.run(runs=[folder / "ours.trec", "dense.trec:tas-b"], **asked)
    assert [(cell.method, cell.brought.tag) for cell in found] == [
        ("ours", "ours"), ("tas-b", "dense")
    ]  # fmt: skip
    (again,) = bench.run(runs="ours.trec", **asked)
    assert again == found[0]
    assert len(bench.run("random", "beir:mine", runs=["ours.trec"], out="out")) == 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"runs": 3}, TypeError, "runs takes a name or a list of names, got"),
        ({"runs": ["absent.trec"]}, InputError, "absent.trec"),
        ({"runs": ["ours.trec", "./ours.trec"]}, InputError, "would both be called ours"),
        ({"runs": ["ours.trec:random"]}, InputError, "random is a method"),
        ({"runs": ["ours.trec"], "datasets": "quick"}, InputError, "a run is of one dataset"),
        ({}, InputError, "no method is named"),
    ],
)
def test_runs_from_python_that_cannot_be_brought_are_refused(folder, options, error, message):
    with pytest.raises(error, match=message):
        bench.run(**{"datasets": "qrels:qrels.txt", "out": "out"} | options)


def test_the_page_says_what_it_is_and_shows_no_cost(folder):
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec:our-system")
    data = data_of_page((folder / "out" / "leaderboard.html").read_text())
    (row,) = data["tasks"][0]["rows"]
    assert row["curve"] is None
    assert row["strata"][row["at"]["all"]]["visited"] is None
    assert "brought from a file, ours.trec" in data["sentences"][row["summary"]]
    expected = f"--run {folder / 'ours.trec'}:our-system --dataset qrels:{folder / 'qrels.txt'}"
    assert row["command"].endswith(expected)


def test_in_a_browser_it_is_compared_and_opened(folder, open_page):
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec", "--run", "dense.trec")
    page = open_page(f"{(folder / 'out' / 'leaderboard.html').as_uri()}#qrels-qrels")
    page.wait_for_selector("#board tbody th .name button")
    assert "a run from a file tells none" in page.locator("#compare-result").inner_text()
    page.locator("#board tbody th .name button").first.click()
    assert "brought from a file" in page.locator("#details").inner_text()


def test_other_content_of_one_name_takes_its_place(folder):
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec")
    first = cells()["ours"]
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec")
    assert cells()["ours"] == first
    (folder / "moved.trec").write_text(OURS)
    ran("--dataset", "qrels:qrels.txt", "--run", "moved.trec:ours")
    assert cells()["ours"].brought.file == str(folder / "moved.trec")
    again = cells()["ours"]
    ran("--dataset", "qrels:qrels.txt", "--run", "moved.trec:ours", "--fresh")
    assert cells()["ours"].provenance.date > again.provenance.date
    ran("--dataset", "qrels:qrels.txt", "--run", "dense.trec:ours")
    assert len(Store(folder / "out").cells()) == 1
    assert cells()["ours"].key != first.key


def test_order_is_by_score_and_then_by_rank(folder):
    (folder / "run.trec").write_text("7 Q0 d2 2 1 t\n7 Q0 d3 3 5 t\n7 Q0 d1 1 1 t\n")
    task = load_dataset("qrels:qrels.txt")
    found = rankings_of(read_trec_run(folder / "run.trec"), task, 4)
    names = [task.document_names[i] for i in found.ids[0, :3]]
    assert names == ["d3", "d1", "d2"]
    assert found.unanswered == 1


def test_queries_without_a_ranking_score_0_and_the_board_says_so(folder):
    (folder / "half.trec").write_text("7 Q0 d1 1 1 half\n")
    said = ran("--dataset", "qrels:qrels.txt", "--run", "half.trec")
    assert "1 of 2 queries have none and score 0" in said
    assert cells()["half"].points[0].ranking["nDCG@10"].mean == 0.5
    (board,) = (folder / "out" / "boards").glob("qrels-*.md")
    assert "half (from a file) lacks 1 queries, which score 0." in board.read_text()


def test_queries_that_are_not_asked_are_left_out_and_said(folder):
    (folder / "run.trec").write_text(f"{OURS}8 Q0 d1 1 1 ours\n")
    said = ran("--dataset", "qrels:qrels.txt", "--run", "run.trec")
    assert "1 of its queries are not tested, and left out" in said


def test_a_gzipped_run_is_read(folder):
    (folder / "ours.trec.gz").write_bytes(gzip.compress(OURS.encode()))
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec.gz")
    assert cells()["ours"].brought.tag == "ours"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no line"),
        (f"{OURS}9 Q0 d2 2 7.0\n", "line 4 has 5 values"),
        (f"{OURS}9 Q0 d2 2 high ours\n", "line 4: the score must be a number, it is 'high'"),
        (f"{OURS}9 Q0 d2 2 nan ours\n", "line 4: the score must be a number"),
        (f"{OURS}9 Q0 d2 two 7.0 ours\n", "line 4: the rank must be a number, it is 'two'"),
        (
            f"{OURS}9 Q0 d1 2 7.0 ours\n",
            "line 4 ranks document 'd1' for query '9' again, as line 3",
        ),
        (f"{OURS}9 Q0 d2 2 7.0 theirs\n", "line 4 is of system 'theirs', line 1 of 'ours'"),
        (QRELS, "line 1 has 4 values"),
        ("8 Q0 d1 1 1 t\n", "has no ranking of a query that qrels-qrels tests"),
    ],
)
def test_a_malformed_run_is_refused_by_its_line(folder, text, said):
    (folder / "bad.trec").write_text(text)
    error = refused("run", "--dataset", "qrels:qrels.txt", "--run", "bad.trec", "--out", "bad")
    assert said in error
    assert "bad.trec" in error
    assert not (folder / "bad").exists()


def test_the_command_that_takes_two_systems_apart_spares_what_is_there(folder):
    both, other = folder / "the ours.trec", folder / "the ours-1.trec"
    both.write_text(f"{OURS}9 Q0 d2 2 7.0 theirs\n")
    other.write_text("kept")
    error = refused("run", "--dataset", "qrels:qrels.txt", "--run", f"{both}:ours", "--out", "bad")
    command = " ".join(error.split("`")[1].split())
    subprocess.run(["bash", "-c", command], check=True, cwd=folder)
    assert (folder / "the ours-2.trec").read_text() == OURS
    assert (both.read_text(), other.read_text()) == (f"{OURS}9 Q0 d2 2 7.0 theirs\n", "kept")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("9 Q0 d7 2 1 ours", "line 4: beir-mine has no document 'd7'; the run has 1 such names"),
        ("8 Q0 d1 1 1 ours", "line 4: beir-mine has no query '8'; the run has 1 such names"),
    ],
)
def test_names_that_a_corpus_lacks_are_told_by_line(folder, line, said):
    (folder / "bad.trec").write_text(f"{OURS}{line}\n")
    error = refused("run", "--dataset", "beir:mine", "--run", "bad.trec", "--out", "bad")
    assert said in error
    assert "--dataset qrels:QRELS.txt" in error


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["absent.trec"], "there is no file"),
        (["ours.trec:bm25"], "bm25 is a method"),
        (["ours.trec:a b"], "cannot be named 'a b'"),
        (["ours.trec:x", "dense.trec:x"], "would both be called x"),
    ],
)
def test_a_name_that_no_row_can_have(folder, typed, said):
    options = [part for text in typed for part in ("--run", text)]
    assert said in refused("run", "--dataset", "qrels:qrels.txt", *options, "--out", "bad")


def test_the_name_is_that_of_the_file_or_what_follows_it(folder):
    (folder / "a:b.run.gz").write_bytes(b"")
    typed = ["ours.trec", "dense.trec:tas-b"]
    assert [*named_files(typed, Registry())] == ["ours", "tas-b"]
    with pytest.raises(InputError, match="cannot be named 'a:b'"):
        named_files(["a:b.run.gz"], Registry())


def test_runs_need_their_dataset(folder):
    assert "--run needs the --dataset" in refused("run", "--run", "ours.trec")
    several = ("--dataset", "qrels:qrels.txt", "--dataset", "beir:mine")
    assert "a run is of one dataset" in refused("run", *several, "--run", "ours.trec")


def test_judgements_alone_cannot_be_searched(folder):
    error = refused("run", "--dataset", "qrels:qrels.txt", "--methods", "bm25", "--out", "bad")
    assert "holds judgements alone, and no documents to search" in error
    (folder / "none.txt").write_text("7 0 d1 0\n")
    with pytest.raises(InputError, match="no judgement above 0"):
        load_dataset("qrels:none.txt")


def test_nobody_can_measure_it_again(folder):
    ran("--dataset", "qrels:qrels.txt", "--run", "ours.trec")
    key = cells()["ours"].key
    for arguments in (
        ("certify", key, "--out", "out"),
        ("export", key, "--to", "taken", "--out", "out"),
        ("export-run", key, "--to", "again.trec", "--out", "out"),
    ):
        assert "was brought from a file" in refused(*arguments)
    (folder / "published").mkdir()
    said = refused("submit", key, "--from", "out", "--out", "published")
    assert f"REFUSED run: {Store(Path('out')).folder(cells()['ours'])}" in said


@pytest.mark.slow
def test_what_is_exported_comes_back_with_the_same_measures(folder):
    ran("--dataset", "beir:mine", "--methods", "bm25")
    said = command("export-run", cells()["bm25"].key, "--to", "bm25.trec.gz", "--out", "out")
    assert said.exit_code == 0, said.output
    assert "Scores were not stored" in said.output
    lines = gzip.decompress((folder / "bm25.trec.gz").read_bytes()).decode().splitlines()
    assert re.fullmatch(r"7 Q0 d1 1 \d+ bm25", lines[0])
    ran("--dataset", "beir:mine", "--run", "bm25.trec.gz:again")
    measured, again = (cells()[name].points[0] for name in ("bm25", "again"))
    assert measured.ranking == again.ranking
    run = Store(folder / "out").folder(cells()["bm25"]) / "run.parquet"
    run.write_bytes(b"")
    error = refused("export-run", cells()["bm25"].key, "--to", "no.trec", "--out", "out")
    assert "run.parquet is here, but is not the file that was stored" in error
    run.unlink()
    error = refused("export-run", cells()["bm25"].key, "--to", "no.trec", "--out", "out")
    assert "run.parquet is not here; measure the cell again" in error
    assert measured.recall_by_distance == again.recall_by_distance


@pytest.mark.slow
def test_a_point_is_named_by_its_settings(folder):
    ran("--dataset", "tree:H=3,W=3", "--methods", "masked-de+faiss-ivf", "--set", "steps=20")
    cell = cells()["masked-de+faiss-ivf"]
    setting = f"nprobe={cell.points[0].point['nprobe']}"
    arguments = ("export-run", cell.key, "--to", "first.trec", "--out", "out", "--point")
    assert command(*arguments, setting).exit_code == 0
    run = read_trec_run(folder / "first.trec")
    task = load_dataset("tree:H=3,W=3")
    ids = rankings_of(run, task, cell.k).ids
    judged = task.test.rows(task.test.relevance.answered)
    assert judged.found(ids).mean() == pytest.approx(cell.points[0].recall)
    assert "names 0 of the operating points" in refused(*arguments, "nprobe=77777")


GUIDES = {
    "own-runs.md": {"ours", "tas-b", "bm25", "random", "bm25-again"},
    "own-texts.md": {"bm25", "random"},
}


@pytest.mark.slow
@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_runs_as_it_stands_in_an_empty_folder(guide, tmp_path):
    text = (ROOT / "docs" / guide).read_text()
    assert text.count("\n") < 60
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": path}
    done = subprocess.run(
        ["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cells = Store(tmp_path / "results" / "local").cells()
    assert {cell.method for cell in cells} == GUIDES[guide]
    assert {cell.status for cell in cells} == {Status.OK}
