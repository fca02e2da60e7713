"""What a run is going to measure, and how long that may take, from what stored cells took."""

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
    """How many cells are to be measured, and how long that may take.

    Attributes:
        name: their dataset.
        cells, stored: how many they are, and how many of them are measured.
        seconds: what the others may take, one after another.
        unknown: how many of the others have no earlier measurement to estimate from.
    """

    name: str
    cells: int
    stored: int
    seconds: float
    unknown: int

    @property
    def to_measure(self) -> int:
        """How many are not stored."""
        return self.cells - self.stored

    @property
    def hours(self) -> str:
        """As text."""
        return f"{self.seconds / 3600:,.2f}"

    def row(self) -> list[str]:
        """A line of the table under ``HEADER``."""
        hours = f"{self.hours} and {self.unknown} unknown" if self.unknown else self.hours
        return [self.name, *map(str, (self.cells, self.stored, self.to_measure)), hours]

    def sentence(self) -> str:
        """A sentence."""
        text = (
            f"{self.cells} cells: {self.stored} are stored, {self.to_measure} are to be measured, "
            f"which takes about {self.hours} hours if one runs at a time"
        )
        unknown = f", and {self.unknown} of them have no earlier measurement to estimate from"
        return text + unknown * bool(self.unknown)


def forecasts(planned: Iterable[Cell], stored: list[Cell], *, fresh: bool) -> list[Forecast]:
    """A forecast for each dataset, in the order of the cells, and one of all.

    A cell may take what stored ones of its task, method and parameters took, whatever their seed
    and version; without any, what those of its task and method took.

    Args:
        planned: the cells that are asked for.
        stored: those of the results folder.
        fresh: whether what is stored is measured again.
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
    """Seconds that a cell took, without a fit that an earlier one had made."""
    fit = 0.0 if cost.fit_shared else cost.fit_s
    work = cost.index_s + cost.encode_s + cost.choose_s + cost.search_s + cost.exact_s
    return fit + work + cost.harness_s


class _Took:
    """What stored cells took."""

    def __init__(self, stored: Iterable[Cell]) -> None:
        self._found: dict[tuple[str, str], list[tuple[Params, float]]] = defaultdict(list)
        for cell in stored:
            if cell.cost is not None:
                took = cell.params, seconds_of(cell.cost)
                self._found[cell.task, cell.method].append(took)
            elif cell.status is Status.SKIPPED:
                self._found[cell.task, cell.method].append((cell.params, 0.0))

    def of(self, cell: Cell) -> float | None:
        """Mean seconds, or None where there is nothing to tell from."""
        alike = self._found[cell.task, cell.method]
        same = [seconds for params, seconds in alike if params == cell.params]
        return fmean(same or [seconds for _, seconds in alike]) if alike else None
