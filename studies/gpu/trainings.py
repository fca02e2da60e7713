"""Trainings on two devices, one after the other: steps in a second, and what is found afterwards.

Both draw the same batches from the same start. What differs is the order in which sums are taken
and the precision of products, so that recalls are compared and not vectors.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.evaluation.preparation import evaluate, method_named
from bench.method import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Value
    from bench.task import Task

EVERY = 50
"""Steps between two words of progress; the first so many warm a device up and are not counted."""


class Training(NamedTuple):
    """What is trained.

    Attributes:
        what: in a few words.
        method: its name.
        params: its hyper-parameters, where they are not those of the dataset.
        texts: whether nodes are read by their names, or are rows of tables.
    """

    what: str
    method: str
    params: Mapping[str, Value]
    texts: bool = False


class Outcome(NamedTuple):
    """Of a training on one device.

    Attributes:
        steps_per_second: after the first ``EVERY`` steps.
        pairs_per_second: the same in training pairs, in the mean over batches.
        recall: overall recall@|S| of exact search for all the test's queries.
    """

    steps_per_second: float
    pairs_per_second: float
    recall: float


class Pace:
    """Notes when steps are done; a GPU is waited for, which is behind what it was asked for."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._noted: list[tuple[int, float]] = []

    def __call__(self, phase: str, done: int, _total: int) -> None:
        """Called as the work gets on; a trainer's last call is not at a multiple of ``EVERY``."""
        if phase != "fit" or done % EVERY:
            return
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.synchronize(self._device)
        self._noted.append((done, time.perf_counter()))

    @property
    def steps_per_second(self) -> float:
        """Between the first count of ``EVERY`` steps and the last."""
        (first, begin), (last, end) = self._noted[1], self._noted[-1]
        return (last - first) / (end - begin)


def train_on(devices: tuple[str, str], training: Training, dataset: str) -> list[Outcome]:
    """Train on each device.

    Args:
        devices: two of them, as a workspace names them.
        training: more than twice ``EVERY`` steps, and no multiple of it.
        dataset: a hierarchy.
    """
    task = load_dataset(dataset)
    if training.texts:
        names = Strings.of([n.partition(".")[0].replace("_", " ") for n in task.query_names])
        task = replace(task, query_texts=names, document_texts=names)
    return [_train(device, training, task) for device in devices]


def _train(device: str, training: Training, task: Task) -> Outcome:
    method = method_named(training.method, task, training.params)
    pace = Pace(device)
    with tempfile.TemporaryDirectory() as cache:
        workspace = Workspace(Path(cache), device=device)
        cell = evaluate(method, task, report=pace, workspace=workspace)
    answered = task.train.answered
    batch = min(int(method.values["batch"]), len(answered))
    pairs = batch * task.train.n_pairs / len(answered)
    (point,) = cell.points
    return Outcome(pace.steps_per_second, pace.steps_per_second * pairs, point.recall)
