"""The cells that a run will measure, and about how long they will take, as a table."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of
from bench.store.took import took
from bench.system.terminal import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from bench.store.cell import Cell
    from bench.store.took import Took

HEADER = ["dataset", "cells", "stored", "to measure", "time"]


class Forecast(NamedTuple):
    """Number of cells to be measured, and an estimate of their time.

    Attributes:
        name: the dataset.
        cells, stored: number of all cells, and of those that are stored.
        seconds: estimated seconds until the cells that are not stored have ended.
        unknown: number of these whose method was never measured here with any index or data.
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
    def time(self) -> str:
        """The estimated time as text."""
        if self.unknown and self.unknown == self.to_measure:
            return "unknown"
        return time_text(self.seconds) + f", {self.unknown} a guess" * bool(self.unknown)

    def row(self) -> list[str]:
        """A line of the table under ``HEADER``."""
        return [self.name, *map(str, (self.cells, self.stored, self.to_measure)), self.time]

    def sentence(self) -> str:
        """The forecast as a sentence."""
        stored = counted(self.stored, "is stored", "are stored")
        new = counted(self.to_measure, "is to be measured", "are to be measured")
        text = f"{counted(self.cells, 'cell')}: {stored}, {new}"
        if self.unknown and self.unknown == self.to_measure:
            return f"{text}; how long that takes is not known before the first of them have ended"
        of = "of them is of a method that was", "of them are of methods that were"
        guessed = f"; {counted(self.unknown, *of)} never measured here" * bool(self.unknown)
        return f"{text}, which takes about {time_text(self.seconds)}{guessed}"


def time_text(seconds: float) -> str:
    """A time in the unit that one speaks of it."""
    for unit, length in (("hours", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.{1 if seconds < 10 * length else 0}f} {unit}"
    return f"{seconds:.0f} s"


def forecasts(
    planned: Iterable[Cell],
    kept: Collection[str],
    measured: Iterable[Took],
    seconds: Callable[[Sequence[Cell]], float],
) -> list[Forecast]:
    """A forecast for each dataset, in the order of the cells, and one for all.

    Args:
        planned: the cells that were asked for.
        kept: keys of stored cells that are not measured again.
        measured: seconds of cells that were measured before.
        seconds: estimates how long some cells take together.
    """
    by_name: dict[str, list[Cell]] = defaultdict(list)
    every = list({cell.key: cell for cell in planned}.values())
    for cell in every:
        by_name[cell.dataset or dataset_of(cell.task)].append(cell)
    seen = {each.trainer for each in measured}
    found = []
    for name, cells in [*by_name.items(), ("all", every)]:
        wanted = [cell for cell in cells if cell.key not in kept]
        unknown = sum(took(cell).trainer not in seen for cell in wanted)
        n_kept = len(cells) - len(wanted)
        found.append(Forecast(name, len(cells), n_kept, seconds(wanted), unknown))
    return found
