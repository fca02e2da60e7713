"""A GPU of this machine against its CPU: training and encoding, and how far both agree.

*Ours* is the GPU, the peer the CPU. On `wordnet-mammal` both train from the same start over the
same batches, one after the other, once; the first 50 steps are not counted. They differ in the
order in which sums are taken and in the precision of products, so that recalls are compared and
not vectors: overall recall@|S| of exact search. MiniLM encodes 2,048 texts as long as a paragraph
on both, and the two vectors of a text are compared.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.preparation import evaluate, method_named
from bench.method import Workspace
from bench.system.device import VARIABLE, wanted_device
from bench.system.paths import load_object
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, amount, faster, format_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.method import Value
    from bench.task import Task
    from bench.types import Floats

EVERY = 50
"""Steps between two calls of progress; the first ones warm a device up and are not counted."""
POINTS, THOUSANDTHS = 0.5, 1.0
"""Largest difference of recalls, in per cent, and of a cosine of one text's vectors from 1."""
EMBED = "methods.encoders.embeddings:embed"
NAMES = 40
"""Lemma names in an encoded text, which make it as long as a paragraph."""
WARM = 64
"""Texts that are encoded first and not counted."""


class Trained(NamedTuple):
    """A training to compare; it has more than twice ``EVERY`` steps, and no multiple of it.

    Attributes:
        what: name in the table.
        method: the name of the method.
        params: hyper-parameters that differ from those of the dataset.
        texts: whether a text encoder reads the nodes' names; else nodes are rows of tables.
    """

    what: str
    method: str
    params: Mapping[str, Value]
    texts: bool = False


TRAINED = (
    Trained("masked-de, tables", "masked-de", {"steps": 2980}),
    Trained("standard-de, tables", "standard-de", {"steps": 2980}),
    Trained("standard-de, a head on MiniLM", "standard-de",
            {"steps": 980, "tune": "head", "checks": 1}, texts=True),
    Trained("standard-de, all of MiniLM", "standard-de",
            {"steps": 130, "tune": "full", "checks": 1, "batch": 32}, texts=True),
)  # fmt: skip


def measure(data_dir: Path | None) -> Findings:
    """Measure on the GPU that the environment names, or else on the first one.

    Raises:
        InputError: there is no GPU to compare with; the message has the requirements.
    """
    reason = lacks_gpu()
    if reason is not None:
        raise InputError(reason)
    device = wanted_device() or "cuda:0"
    task = load_dataset("wordnet-mammal", data_dir)
    return Findings(compare((device, "cpu"), task, TRAINED, 2048), [_machine(device)])


def lacks_gpu() -> str | None:
    """The reason why there is no GPU to compare with, and the requirements; or None."""
    import torch

    wanted = wanted_device() or "cuda"
    if wanted == "cpu":
        return f"{VARIABLE} is cpu, and this compares the CPU with a GPU; unset it"
    there = torch.cuda.device_count()
    if int(wanted.partition(":")[2] or 0) < there:
        return None
    return (
        f"this compares the CPU with a GPU, and torch {torch.__version__} sees {there or 'none'} "
        f"here ({wanted} is asked for): it takes an NVIDIA GPU with its driver (nvidia-smi lists "
        "it) and torch for CUDA (pytorch.org says how to install it), so that "
        "`python -c 'import torch; print(torch.cuda.is_available())'` says True"
    )


def compare(
    devices: Sequence[str], task: Task, trained: Sequence[Trained], n_texts: int
) -> list[SpeedRow]:
    """Two rows for each training and two for encoding: its speed, and the agreement of both.

    Args:
        devices: our device and the peer's, by the names of a workspace.
        task: a hierarchy, whose nodes have names.
        trained: the trainings.
        n_texts: the number of texts that are encoded.
    """
    rows = []
    names = Strings.of([name.partition(".")[0].replace("_", " ") for name in task.document_names])
    with_texts = replace(task, query_texts=names, document_texts=names)
    for each in trained:
        say(f"    {each.what}")
        on = with_texts if each.texts else task
        (ours, recall), (peer, other) = (train_on(device, each, on) for device in devices)
        unit = "steps" if each.texts else "pairs"
        rows.append(faster(f"{each.what}, {unit} a second", ([ours], [peer]), None, _rate))
        recalls = f"its recall, {100 * recall:.2f} and {100 * other:.2f} %: difference"
        rows.append(amount(recalls, [100 * abs(recall - other)], POINTS, "points"))
    say("    encoding with MiniLM")
    words = list(names)
    texts = Strings.of(
        [", ".join(words[(n + i) % len(words)] for i in range(NAMES)) for n in range(n_texts)]
    )
    (ours, vectors), (peer, others) = (encode_on(device, texts) for device in devices)
    what = "encoding with MiniLM, texts a second"
    rows.append(faster(what, ([ours / n_texts], [peer / n_texts]), None, _rate))
    cosine = float((vectors * others).sum(axis=1).min())
    what = f"its vectors, a cosine of {cosine:.5f} or more: 1 - cosine in thousandths"
    return [*rows, amount(what, [1000 * (1 - cosine)], THOUSANDTHS, "")]


def train_on(device: str, trained: Trained, task: Task) -> tuple[float, float]:
    """Seconds of a step on texts, or of a training pair in a mean batch; and the recall.

    Args:
        device: name of the device in a workspace.
        trained: the training.
        task: the task that it is trained on.
    """
    method = method_named(trained.method, task, trained.params)
    pace = Pace(device)
    with tempfile.TemporaryDirectory() as cache:
        cell = evaluate(method, task, report=pace, workspace=Workspace(Path(cache), device=device))
    answered = len(task.train.answered)
    batch = min(int(method.values["batch"]), answered)
    pairs = 1 if trained.texts else batch * task.train.n_pairs / answered
    (point,) = cell.points
    return pace.seconds_per_step / pairs, point.recall


class Pace:
    """Measures when steps are done; it waits for a GPU, which lags behind its commands."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._noted: list[tuple[int, float]] = []

    def __call__(self, phase: str, done: int, _total: int) -> None:
        """Called as the work proceeds; a trainer's last call is not at a multiple of ``EVERY``."""
        if phase != "fit" or done % EVERY:
            return
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.synchronize(self._device)
        self._noted.append((done, time.perf_counter()))

    @property
    def seconds_per_step(self) -> float:
        """The mean between the first ``EVERY`` steps and the last multiple of them."""
        (first, begin), (last, end) = self._noted[1], self._noted[-1]
        return (end - begin) / (last - first)


def encode_on(device: str, texts: Strings) -> tuple[float, Floats]:
    """Seconds and [n, dim] vectors; reading the model and the first texts are not counted."""
    embed, workspace = load_object(EMBED), Workspace(device=device)
    embed("minilm", texts.take(np.arange(min(WARM, len(texts)))), workspace)
    begin = time.perf_counter()
    vectors: Floats = embed("minilm", texts, workspace)
    return time.perf_counter() - begin, vectors


def _rate(seconds: float) -> str:
    return f"{format_number(1 / seconds)} / s"


def _machine(device: str) -> str:
    """The GPU with its driver and CUDA, in a sentence."""
    import torch

    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        driver = (answer.stdout.split() or ["unknown"])[0]
    except (OSError, subprocess.CalledProcessError):
        driver = "unknown"
    here = torch.cuda.get_device_properties(device)
    return (
        f"GPU: {here.name}, {here.total_memory / 1e9:.0f} GB, driver {driver}, "
        f"CUDA {torch.version.cuda}."
    )
