"""What the harness itself costs.

Seconds of a cell of `noop`, which does nothing at once (start of its process, task, measures,
files; its own search is not counted); the share of all that in a whole cell of `masked-de`, both on
WordNet with a thread for each core. And the start of the two commands that people type most, as
the time of fresh processes, after one that is not counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bench
from bench.errors import InputError
from bench.store.cell import Status
from bench.system.paths import CHECKOUT
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, alternate, amount, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.method import Value
    from bench.store.cell import Cost

SHARE_AIM = 2.0


class TimedCommand(NamedTuple):
    """A command whose start is timed.

    Attributes:
        arguments: arguments of Python.
        aim_s: seconds that it should take at most.
    """

    arguments: tuple[str, ...]
    aim_s: float


COMMANDS = (
    TimedCommand(("run_bench.py", "--help"), 0.5),
    TimedCommand(("-m", "bench", "list"), 1.0),
)


def measure(
    data_dir: Path | None,
    *,
    dataset: str = "wordnet",
    compared: str = "masked-de",
    settings: Mapping[str, Value] | None = None,
    repeats: int = 5,
    commands: Sequence[TimedCommand] = COMMANDS,
) -> Findings:
    """Measure cells in a folder that is thrown away, and start commands.

    Args:
        data_dir: the folder that is searched for data first.
        dataset: the dataset of the cells.
        compared: the method whose cell is the whole.
        settings: hyper-parameters of ``compared``.
        repeats: the number of cells of ``noop``, and of fresh processes of each command.
        commands: the commands that are started.

    Raises:
        InputError: a cell or a command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        say(f"    cells of noop and {compared}")
        seeds = tuple(range(repeats))
        costs = _costs("noop", dataset, seeds, {}, Path(folder), data_dir)
        (cost,) = _costs(compared, dataset, (0,), settings or {}, Path(folder), data_dir)
    whole = cost.fit_s + cost.rest_s
    rows = [
        amount(f"cell of noop on {dataset}", [each.harness_s for each in costs], None, "s"),
        amount(
            f"harness of a cell of {compared} ({cost.harness_s:.2f} of {whole:.1f} s)",
            [100 * cost.harness_s / whole],
            SHARE_AIM,
            "%",
        ),
    ]
    return Findings([*rows, *(_start(command, repeats) for command in commands)], [])


def _costs(
    method: str,
    dataset: str,
    seeds: tuple[int, ...],
    settings: Mapping[str, Value],
    out: Path,
    data_dir: Path | None,
) -> list[Cost]:
    """The costs of the cells of a method, one for each seed."""
    cells = bench.run(method, dataset, seeds=seeds, settings=settings, out=out, data_dir=data_dir)
    for cell in cells:
        if cell.status is not Status.OK:
            raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
    return [cell.cost for cell in cells if cell.cost is not None]


def _start(command: TimedCommand, repeats: int) -> SpeedRow:
    """Seconds of fresh processes of a command."""
    text = f"python {' '.join(command.arguments)}"
    say(f"    {text}")

    def run() -> None:
        done = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, *command.arguments],
            cwd=CHECKOUT,
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode:
            raise InputError(f"`{text}` in {CHECKOUT} fails: {done.stderr.strip()[-300:]}")

    (seconds,) = alternate(repeats, lambda: seconds_of(run))
    return amount(text, seconds, command.aim_s, "s")
