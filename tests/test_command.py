"""The command as a user runs it: boards, bad input, cells that go wrong, and killed runs."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.cell import Cell, Status
from tests.conftest import ROOT

PLUGIN = str(ROOT / "tests" / "plugins" / "misbehaving.py")
SMALL = ("--dataset", "tree:H=3,W=3")


def cells_of(out: Path) -> list[Cell]:
    return [
        Cell.model_validate_json(path.read_bytes()) for path in out.glob("runs/*/*/*/cell.json")
    ]


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
    assert "== hierarchy-shoes ==" in done.stdout
    assert "masked-de steps=50" in done.stdout


def test_boards_hold_every_promise(bench, tmp_path):
    done = bench("--methods", "all", *SMALL, "--seeds", "0,1", "--set", "steps=50", "--set",
                 "pretrain-finetune-de.finetune_steps=20", "--jobs", "2")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "out" / "LEADERBOARD.md").read_text()
    for title in (
        "### Recall by distance\n",
        "### Recall against the share of documents visited",
        "### Recall by distance at ≤ 10 % visited",
        "### Cost",
    ):
        assert title in text
    assert "same pairs" in text
    everything = cells_of(tmp_path / "out")
    cells = [cell for cell in everything if cell.status is Status.OK]
    assert len(cells) == 36
    skipped = {cell.method for cell in everything if cell.status is Status.SKIPPED}
    assert skipped == {"zero-shot-de", "bm25", "ehi-paper"}, "what needs texts or room"
    for cell in cells:
        for point in cell.points:
            pairs = sum(s.n for s in point.recall_by_distance)
            hits = sum(s.n * s.recall for s in point.recall_by_distance)
            assert hits / pairs == pytest.approx(point.recall, abs=1e-12)
            assert cell.sees_test or point.visited > 0
    trained = {cell.method for cell in cells if cell.cost.fit_shared and cell.seed == 0}
    assert {"exact", "de-faiss-ivf", "de-scann", "de-hnsw"} <= trained
    again = bench("--methods", "all", *SMALL, "--seeds", "0,1", "--set", "steps=50", "--set",
                  "pretrain-finetune-de.finetune_steps=20")  # fmt: skip
    assert "36 cells were measured before" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--methods", "maskd-de"), "did you mean masked-de"),
        (("--methods", "random", "--datasets", "wordnt"), "did you mean wordnet"),
        (("--methods", "masked-de", "--set", "dim=big"), "masked-de.dim takes int"),
        (("--methods", "masked-de", "--set", "dim=0"), "dim must be more than 0"),
        (("--methods", "masked-de", "--set", "width=3"), "no chosen method has this parameter"),
        (("--methods", "random", "--k", "1"), "--k 1 is too small"),
        (("--methods", "random", "--seeds", "a"), "whole numbers"),
        (("--methods", "random", "--seeds", "-1"), "0 or more"),
        (("--methods", "random", "--plugin", f"{PLUGIN}:Nobody"), "has no class 'Nobody'"),
        (("--methods", "random", "--dataset", "hierarchy:absent.csv"), "cannot read absent.csv"),
        (("--methods", "random", "--dataset", "hierarchy"), "hierarchy:EDGES.csv"),
    ],
)
def test_bad_input_is_one_clear_line_and_nothing_is_written(bench, tmp_path, arguments, message):
    done = bench(*arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert not (tmp_path / "out" / "runs").exists()


def test_an_out_that_cannot_be_written(bench, tmp_path):
    (tmp_path / "file").write_text("")
    done = bench("--methods", "random", *SMALL, out=tmp_path / "file" / "below")
    assert done.returncode != 0
    assert "cannot write to" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disk_that_is_full_is_a_clear_error_and_earlier_cells_stay(bench, tmp_path):
    assert bench("--methods", "random", *SMALL).returncode == 0
    before = (tmp_path / "out" / "LEADERBOARD.md").read_text()
    # A limit on the size of a file fails a write as a full disk does.
    command = [sys.executable, "run_bench.py", "--methods", "random", "--datasets",
               "wordnet-mammal", "--out", str(tmp_path / "out")]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 1
    assert f"cannot write to {tmp_path / 'out'}" in done.stderr
    assert "cells measured before are intact" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(cells_of(tmp_path / "out")) == 1
    assert (tmp_path / "out" / "LEADERBOARD.md").read_text() == before


WRONG = {
    "raise": ("failed", "ValueError: the moon is in the wrong phase"),
    "assert": ("failed", "AssertionError in misbehaving.py"),
    "huge array": ("out-of-memory", "Unable to allocate"),
    "huge tensor": ("out-of-memory", "can't allocate memory"),
    "exit": ("failed", "exit code 3"),
    "exit well": ("failed", "exit code 0"),
    "segfault": ("failed", "SIGSEGV"),
    "kill": ("out-of-memory", "killed by the system"),
    "write": ("failed", "read-only"),
    "twice": ("failed", "returned document 0 twice for query 3"),
    "beyond": ("failed", "returned document 13, but the corpus has 0 to 12"),
    "negative": ("failed", "returned document -2"),
    "nan": ("failed", "NaN score"),
    "short": ("failed", "for each of 13 queries"),
    "wide": ("failed", "at most 3 ids"),
    "float ids": ("failed", "ids must be integers"),
    "unequal": ("failed", "scores"),
    "leaves without a partition": ("failed", "partition() returns None"),
    "visited nan": ("failed", "visited must be 13 counts"),
    "routing negative": ("failed", "routing must be 0 or more"),
    "visited nothing": ("failed", "says that it visited 0 documents for 13 queries"),
    "markup": ("failed", "cannot open [/data/x]"),
    "print": ("ok", None),
    "not at all": ("ok", None),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_cell_that_goes_wrong_is_a_row_and_the_others_go_on(bench, tmp_path, how):
    status, reason = WRONG[how]
    done = bench("--methods", "misbehaving,random", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
                 "--set", f"how={how}")  # fmt: skip
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["random"].status == "ok"
    assert cells["misbehaving"].status == status, cells["misbehaving"].reason
    assert done.returncode == (status != "ok")
    if reason is not None:
        assert reason in cells["misbehaving"].reason
        assert reason in done.stdout.replace("\\", "")
    assert "noise" not in done.stdout


def test_a_failure_under_fresh_is_told_and_what_was_measured_stays(bench, tmp_path):
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from bench.method import Method, SearchResult\n"
        "class Mine(Method):\n"
        "    name = 'mine'\n"
        "    def index(self, corpus):\n"
        f"        if Path({str(tmp_path / 'broken')!r}).exists():\n"
        "            raise MemoryError('no more')\n"
        "    def search(self, queries, k, point):\n"
        "        ids = np.tile(np.arange(k), (len(queries.rows), 1))\n"
        "        return SearchResult(ids, -ids.astype(float))\n"
    )
    arguments = ("--methods", "mine", "--plugin", f"{plugin}:Mine", *SMALL)
    assert bench(*arguments).returncode == 0
    (tmp_path / "broken").touch()
    done = bench(*arguments, "--fresh")
    assert done.returncode == 1
    assert "out-of-memory: MemoryError: no more" in done.stdout
    (cell,) = cells_of(tmp_path / "out")
    assert (cell.status, cell.reason) == ("ok", None)


def test_code_that_changes_under_a_run_is_not_stored_under_the_old_key(tmp_path):
    log, out = tmp_path / "log", tmp_path / "out"
    plugin = tmp_path / "plugin.py"
    plugin.write_text(Path(PLUGIN).read_text())
    command = [
        sys.executable, "run_bench.py", "--methods", "slow", "--plugin", f"{plugin}:Slow", *SMALL,
        "--seeds", "0,1", "--set", f"log={log}", "--set", "seconds=2", "--out", str(out),
    ]  # fmt: skip
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    wait_for(log.exists)
    plugin.write_text(plugin.read_text() + "\nVERSION = 2\n")
    run.communicate(timeout=60)
    cells = {cell.seed: cell for cell in cells_of(out)}
    assert cells[0].status == "ok"
    assert "changed since the run began" in cells[1].reason


def test_two_runs_into_one_folder_lose_nothing(tmp_path):
    out = tmp_path / "out"
    runs = [start_slow(out, tmp_path / f"log{number}") for number in range(2)]
    for run in runs:
        run.communicate(timeout=120)
    assert [run.returncode for run in runs] == [0, 0]
    assert {cell.seed: str(cell.status) for cell in cells_of(out)} == dict.fromkeys(range(4), "ok")


@pytest.mark.parametrize("how", ["hang", "hang on", "leave a child"])
def test_a_cell_that_hangs_is_stopped(bench, tmp_path, how):
    begin = time.monotonic()
    bench("--methods", "misbehaving,random", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
          "--set", f"how={how}", "--timeout", "3")  # fmt: skip
    assert time.monotonic() - begin < 40
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    if how == "leave a child":
        assert "SIGSEGV" in cells["misbehaving"].reason
    else:
        assert cells["misbehaving"].status == "timeout"
        assert "3 s (--timeout)" in cells["misbehaving"].reason
    left = [p for p in psutil.process_iter(["cmdline"]) if "sleep-of-the-test" in str(p.info)]
    assert not left
    assert cells["random"].status == "ok"


def test_a_missing_package_skips_with_the_line_that_installs_it(bench, tmp_path):
    done = bench("--methods", "needs-more", "--plugin", f"{PLUGIN}:NeedsMore", *SMALL)
    assert done.returncode == 0
    (cell,) = cells_of(tmp_path / "out")
    assert cell.status == "skipped"
    assert "pip install a_package_that_is_not_there" in cell.reason


def test_a_cell_that_failed_is_tried_again(bench, tmp_path):
    arguments = ("--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
                 "--set", "how=raise")  # fmt: skip
    assert bench(*arguments).returncode == bench(*arguments).returncode == 1
    assert len(cells_of(tmp_path / "out")) == 1


def recall_boards(out: Path) -> str:
    """The boards without seconds and megabytes."""
    text = (out / "LEADERBOARD.md").read_text()
    return re.sub(r"### Cost\n.*?(?=\n##|\Z)", "", text, flags=re.DOTALL)


def start_slow(out: Path, log: Path) -> subprocess.Popen:
    command = [
        sys.executable, "run_bench.py", "--methods", "slow", "--plugin", f"{PLUGIN}:Slow", *SMALL,
        "--seeds", "0,1,2,3", "--set", f"log={log}", "--out", str(out),
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_goes_on_where_it_stopped(tmp_path, number):
    log = tmp_path / "log"
    out = tmp_path / "killed"
    run = start_slow(out, log)
    wait_for(lambda: len(cells_of(out)) >= 2 and len(log.read_text().split()) >= 3)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(number)
    run.communicate(timeout=30)
    wait_for(lambda: not any(worker.is_running() for worker in workers))

    finished = len(cells_of(out))
    assert 2 <= finished < 4
    again = start_slow(out, log)
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert f"{finished} cells were measured before" in output
    seeds = log.read_text().split()
    # Seed 2 was under way: it alone is begun twice. What was measured is not measured again.
    assert sorted(seeds) == sorted(["0", "1", "2", "3"] + ["2"] * (finished == 2))

    whole = tmp_path / "whole"
    start_slow(whole, log).communicate(timeout=120)
    assert recall_boards(out) == recall_boards(whole)
    assert not list((out / ".work" / "staging").iterdir())


def test_sharing_encoders_survives_a_kill(bench, tmp_path):
    """A trainer killed while it trains leaves no half-written encoder to the next run."""
    out = tmp_path / "out"
    command = [
        sys.executable, "run_bench.py", "--methods", "standard-de,exact", "--datasets", "tree",
        "--out", str(out),
    ]  # fmt: skip
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for(lambda: list(out.glob(".work/fits/*.lock")))
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    done = bench("--methods", "standard-de,exact", "--datasets", "tree", out=out)
    assert done.returncode == 0
    recalls = {cell.method: cell.points[0].recall for cell in cells_of(out)}
    assert recalls["standard-de"] == recalls["exact"] > 0.4


def test_cells_are_json_that_others_can_read(bench, tmp_path):
    bench("--methods", "random", *SMALL)
    (path,) = (tmp_path / "out").glob("runs/*/*/*/cell.json")
    cell = json.loads(path.read_text())
    assert cell["schema"] == 1
    assert cell["provenance"]["versions"]["numpy"]
    assert cell["points"][0]["visited"] == 1.0
