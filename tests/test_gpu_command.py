"""``bench gpu``: what it measures, the CPU taken for both devices; what it says without a GPU."""

import subprocess
import sys

import pytest

from bench.errors import InputError
from studies.gpu import command
from studies.gpu.command import HEADER, Sizes, compare, report_of
from studies.gpu.encoding import encode_on
from studies.gpu.trainings import Outcome, Pace, Training, train_on
from tests.conftest import ROOT

TABLES = Training("tables", "masked-de", {"steps": 130, "dim": 8, "negatives": 16})
HEAD = Training(
    "a head", "standard-de", {"steps": 130, "tune": "head", "checks": 1, "batch": 8}, texts=True
)
TREE = "tree:H=2,W=3"


def test_a_device_beside_itself_trains_to_the_same_and_the_pace_is_counted():
    one, other = train_on(("cpu", "cpu"), TABLES, TREE)
    assert one.recall == other.recall > 0.5
    # A root and 3 children, all in each batch: 4 pairs at distance 0, 3 at distance 1.
    assert one.pairs_per_second == pytest.approx(7 * one.steps_per_second)


def test_steps_are_counted_from_the_fiftieth_to_the_last_multiple(monkeypatch):
    clock = iter([0.0, 100.0, 101.0, 102.0])
    monkeypatch.setattr("studies.gpu.trainings.time.perf_counter", lambda: next(clock))
    pace = Pace("cpu")
    for done in (0, 50, 100, 150, 170):
        pace("fit", done, 170)
    assert pace.steps_per_second == 50


def test_the_same_device_encodes_the_same():
    found = encode_on(("cpu", "cpu"), TREE, 6)
    assert found.cosine == pytest.approx(1, abs=1e-6)
    assert min(found.texts_per_second) > 0


@pytest.mark.slow
def test_a_row_for_each_training_and_one_for_encoding():
    rows = compare(("cpu", "cpu"), Sizes(TREE, 4, (TABLES, HEAD)))
    assert [row[0] for row in rows] == [
        "tables, pairs / s", "a head, steps / s", "encoding with MiniLM, texts / s",
    ]  # fmt: skip
    assert all(len(row) == len(HEADER) and row[-1] == "within" for row in rows)
    assert "tables, pairs / s" in report_of(rows, ["GPU: none"])


@pytest.mark.parametrize(("mine", "verdict"), [(0.9, "within"), (0.906, "not within")])
def test_recalls_that_lie_more_than_half_a_point_apart_are_not_within(monkeypatch, mine, verdict):
    outcomes = [Outcome(10.0, 100.0, r) for r in (0.9, mine)]
    monkeypatch.setattr(command, "train_on", lambda *given: outcomes)
    encoded = encode_on(("cpu", "cpu"), TREE, 2)
    monkeypatch.setattr(command, "encode_on", lambda *given: encoded)
    (row, _) = compare(("cpu", "cpu"), Sizes(TREE, 2, (TABLES,)))
    assert row[1:4] == ["100", "100", "1.00"]
    assert row[-1] == verdict


def test_without_a_gpu_it_says_what_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(InputError, match="sees none here .*driver.*torch for CUDA.*says True"):
        command.gpu_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_gpu_may_be_named_and_the_cpu_may_not(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert command.gpu_named() == "cuda:0"
    monkeypatch.setenv("TREELINE_DEVICE", "cuda:1")
    assert command.gpu_named() == "cuda:1"
    monkeypatch.setenv("TREELINE_DEVICE", "cuda:2")
    with pytest.raises(InputError, match="sees 2 here .cuda:2 is asked for"):
        command.gpu_named()
    monkeypatch.setenv("TREELINE_DEVICE", "cpu")
    with pytest.raises(InputError, match="TREELINE_DEVICE is cpu.*unset it"):
        command.gpu_named()


def test_a_run_refuses_a_device_that_is_none_before_it_begins(tmp_path, monkeypatch):
    monkeypatch.setenv("TREELINE_DEVICE", "gpu")
    done = subprocess.run(
        [sys.executable, "run_bench.py", "--methods", "random", "--dataset", TREE,
         "--out", str(tmp_path / "out")],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "TREELINE_DEVICE is 'gpu'; it takes cpu, cuda" in done.stderr
