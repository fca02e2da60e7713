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
from studies.speed.ratio import Row, alternate, amount, seconds_of
from studies.speed.record import Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Value
    from bench.store.cell import Cost

SHARE_AIM = 2.0


class Command(NamedTuple):
    """A command whose start is timed.

    Attributes:
        arguments: of Python.
        aim_s: seconds that it should take at most.
    """

    arguments: tuple[str, ...]
    aim_s: float


class Sizes(NamedTuple):
    """How much is measured.

    Attributes:
        dataset: of the cells.
        compared: the method whose cell is the whole.
        settings: hyper-parameters of ``compared``.
        repeats: cells of ``noop``, and fresh processes.
        commands: that are started.
    """

    dataset: str
    compared: str
    settings: Mapping[str, Value]
    repeats: int
    commands: tuple[Command, ...]


FULL = Sizes(
    "wordnet",
    "masked-de",
    {},
    5,
    (
        Command(("run_bench.py", "--help"), 0.5),
        Command(("-m", "bench", "list"), 1.0),
    ),
)


def measure(data_dir: Path | None, sizes: Sizes = FULL) -> Measured:
    """Measure cells in a folder that is thrown away, and start commands.

    Raises:
        InputError: a cell or a command failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        say(f"    cells of noop and {sizes.compared}")
        seeds = tuple(range(sizes.repeats))
        noop = [cost.harness_s for cost in _costs("noop", seeds, {}, sizes, Path(folder), data_dir)]
        (cost,) = _costs(sizes.compared, (0,), sizes.settings, sizes, Path(folder), data_dir)
    own = cost.fit_s + cost.index_s + cost.choose_s + cost.search_s + cost.exact_s
    whole = own + cost.harness_s
    rows = [
        amount(f"cell of noop on {sizes.dataset}", noop, None, "s"),
        amount(
            f"harness of a cell of {sizes.compared} ({cost.harness_s:.2f} of {whole:.1f} s)",
            [100 * cost.harness_s / whole],
            SHARE_AIM,
            "%",
        ),
    ]
    return Measured([*rows, *(_start(command, sizes.repeats) for command in sizes.commands)], [])


def _costs(
    method: str,
    seeds: tuple[int, ...],
    settings: Mapping[str, Value],
    sizes: Sizes,
    out: Path,
    data_dir: Path | None,
) -> list[Cost]:
    """Of the cells of a method, one a seed."""
    cells = bench.run(
        method, sizes.dataset, seeds=seeds, settings=settings, out=out, data_dir=data_dir
    )
    for cell in cells:
        if cell.status is not Status.OK:
            raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
    return [cell.cost for cell in cells if cell.cost is not None]


def _start(command: Command, repeats: int) -> Row:
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
