"""A GPU of this machine: training and encoding beside its CPU, PyTorch, and the clock.

First `masked-de` on the whole of WordNet: its training beside the clock, pairs a second beside the
CPU of the same machine, and beside the obvious PyTorch trainer on the same GPU. Next, all of
MiniLM on SciFact, 600 steps of 128 queries with its validations, beside the clock. Then MiniLM
encodes SciFact's abstracts, from texts and an empty cache to the file of vectors: beside its own
forward pass over token ids that are ready on the GPU, the faster of autocast and bfloat16, and
beside sentence-transformers on the same GPU; vectors are compared with those in float32 on the
CPU. Last, the same trainings on `wordnet-mammal` on both devices, *ours* on the GPU: the first 50
steps are not counted, and overall recall@|S| of exact search is compared, as sums are taken in
another order and products in another precision.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.strings import Strings
from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.preparation import evaluate, method_named
from bench.method import Workspace
from bench.system.device import VARIABLE, wanted_device
from bench.system.terminal import say
from studies.speed.devices import TRAINED, Trained, compare, train_on
from studies.speed.encoding import encoding
from studies.speed.plain_trainer import PlainTrainer
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, amount, faster, in_rate

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Value
    from bench.task import Task

WHOLE_S, FULL_S, CPU_AIM = 4.0, 60.0, 5.0
"""Seconds of masked-de on WordNet and of MiniLM on SciFact; pairs a second over the CPU's."""
FULL: dict[str, Value] = {
    "tune": "full", "precision": "bfloat16", "steps": 600, "batch": 128,
}  # fmt: skip
PACED = Trained("masked-de", "masked-de", {"steps": 480})
TEXTS = 4096


def measure(data_dir: Path | None) -> Findings:
    """Measure on the GPU that the environment names, or else on the first one.

    Raises:
        InputError: there is no GPU to compare with; the message has the requirements.
    """
    reason = lacks_gpu()
    if reason is not None:
        raise InputError(reason)
    device = wanted_device() or "cuda:0"
    rows = whole_graph(device, load_dataset("wordnet", data_dir))
    notes = [_machine(device)]
    try:
        scifact = load_dataset("scifact", data_dir)
    except InputError as error:
        notes.append(f"SciFact is left out: {error}.")
    else:
        rows += over_texts(device, scifact)
    mammals, texts = (load_dataset(f"wordnet-mammal{end}", data_dir) for end in ("", "-text"))
    rows += compare((device, "cpu"), mammals, texts, TRAINED)
    return Findings(rows, notes)


def whole_graph(device: str, task: Task, paced: Trained = PACED) -> list[SpeedRow]:
    """Three rows of masked-de on tables: seconds, and pairs a second beside two peers.

    Args:
        device: our device, by the name of a workspace.
        task: a hierarchy.
        paced: the training whose pairs are counted; the first row is of the dataset's own settings.
    """
    say("    masked-de on the whole graph")
    seconds = _fit_seconds(device, task, "masked-de", {})
    say("    its pairs a second")
    ours, cpu = (train_on(each, paced, task)[0] for each in (device, "cpu"))
    params = method_named(paced.method, task, paced.params).values
    steps = int(params["steps"])
    plain = PlainTrainer(paced.method, params, task.train, device)
    plain.train(steps // 4)
    answered = len(task.train.answered)
    pairs = min(int(params["batch"]), answered) * task.train.n_pairs / answered
    peer = plain.train(steps) / steps / pairs
    what = "masked-de, pairs a second"
    return [
        amount(f"masked-de on {task.name}, training", [seconds], WHOLE_S, "s"),
        faster(f"{what}, the peer: this machine's CPU", ([ours], [cpu]), CPU_AIM, in_rate),
        faster(f"{what}, the peer: PyTorch on the same GPU", ([ours], [peer]), None, in_rate),
    ]


def over_texts(device: str, task: Task) -> list[SpeedRow]:
    """Rows of training all of MiniLM, and of encoding.

    Args:
        device: our device, by the name of a workspace.
        task: a task with texts.
    """
    say("    all of MiniLM")
    seconds = _fit_seconds(device, task, "standard-de", FULL)
    what = f"all of MiniLM on {task.name}, {FULL['steps']} steps of {FULL['batch']}"
    texts = task.document_texts or Strings.of([])
    few = texts.take(np.arange(min(TEXTS, len(texts))))
    return [amount(what, [seconds], FULL_S, "s"), *encoding(device, few)]


def _fit_seconds(device: str, task: Task, name: str, params: dict[str, Value]) -> float:
    """Seconds of a training, validations included."""
    method = method_named(name, task, params)
    cost = evaluate(method, task, workspace=Workspace(device=device)).cost
    return 0.0 if cost is None else cost.fit_s


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
