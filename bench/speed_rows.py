"""What the project's own benchmarks are made of: cells measured once, rows beside their aims."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.cell import Cell, Status
from bench.errors import InputError
from bench.report.board import spread
from bench.run import RunOptions, measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEADER = ["what", "aim", "measured", ""]


class Measurements:
    """Cells of the benchmark, measured once."""

    def __init__(self, seeds: tuple[int, ...], out: Path, data_dir: Path | None = None) -> None:
        self._seeds = seeds
        self._data_dir = data_dir
        self.out = out
        self.cells: list[Cell] = []

    def of(self, method: str, dataset: str, *settings: str, out: Path | None = None) -> list[Cell]:
        """The cells of one setting, one a seed; ``out``: where, if not with the others.

        Raises:
            InputError: one of them could not be measured.
        """
        cells = measure(
            RunOptions(
                method,
                dataset,
                seeds=self._seeds,
                settings=settings,
                out=out or self.out,
                data_dir=self._data_dir,
            )
        )
        for cell in cells:
            if cell.status is not Status.OK:
                raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
        self.cells += cells
        return cells


def row(what: str, aim: str, values: Sequence[float], reached: bool, form: str) -> list[str]:  # noqa: FBT001
    """A row: what was measured, its aim, the mean with its spread, whether the aim is reached."""
    text = form.format(fmean(values))
    if len(values) > 1:
        text += f" ± {form.format(stdev(values))}"
    return [what, aim, text, "reached" if reached else "not reached"]


def at_least(what: str, aim: float, shares: Sequence[float]) -> list[str]:
    """A row of recalls that should not be less, in per cent."""
    reached = fmean(shares) >= aim / 100
    return [what, f"≥ {aim:g} %", spread(shares, 2), "reached" if reached else "not reached"]


def at_most(what: str, aim: float, values: Sequence[float], form: str = "{:.1f}") -> list[str]:
    """A row of seconds, megabytes or per cent that should not be more."""
    return row(what, f"≤ {aim:g}", values, fmean(values) <= aim, form)
