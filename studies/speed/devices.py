"""The same trainings on two devices: their speeds, and how far results agree.

On `wordnet-mammal` and `wordnet-mammal-text` both train from the same start over the same batches,
one after the other, once; the first 50 steps are not counted. They differ in the order in which
sums are taken and in the precision of products, so that recalls are compared and not vectors:
overall recall@|S| of exact search.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.evaluation.preparation import evaluate, method_named
from bench.method import Workspace
from bench.system.terminal import say
from studies.speed.rows import SpeedRow, amount, faster, in_rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.method import Value
    from bench.task import Task

EVERY = 50
"""Steps between two calls of progress; the first ones warm a device up and are not counted."""
POINTS = 0.5
"""Largest difference of recalls, in per cent."""


class Trained(NamedTuple):
    """A training to compare; it has more than twice ``EVERY`` steps.

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
            {"steps": 130, "tune": "full", "checks": 1, "batch": 32,
             "precision": "bfloat16"}, texts=True),
)  # fmt: skip


def compare(
    devices: Sequence[str], task: Task, texts: Task, trained: Sequence[Trained]
) -> list[SpeedRow]:
    """Two rows for each training: its speed, and the agreement of both devices.

    Args:
        devices: our device and the peer's, by the names of a workspace.
        task: a hierarchy.
        texts: a hierarchy whose nodes have texts.
        trained: the trainings.
    """
    rows = []
    for each in trained:
        say(f"    {each.what}")
        on = texts if each.texts else task
        (ours, recall), (peer, other) = (train_on(device, each, on) for device in devices)
        unit = "steps" if each.texts else "pairs"
        rows.append(faster(f"{each.what}, {unit} a second", ([ours], [peer]), None, in_rate))
        recalls = f"its recall, {100 * recall:.2f} and {100 * other:.2f} %: difference"
        rows.append(amount(recalls, [100 * abs(recall - other)], POINTS, "points"))
    return rows


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

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Called as the work proceeds; the last call may come early, when validation is perfect."""
        if phase != "fit" or done % EVERY or done == total:
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
