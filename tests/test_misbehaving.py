"""A method that goes wrong: a row with its status and a reason, and no process left behind."""

import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest

import bench.executors.local
import bench.executors.measure
from bench.experiment import measure
from tests.running import PLUGIN, SMALL, cells_of, experiment, processes_of, start, wait_for

pytestmark = pytest.mark.slow


WRONG = {
    "raise": ("failed", "ValueError: the moon is in the wrong phase"),
    "assert": ("failed", "AssertionError in misbehaving.py"),
    "huge array": ("out-of-memory", "Unable to allocate"),
    "huge tensor": ("out-of-memory", "can't allocate memory"),
    "exit": ("failed", "SystemExit(3) in misbehaving.py"),
    "exit well": ("failed", "SystemExit(0) in misbehaving.py"),
    "exit at once": ("failed", "exit code 0 before it was measured; does it call os._exit()?"),
    "interrupt": ("failed", "KeyboardInterrupt() in misbehaving.py"),
    "segfault": ("failed", "signal SIGSEGV in string_at (__init__.py:"),
    "kill": ("out-of-memory", "killed by the system"),
    "write": ("failed", "read-only"),
    "twice": ("failed", "document 0 twice for query 3"),
    "beyond": ("failed", "document 13; the contract has 0 to 12"),
    "negative": ("failed", "got document -2"),
    "nan": ("failed", "NaN score"),
    "short": ("failed", "got shape (12, 3)"),
    "wide": ("failed", "[13, at most 3]"),
    "float ids": ("failed", "a numpy array of integers"),
    "unequal": ("failed", "scores"),
    "leaves without a partition": ("failed", "partition() returns None"),
    "visited nan": ("failed", "13 counts of 0 or more"),
    "routing negative": ("failed", "routing of search(): got float -1.0"),
    "visited too much": ("failed", "says that it visited 1e+09 documents a query, of 13"),
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


@pytest.mark.parametrize("how", ["hang", "hang on", "hang in C"])
def test_a_cell_that_hangs_is_stopped(bench, tmp_path, how):
    begin = time.monotonic()
    bench("--methods", "misbehaving,random", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
          "--set", f"how={how}", "--timeout", "3")  # fmt: skip
    assert time.monotonic() - begin < 40
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["misbehaving"].status == "timeout"
    assert "3 s (--timeout)" in cells["misbehaving"].reason
    assert not processes_of(tmp_path / "out")
    assert cells["random"].status == "ok"


def alive(log) -> set[int]:
    """Of the processes that a method started, those that run."""
    found = set()
    for number in map(int, log.read_text().split()):
        if psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
            found.add(number)
    return found


FAMILIES = {
    "start a family": ("ok", None, 100),
    "start a family and crash": ("failed", "SIGSEGV in string_at", 100),
    "start a family and kill itself": ("out-of-memory", "killed by the system", 100),
    "start a family and hang": ("timeout", "8 s (--timeout)", 8),
}


@pytest.mark.parametrize("how", FAMILIES)
def test_what_a_cell_started_ends_with_it_whatever_it_left(bench, tmp_path, how):
    status, reason, seconds = FAMILIES[how]
    log = tmp_path / "log"
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    bench("--methods", "misbehaving,random", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
          "--set", f"how={how}", "--set", f"log={log}", "--jobs", "2",
          "--timeout", str(seconds))  # fmt: skip
    cells = {cell.method: cell for cell in cells_of(tmp_path / "out")}
    assert cells["misbehaving"].status == status, cells["misbehaving"].reason
    assert reason is None or reason in cells["misbehaving"].reason
    assert cells["random"].status == "ok"
    assert len(log.read_text().split()) == 3
    assert not alive(log)
    assert not processes_of(tmp_path / "out")
    assert other.poll() is None, "processes of others are let alone"
    other.communicate("", timeout=10)


def test_what_a_cell_started_ends_with_a_run_that_is_killed(tmp_path):
    log, out = tmp_path / "log", tmp_path / "out"
    run = start(out, "--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
                "--set", "how=start a family and hang", "--set", f"log={log}")  # fmt: skip
    wait_for(lambda: log.exists() and len(log.read_text().split()) == 3)
    assert len(alive(log)) == 3
    run.kill()
    run.wait()
    wait_for(lambda: not alive(log) and not processes_of(out), seconds=5)


def test_a_cell_whose_thread_never_ends_is_measured_and_ended(bench, tmp_path):
    begin = time.monotonic()
    done = bench("--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
                 "--set", "how=never end a thread")  # fmt: skip
    assert time.monotonic() - begin < 40
    assert done.returncode == 0
    assert [cell.status for cell in cells_of(tmp_path / "out")] == ["ok"]
    assert not processes_of(tmp_path / "out")


def test_of_megabytes_printed_the_start_and_the_end_are_kept(bench, tmp_path):
    bench("--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
          "--set", "how=print")  # fmt: skip
    (log,) = (tmp_path / "out").glob(".work/logs/*.log")
    text = log.read_text()
    assert len(text) < 1_100_000
    # 100 lines of 500,000 words of 6 letters, and 1,000,000 bytes of these 300,000,100 are kept.
    assert "[... 299,000,100 bytes left out ...]" in text
    assert text.startswith("noise noise")
    assert text.endswith("noise \n")


def asked(tmp_path, how, other="random", plugins=(), settings=(), **conditions):
    return experiment(
        f"misbehaving,{other}",
        *SMALL[1:],
        plugins=(f"{PLUGIN}:Misbehaving", *plugins),
        settings=(f"how={how}", f"log={tmp_path / 'log'}", *settings),
        out=tmp_path / "out",
        **conditions,
    )


def test_a_cell_that_eats_memory_fails_at_its_ceiling(tmp_path, monkeypatch):
    # Of 2 GB for this cell; nothing of it is touched, so that the machine does not feel it.
    monkeypatch.setattr(
        bench.executors.measure, "MEMORY_SHARE", 2e9 / psutil.virtual_memory().available
    )
    cells = {cell.method: cell for cell in measure(asked(tmp_path, "eat memory"))}
    assert cells["misbehaving"].status == "out-of-memory"
    assert "Unable to allocate" in cells["misbehaving"].reason
    assert cells["random"].status == "ok"


def test_memory_of_a_child_that_left_its_parent_is_in_the_peak(bench, tmp_path):
    bench("--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
          "--set", "how=feed a daemon", "--set", f"log={tmp_path / 'log'}")  # fmt: skip
    (cell,) = cells_of(tmp_path / "out")
    assert cell.status == "ok"
    assert cell.cost.peak_mb > 500
    assert not alive(tmp_path / "log")


def test_where_memory_runs_out_the_cell_with_the_largest_family_is_ended(tmp_path, monkeypatch):
    log = tmp_path / "log"
    real = psutil.virtual_memory()

    def memory():
        """None is left while a child of 500 MB lives, whose parent has a fifth of that."""
        fed = log.exists() and alive(log)
        return SimpleNamespace(total=real.total, available=0 if fed else real.total)

    monkeypatch.setattr(bench.executors.local.psutil, "virtual_memory", memory)
    slow = asked(
        tmp_path,
        "feed a child",
        "slow",
        plugins=[f"{PLUGIN}:Slow"],
        settings=["slow.seconds=8"],
        jobs=2,
    )
    cells = {cell.method: cell for cell in measure(slow)}
    assert cells["misbehaving"].status == "out-of-memory"
    assert cells["misbehaving"].reason == "the machine ran out of memory"
    assert cells["slow"].status == "ok"
    assert not alive(log)


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


def test_a_cell_that_failed_is_tried_again(bench, tmp_path):
    arguments = ("--methods", "misbehaving", "--plugin", f"{PLUGIN}:Misbehaving", *SMALL,
                 "--set", "how=raise")  # fmt: skip
    assert bench(*arguments).returncode == bench(*arguments).returncode == 1
    assert len(cells_of(tmp_path / "out")) == 1
