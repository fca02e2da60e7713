"""How long planned cells take together: some at once, and a training that they share only once."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from bench.plan.estimate import estimates
from bench.store.cell import Status
from bench.store.took import took
from bench.versions.keys import fit_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.plan.estimate import Seconds
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.store.took import Took

OVERDUE = 0.1
"""A cell that took longer than was told goes on for at least so much of the time it took."""


def fits_of(cells: Iterable[Cell], registry: Registry) -> dict[str, str]:
    """Key of the fitted state by key of the cell, for cells that share theirs with others."""
    found = {}
    for cell in cells:
        if cell.status is Status.PLANNED:
            method = registry.resolve(cell.method)(**cell.params)
            if method.keeps_fit:
                found[cell.key] = fit_key(cell.task_digest, method, cell.seed)
    return found


class Schedule:
    """Planned cells as they wait, run and end; each that ends makes the estimates better."""

    def __init__(
        self,
        cells: Sequence[Cell],
        fits: Mapping[str, str] | None = None,
        made: Iterable[str] = (),
        measured: Sequence[Took] = (),
        jobs: int | None = 1,
    ) -> None:
        """Begin with all cells waiting.

        Args:
            cells: the planned cells, in the order of measuring.
            fits: key of the fitted state by key of the cell, where cells share it.
            made: keys of the fitted states that are there already.
            measured: seconds of cells that were measured before, the earliest first.
            jobs: cells that run at once; None: as many as were seen to.
        """
        self._waiting = {cell.key: took(cell) for cell in cells}
        self._fits, self._made = fits or {}, set(made)
        self._running: dict[str, float] = {}
        tasks = {each.task for each in self._waiting.values()}
        trainers = {each.trainer for each in self._waiting.values()}
        elsewhere = [each for each in measured if each.task not in tasks]
        self._measured = [each for each in elsewhere if each.trainer in trainers]
        self._measured += [each for each in measured if each.task in tasks]
        self._jobs, self._at_once = jobs, 1
        self._seconds: dict[str, Seconds] = {}

    def start(self, cell: Cell, now: float) -> None:
        """A cell's process was started."""
        self._running[cell.key] = now
        self._at_once = max(self._at_once, len(self._running))

    def end(self, cell: Cell, now: float) -> Took | None:
        """A cell ended; its seconds, if its process was started."""
        self._waiting.pop(cell.key, None)
        began = self._running.pop(cell.key, None)
        if cell.status is Status.OK and cell.key in self._fits:
            self._made.add(self._fits[cell.key])
        if began is None:
            return None
        ended = took(cell, now - began)
        self._measured.append(ended)
        self._seconds = {}
        return ended

    def left(self, now: float = 0.0) -> float:
        """Estimated seconds from now until all cells have ended."""
        seconds = self._estimated()
        ready = dict.fromkeys(self._made, 0.0)
        free = []
        for key, began in self._running.items():
            spent, fit = now - began, self._fits.get(key, key)
            own = 0.0 if fit in ready else seconds[key].fit
            if own:
                ready[fit] = max(own - spent, 0.0)
            # What comes after a training begins when that ends.
            left = ready.get(fit) or own - spent
            free.append(max(left + seconds[key].rest, OVERDUE * spent))
        ends = [*free, 0.0]
        free += [0.0] * ((self._jobs or self._at_once) - len(free))
        heapq.heapify(free)
        for key in self._waiting:
            if key in self._running:
                continue
            begin, fit = heapq.heappop(free), self._fits.get(key, key)
            ready.setdefault(fit, begin + seconds[key].fit)
            ends.append(max(begin, ready[fit]) + seconds[key].rest)
            heapq.heappush(free, ends[-1])
        return max(ends)

    def _estimated(self) -> dict[str, Seconds]:
        """Estimates of the cells that have not ended."""
        if not self._seconds and self._waiting:
            found = estimates(self._measured, [*self._waiting.values()])
            self._seconds = dict(zip(self._waiting, found, strict=True))
        return self._seconds
