"""The cells that a run will measure, and an estimate of its hours from stored cells."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of
from bench.store.cell import Cell, Cost, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.method import Params

HEADER = ["dataset", "cells", "stored", "to measure", "hours"]


class Forecast(NamedTuple):
    """Number of cells to be measured, and an estimate of their time.

    Attributes:
        name: the dataset.
        cells, stored: number of all cells, and of those that are stored.
        seconds: estimated seconds of the cells that are not stored, one after another.
        unknown: number of these without an earlier measurement to estimate from.
    """

    name: str
    cells: int
    stored: int
    seconds: float
    unknown: int

    @property
    def to_measure(self) -> int:
        """Number of cells that are not stored."""
        return self.cells - self.stored

    @property
    def hours(self) -> str:
        """The estimated hours as text."""
        return f"{self.seconds / 3600:,.2f}"

    def row(self) -> list[str]:
        """A line of the table under ``HEADER``."""
        hours = f"{self.hours} and {self.unknown} unknown" if self.unknown else self.hours
        return [self.name, *map(str, (self.cells, self.stored, self.to_measure)), hours]

    def sentence(self) -> str:
        """The forecast as a sentence."""
        text = (
            f"{self.cells} cells: {self.stored} are stored, {self.to_measure} are to be measured, "
            f"which takes about {self.hours} hours if one runs at a time"
        )
        unknown = f", and {self.unknown} of them have no earlier measurement to estimate from"
        return text + unknown * bool(self.unknown)


def forecasts(planned: Iterable[Cell], stored: list[Cell], *, fresh: bool) -> list[Forecast]:
    """A forecast for each dataset, in the order of the cells, and one for all.

    The estimate of a cell is the mean of stored cells of its task, method and parameters, of any
    seed and version; without any, of stored cells of its task and method.

    Args:
        planned: the cells that were asked for.
        stored: the cells of the results folder.
        fresh: whether stored cells are measured again.
    """
    took = _Took(stored)
    kept = {cell.key for cell in stored if cell.status is Status.OK and not fresh}
    by_task: dict[str, list[Cell]] = defaultdict(list)
    for cell in planned:
        by_task[cell.task].append(cell)
    found = []
    for task, cells in by_task.items():
        seconds = [took.of(cell) for cell in cells if cell.key not in kept]
        known = [each for each in seconds if each is not None]
        n_kept = len(cells) - len(seconds)
        unknown = len(seconds) - len(known)
        found.append(Forecast(dataset_of(task), len(cells), n_kept, sum(known), unknown))
    total = (sum(numbers) for numbers in zip(*(each[1:] for each in found), strict=True))
    return [*found, Forecast("all", *total)]


def seconds_of(cost: Cost) -> float:
    """Seconds that a cell took, without a fit that an earlier cell did."""
    fit = 0.0 if cost.fit_shared else cost.fit_s
    work = cost.index_s + cost.encode_s + cost.choose_s + cost.search_s + cost.exact_s
    return fit + work + (cost.latency_s or 0.0) + cost.harness_s


class _Took:
    """Seconds that stored cells took."""

    def __init__(self, stored: Iterable[Cell]) -> None:
        self._found: dict[tuple[str, str], list[tuple[Params, float]]] = defaultdict(list)
        for cell in stored:
            if cell.cost is not None:
                took = cell.params, seconds_of(cell.cost)
                self._found[cell.task, cell.method].append(took)
            elif cell.status is Status.SKIPPED:
                self._found[cell.task, cell.method].append((cell.params, 0.0))

    def of(self, cell: Cell) -> float | None:
        """Mean seconds, or None if no stored cell is like it."""
        alike = self._found[cell.task, cell.method]
        same = [seconds for params, seconds in alike if params == cell.params]
        return fmean(same or [seconds for _, seconds in alike]) if alike else None
