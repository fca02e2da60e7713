"""Runs that are killed, two at once, on a full disk, and among files that others wrote."""

import os
import pickle
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
import pytest

from bench.errors import InputError
from bench.report.leaderboard import write_leaderboard
from bench.store.folder import Store, read_cell, to_json
from bench.system.provenance import provenance
from tests.conftest import ROOT
from tests.running import PLUGIN, SMALL, cells_of, processes_of, start, wait_for

pytestmark = pytest.mark.slow


def recall_boards(out: Path) -> str:
    """The boards without seconds and megabytes."""
    text = (out / "LEADERBOARD.md").read_text()
    timed = r"### (Cost|At 95 %[^\n]*|[^\n]* against latency)\n.*?(?=\n##|\Z)"
    return re.sub(timed, "", text, flags=re.DOTALL)


class HeldRuns:
    """Runs of four cells, which say in a log that they are begun, and wait until they may go on."""

    def __init__(self, folder: Path):
        self.log = folder / "log"
        self._until = f"{folder}/{{seed}}"
        self.whole = folder / "whole"
        assert self.start(self.whole, may_end=range(4)).wait(120) == 0

    def start(self, out: Path, may_end: Iterable[int]) -> subprocess.Popen:
        for seed in may_end:
            Path(self._until.format(seed=seed)).touch()
        held = ("--methods", "held", "--plugin", f"{PLUGIN}:Held", "--seeds", "0,1,2,3")
        told = ("--set", f"log={self.log}", "--set", f"until={self._until}")
        return start(out, *held, *SMALL, *told)

    def begun(self) -> list[str]:
        return self.log.read_text().split()

    def forget(self) -> None:
        for name in ("log", *"0123"):
            (self.log.parent / name).unlink()


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    return HeldRuns(tmp_path_factory.mktemp("held"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_run_goes_on_where_it_stopped(held, tmp_path, number):
    held.forget()
    run = held.start(tmp_path, may_end=[0, 1])
    wait_for(lambda: held.log.exists() and "2" in held.begun())
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(number)
    run.communicate(timeout=30)
    wait_for(lambda: not any(worker.is_running() for worker in workers))
    assert sorted(cell.seed for cell in cells_of(tmp_path)) == [0, 1]

    again = held.start(tmp_path, may_end=[2, 3])
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert "2 cells were measured before" in output
    assert held.begun() == ["0", "1", "2", "2", "3"], "only what was under way is begun twice"
    assert recall_boards(tmp_path) == recall_boards(held.whole)
    assert not list((tmp_path / ".work" / "staging").iterdir())


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


KILLED = ("--methods", "random,oracle,standard-de,exact", *SMALL, "--set", "steps=20",
          "--jobs", "2")  # fmt: skip
MOMENTS = {
    "nothing is there": lambda out: True,
    "the task is there": lambda out: list(out.glob(".work/tasks/*")),
    "an encoder is trained": lambda out: list(out.glob(".work/fits/*.lock")),
    "a cell is stored": lambda out: list(out.glob(".work/staging/*")),
    "one is stored": lambda out: len(stored(out)) >= 1,
    "an encoder is stored": lambda out: list(out.glob(".work/fits/*/*")),
    "three are stored": lambda out: len(stored(out)) >= 3,
    "all are stored": lambda out: len(stored(out)) == 4,
    "the boards are there": lambda out: list(out.glob("LEADERBOARD.md*")),
}
"""Name -> whether what is under a folder of results shows that a run has come so far."""


def facts(out: Path) -> dict[str, dict]:
    """All that was measured, by key, but for what differs from one time to the next."""
    timed = {"cost", "provenance", "sha256"}
    return {
        cell.key: cell.model_dump(exclude=timed)
        | {
            "points": [
                p.model_dump(exclude={"queries_per_second", "latency", "waited"})
                for p in cell.points
            ]
        }
        for cell in cells_of(out)
    }


def boards(out: Path, to: Path) -> str:
    """The boards of a folder of results, made as if all had taken equally long."""
    shutil.copytree(out / "runs", to / "runs")
    for path in to.glob("runs/*/*/*/cell.json"):
        cell = next(cell for cell in cells_of(out) if cell.key == path.parent.name)
        same = {name: type(value)(1) for name, value in cell.cost if name != "waited"}
        cost = cell.cost.model_copy(update={**same, "waited": None})
        alike = {"queries_per_second": 1.0, "latency": None, "waited": None}
        points = [point.model_copy(update=alike) for point in cell.points]
        of_all = {"cost": cost, "points": points, "provenance": provenance(1)}
        path.write_text(to_json(cell.model_copy(update=of_all)))
    return write_leaderboard(Store(to)).path.read_text()


def stored(out: Path) -> dict[Path, int]:
    """When each cell was stored."""
    return {path: path.stat().st_mtime_ns for path in out.glob("runs/*/*/*/cell.json")}


def left_over(out: Path) -> list[Path]:
    """What a run has not cleared of its own."""
    named = re.compile(r"\.writing-|-\d+$|\.\d+$")
    return [path for path in out.rglob("*") if named.search(path.name)]


def require_whole(out: Path, whole: Path, scratch: Path) -> None:
    """Nothing lost, nothing twice, nothing else."""
    assert facts(out) == facts(whole)
    assert len(stored(out)) == len({cell.identity for cell in cells_of(out)}) == 4
    assert left_over(out) == []
    assert boards(out, scratch / f"{out.name}-boards") == boards(whole, scratch / f"{out.name}-of")


def test_of_a_run_killed_at_every_stage_nothing_is_lost_and_nothing_is_twice(tmp_path):
    out, before, kills = tmp_path / "out", {}, 0
    jitter = random.Random(20)
    for number, has_come_so_far in enumerate(MOMENTS.values()):
        run = start(out, *KILLED, start_new_session=True)
        while run.poll() is None and not has_come_so_far(out):
            time.sleep(0.005)
        time.sleep(0.1 * jitter.random())
        if run.poll() is None:
            # Alone, or with all that is of its group, as a terminal that is closed does.
            (os.killpg if number % 2 else os.kill)(run.pid, signal.SIGKILL)
            kills += 1
        run.communicate()
        wait_for(lambda: not processes_of(out), seconds=10)
        now = stored(out)
        assert before.items() <= now.items(), "what was stored is neither lost nor measured again"
        before = now
    assert kills > len(MOMENTS) / 2, "others ended before they were seen to come so far"
    last = start(out, *KILLED)
    output, _ = last.communicate(timeout=120)
    assert last.returncode == 0, output
    assert f"{len(before)} cells were measured before" in output
    assert before.items() <= stored(out).items()
    start(tmp_path / "whole", *KILLED).communicate(timeout=120)
    require_whole(out, tmp_path / "whole", tmp_path)
    recalls = {cell.method: cell.points[0].recall for cell in cells_of(out)}
    assert recalls["standard-de"] == recalls["exact"] > 0.3, "they share an encoder"


def test_two_runs_at_once_measure_each_cell_once_between_them(tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    slow = ("--methods", "slow", "--plugin", f"{PLUGIN}:Slow", "--seeds", "0,1,2,3")
    runs = [start(out, *slow, *SMALL, "--set", f"log={log}") for _ in range(2)]
    outputs = [run.communicate(timeout=240)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert {cell.seed: str(cell.status) for cell in cells_of(out)} == dict.fromkeys(range(4), "ok")
    assert sorted(log.read_text().split()) == ["0", "1", "2", "3"]
    assert left_over(out) == []


IN_A_SMALL_FILESYSTEM = """
set -e
out=$1 kept=$2 file=$3 when=$4 python=$5
mount -t tmpfs -o size=2m none "$out"
run() {
    rc=0
    "$python" run_bench.py --out "$out" "$@" > "$kept/$step.txt" 2>&1 || rc=$?
    echo $rc > "$kept/$step.rc"
    cp -r "$out/runs" "$kept/$step"
}
step=before run --methods random --dataset tree:H=3,W=3
dataset=tree:H=3,W=3
if [ "$when" = "before the task is written" ]; then
    dataset=wordnet-mammal
    cat /dev/zero > "$out/file" 2> /dev/null || true
fi
set -- --methods fills-the-disk,oracle --plugin "$file:FillsTheDisk" --dataset $dataset \\
    --set "file=$out/file" --set "when=$when"
step=full run "$@"
rm "$out/file"
mkdir "$out/file"  # so that it is not filled again
step=after run "$@"
"""


@pytest.mark.parametrize(
    "when",
    ["before the task is written", "before the run is written", "before the cell is written"],
)
def test_a_full_disk_is_told_and_earlier_cells_stay_and_the_run_goes_on_with_room(tmp_path, when):
    new = ["unshare", "--user", "--map-root-user", "--mount"]
    out, kept = tmp_path / "out", tmp_path / "kept"
    for folder in (out, kept):
        folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "none", str(out)]
    if (
        not shutil.which("unshare")
        or subprocess.run([*new, *mount], capture_output=True).returncode
    ):
        pytest.skip("this system lets no user mount a small filesystem")
    script = ["sh", "-c", IN_A_SMALL_FILESYSTEM, "sh", str(out), str(kept), PLUGIN, when]
    done = subprocess.run(
        [*new, *script, sys.executable], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    codes = [(kept / f"{step}.rc").read_text().strip() for step in ("before", "full", "after")]
    told = (kept / "full.txt").read_text()
    assert codes == ["0", "1", "0"], told
    assert "No space left on device" in told
    assert "Traceback" not in told
    for path in (kept / "before").rglob("*.*"):
        same = kept / "full" / path.relative_to(kept / "before")
        assert same.read_bytes() == path.read_bytes()
    after = [read_cell(path) for path in (kept / "after").glob("*/*/*/cell.json")]
    assert sorted((cell.method, cell.status) for cell in after) == [
        ("fills-the-disk", "ok"), ("oracle", "ok"), ("random", "ok")
    ]  # fmt: skip


class Trap:
    """What unpickling this does is seen."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_the_trap_of_these_tests_works(tmp_path):
    pickle.loads(pickle.dumps(Trap(tmp_path / "mark")))
    assert (tmp_path / "mark").exists()


def test_files_of_another_that_hold_a_pickle_are_not_unpickled(bench, tmp_path):
    out, mark = tmp_path / "out", tmp_path / "mark"
    arguments = ("--methods", "standard-de", *SMALL, "--set", "steps=20")
    assert bench(*arguments).returncode == 0
    before = facts(out)
    patterns = (".work/tasks/*/*", ".work/fits/*/*", "runs/*/*/*/*")
    files = [path for pattern in patterns for path in sorted(out.glob(pattern)) if path.is_file()]
    # A pickle in one file, an array of objects in the next of the same form.
    for number, path in enumerate(sorted(files, key=lambda path: path.suffix)):
        with path.open("wb") as file:
            if number % 2:
                pickle.dump(Trap(mark), file)
            else:
                np.save(file, np.array([Trap(mark)], dtype=object))
    of_form = Counter(path.suffix for path in files)
    assert of_form.keys() >= {".npy", ".json", ".safetensors", ".parquet"}
    assert of_form[".npy"] > 1
    done = bench(*arguments)
    assert not mark.exists()
    assert done.returncode == 0, done.stdout + done.stderr
    assert facts(out) == before


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")  # by torch, which then refuses it
def test_a_text_encoder_of_another_that_holds_a_pickle_is_not_unpickled(tmp_path):
    import torch

    from methods.encoders.sentence import load_model, model_folder

    mine = tmp_path / "encoder"
    shutil.copytree(model_folder("minilm"), mine)
    weights = list(mine.rglob("*.safetensors"))
    assert weights
    for path in weights:
        path.unlink()
        with path.with_name("pytorch_model.bin").open("wb") as file:
            pickle.dump(Trap(tmp_path / "mark"), file)
    with pytest.raises(InputError, match="cannot be read from"):
        load_model(str(mine), torch.device("cpu"))
    assert not (tmp_path / "mark").exists()
