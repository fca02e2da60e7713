"""``bench speed gpu``: what it measures, the CPU in place of a GPU; what it says without one."""

import pytest

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.errors import InputError
from studies.speed import command, devices, encoding, gpu
from studies.speed.devices import Pace, Trained, compare, train_on

TABLES = Trained(
    "tables", "masked-de",
    {"steps": 200, "dim": 2, "negatives": 16, "geometry": "cosine", "temperature_lr": 0.0},
)  # fmt: skip
"""A training that is not perfect before its last step, and so does not end early."""
HEAD = Trained(
    "a head", "standard-de", {"steps": 200, "tune": "head", "checks": 1, "batch": 8}, texts=True
)
CPUS = ("cpu", "cpu")


@pytest.fixture(scope="module")
def tree():
    return load_dataset("tree:H=2,W=3")


def test_steps_are_counted_from_the_fiftieth_to_the_last_multiple(monkeypatch):
    clock = iter([0.0, 100.0, 101.0, 102.0])
    monkeypatch.setattr("studies.speed.devices.time.perf_counter", lambda: next(clock))
    pace = Pace("cpu")
    for done in (0, 50, 100, 150, 200):
        pace("fit", done, 200)
    assert pace.seconds_per_step == 1 / 50


def test_seconds_are_those_of_a_pair_or_on_texts_of_a_step(tree, monkeypatch):
    monkeypatch.setattr(Pace, "seconds_per_step", 0.7)
    seconds, recall = train_on("cpu", TABLES, tree)
    # A root and 3 children, all in each batch: 4 pairs at distance 0, 3 at distance 1.
    assert seconds == pytest.approx(0.1)
    assert recall > 0.5


@pytest.mark.slow
def test_encoding_is_beside_the_forward_pass_the_library_and_float32(monkeypatch):
    monkeypatch.setattr(encoding, "ROUNDS", 1)
    rows = encoding.encoding("cpu", Strings.of([f"{n} dogs bark" for n in range(70)]))
    assert [row.what.partition(", the peer: ")[2].partition(" ")[0] for row in rows[:2]] == [
        "forward", "sentence-transformers",
    ]  # fmt: skip
    assert [row.aim for row in rows[:2]] == [0.6, 8.0]
    assert all(0.05 < row.measured.middle < 100 for row in rows[:2])
    assert rows[2].reached
    assert rows[2].measured.middle > 0  # they are in another precision


@pytest.mark.slow
def test_a_whole_graph_is_beside_the_clock_the_cpu_and_plain_pytorch(tree):
    rows = gpu.whole_graph("cpu", tree, TABLES)
    assert [row.what.rpartition(", ")[2] for row in rows] == [
        "training", "the peer: this machine's CPU", "the peer: PyTorch on the same GPU",
    ]  # fmt: skip
    assert [row.aim for row in rows] == [4.0, 5.0, None]
    assert 0.2 < rows[1].measured.middle < 5


@pytest.mark.slow
def test_texts_are_trained_through_the_whole_transformer(small_text_task, monkeypatch):
    monkeypatch.setattr(gpu, "FULL", {"tune": "full", "steps": 2, "batch": 4, "checks": 1})
    monkeypatch.setattr(gpu, "encoding", lambda device, texts: [len(texts)])
    row, n_texts = gpu.over_texts("cpu", small_text_task)
    assert row.what == f"all of MiniLM on {small_text_task.name}, 2 steps of 4"
    assert row.measured.middle > 0
    assert n_texts == len(small_text_task.document_texts)


@pytest.mark.slow
def test_a_device_beside_itself_agrees_in_each_training(tree):
    texts = load_dataset("wordnet-mammal-text")
    rows = compare(CPUS, tree, texts, (TABLES, HEAD))
    assert [row.what for row in rows[::2]] == ["tables, pairs a second", "a head, steps a second"]
    assert [row.reached for row in rows] == [None, True] * 2
    assert rows[1].measured.middle == rows[3].measured.middle == 0


@pytest.mark.parametrize(("mine", "verdict"), [(0.9, "reached"), (0.906, "not reached")])
def test_recalls_that_differ_by_more_than_half_a_point_do_not_agree(
    tree, monkeypatch, mine, verdict
):
    found = iter([(0.01, mine), (0.02, 0.9)])
    monkeypatch.setattr(devices, "train_on", lambda *given: next(found))
    speed, recall = compare(CPUS, tree, tree, (TABLES,))
    assert speed.cells()[1:] == ["100.0 / s", "50.0 / s", "2.00", "", ""]
    assert recall.cells()[-1] == verdict


def test_without_a_gpu_it_says_what_it_takes_and_is_left_out_of_all(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    with pytest.raises(InputError, match="sees none here .*driver.*torch for CUDA.*says True"):
        command.speed(("gpu",), tmp_path, None)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(command, "PARTS", {"gpu": "studies.speed.gpu"})
    command.speed((), tmp_path, None)
    assert "gpu is left out: this compares the CPU with a GPU" in capsys.readouterr().out


def test_a_gpu_may_be_named_and_the_cpu_may_not(monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert gpu.lacks_gpu() is None
    monkeypatch.setenv("TREELINE_DEVICE", "cuda:1")
    assert gpu.lacks_gpu() is None
    monkeypatch.setenv("TREELINE_DEVICE", "cuda:2")
    assert "sees 2 here (cuda:2 is asked for)" in gpu.lacks_gpu()
    monkeypatch.setenv("TREELINE_DEVICE", "cpu")
    assert "TREELINE_DEVICE is cpu" in gpu.lacks_gpu()
