"""``bench gpu``: the CPU against a GPU of the same machine, in one run: speed, and agreement."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.report.markdown import pipe_table
from bench.system.device import VARIABLE, wanted_device
from bench.system.files import write_atomically
from bench.system.provenance import provenance, usable_cores
from bench.system.terminal import say, say_table
from studies.gpu.encoding import encode_on
from studies.gpu.trainings import Training, train_on

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ["what", "CPU", "GPU", "times as fast", "agreement", "tolerance", ""]
POINTS, COSINE = 0.5, 0.999
"""How far overall recalls may lie apart, in per cent; how near two vectors of a text should be."""


class Sizes(NamedTuple):
    """How much is measured.

    Attributes:
        dataset: a hierarchy, whose nodes have names.
        texts: to be encoded.
        trainings: what is trained.
    """

    dataset: str
    texts: int
    trainings: tuple[Training, ...]


FULL = Sizes(
    "wordnet-mammal",
    2048,
    (
        Training("masked-de, tables", "masked-de", {"steps": 2980}),
        Training("standard-de, tables", "standard-de", {"steps": 2980}),
        Training("standard-de, a head on MiniLM", "standard-de",
                 {"steps": 980, "tune": "head", "checks": 1}, texts=True),
        Training("standard-de, all of MiniLM", "standard-de",
                 {"steps": 130, "tune": "full", "checks": 1, "batch": 32}, texts=True),
    ),
)  # fmt: skip


def compare(devices: tuple[str, str], sizes: Sizes) -> list[list[str]]:
    """Rows under ``HEADER``, of two devices as a workspace names them."""
    rows = []
    for training in sizes.trainings:
        say(f"    {training.what}")
        cpu, gpu = train_on(devices, training, sizes.dataset)
        apart = 100 * abs(cpu.recall - gpu.recall)
        found = f"recall {100 * cpu.recall:.2f} and {100 * gpu.recall:.2f} %"
        tolerance = f"{POINTS} points"
        unit = "steps / s" if training.texts else "pairs / s"
        speeds = [
            each.steps_per_second if training.texts else each.pairs_per_second
            for each in (cpu, gpu)
        ]
        what = f"{training.what}, {unit}"
        rows.append([what, *_speeds(speeds), found, tolerance, _within(apart <= POINTS)])
    say("    encoding with MiniLM")
    encoded = encode_on(devices, sizes.dataset, sizes.texts)
    near = f"cosine {encoded.cosine:.5f} at least"
    within = _within(encoded.cosine >= COSINE)
    fast = _speeds(encoded.texts_per_second)
    return [*rows, ["encoding with MiniLM, texts / s", *fast, near, f"{COSINE}", within]]


def gpu_report(out: Path) -> None:
    """Measure, print the table and write it to GPU.md of the results folder.

    Raises:
        InputError: torch sees no GPU here, or is told to take none.
    """
    device = gpu_named()
    rows = compare(("cpu", device), FULL)
    say()
    say_table(HEADER, rows)
    path = out / "GPU.md"
    write_atomically(path, report_of(rows, machine_of(device)))
    say(f"\nWritten: {path}")


def gpu_named() -> str:
    """The GPU that is compared: the first one, unless the environment names another.

    Raises:
        InputError: torch sees no such GPU, or the environment names the CPU.
    """
    import torch

    wanted = wanted_device() or "cuda"
    if wanted == "cpu":
        raise InputError(f"{VARIABLE} is cpu, and this compares the CPU with a GPU; unset it")
    number, there = int(wanted.partition(":")[2] or 0), torch.cuda.device_count()
    if number >= there:
        raise InputError(
            f"this compares the CPU with a GPU, and torch {torch.__version__} sees "
            f"{there or 'none'} here ({wanted} is asked for): it takes an NVIDIA GPU with its "
            "driver (nvidia-smi lists it) and torch for CUDA (pytorch.org says how to install it), "
            "so that `python -c 'import torch; print(torch.cuda.is_available())'` says True"
        )
    return f"cuda:{number}"


def machine_of(device: str) -> list[str]:
    """Facts of this machine, its GPU and its libraries."""
    import torch

    origin = provenance(torch.get_num_threads())
    here = torch.cuda.get_device_properties(device)
    versions = ", ".join(f"{name} {version}" for name, version in origin.versions.items())
    return [
        f"GPU: {here.name}, {here.total_memory / 1e9:.0f} GB; driver {_driver()}, "
        f"CUDA {torch.version.cuda}",
        f"CPU: {origin.machine['cpu']}, {usable_cores()} cores, {origin.threads} threads",
        f"Libraries: {versions}",
        f"Commit `{origin.commit}`, {origin.date[:10]}",
    ]


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.split()[0] if told.stdout.split() else "unknown"


def report_of(rows: list[list[str]], machine: list[str]) -> str:
    """GPU.md."""
    return "\n".join(
        [
            "# CPU and GPU",
            "",
            "Printed by `python -m bench gpu`: each training from the same start over the same "
            "batches, one device after the other, once; the first 50 steps are not counted. "
            "Recall is overall recall@|S| after training.",
            "",
            pipe_table(HEADER, rows),
            "",
            *(f"- {fact}" for fact in machine),
            "",
        ]
    )


def _speeds(speeds: list[float]) -> list[str]:
    cpu, gpu = speeds
    return [_told(cpu), _told(gpu), f"{gpu / cpu:.2f}"]


def _told(speed: float) -> str:
    return f"{speed:,.0f}" if speed >= 100 else f"{speed:.3g}"  # noqa: PLR2004


def _within(within: bool) -> str:  # noqa: FBT001
    return "within" if within else "not within"
