"""The time for a piece of advice: what is left of it, and what cells are predicted to take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.plan.encodings import FEW, planned_encodings
from bench.plan.estimate import estimates
from bench.plan.schedule import fits_of
from bench.store.folder import Store
from bench.store.took import known, took
from bench.system.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.plan.estimate import Seconds
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.task import Task

MOST_FOR_TEST = 0.5
"""Share of the time that is kept for the test at most."""


class Minutes:
    """The time that is left, and predictions from cells that were measured before.

    Attributes:
        store: the results folder.
    """

    def __init__(
        self, store: Store, registry: Registry, trainers: set[str], seconds: float
    ) -> None:
        """Begin.

        Args:
            store: the results folder.
            registry: the registry of the methods.
            trainers: names of the trainers whose times are asked for.
            seconds: seconds from now that all may take.
        """
        self.store, self._registry = store, registry
        self._known = known(store.cells())
        if not trainers <= {each.trainer for each in self._known}:
            # The results of this checkout tell how long they took elsewhere.
            self._known = known([*Store(CHECKOUT / "results").cells(), *store.cells()])
        self._in_all, self._reserved = seconds, 0.0
        self._encodings: dict[str, float] = {}
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, without those that are reserved."""
        return self._ends - self._reserved - time.monotonic()

    def reserve(self, seconds: float) -> None:
        """Keep seconds for what comes at the end, at most ``MOST_FOR_TEST`` of all."""
        self._reserved = min(seconds, MOST_FOR_TEST * self._in_all)

    def seconds(self, cells: Sequence[Cell]) -> list[Seconds]:
        """Predicted seconds of cells; a training that is kept takes none."""
        if not cells:
            return []
        fits = fits_of(cells, self._registry)
        found = estimates(self._known, [*map(took, cells)])
        return [
            each._replace(fit=0.0) if self.is_fitted(fits.get(cell.key)) else each
            for cell, each in zip(cells, found, strict=True)
        ]

    def to_encode(self, task: Task, planned: Cell) -> float:
        """Predicted seconds of encoding the texts that a cell reads, if they are many and new."""
        total = 0.0
        for each in planned_encodings([(task, [planned])], (), self._registry):
            place = each.encoding.place
            if not each.is_here and each.encoding.n_texts >= FEW:
                if place not in self._encodings:
                    self._encodings[place] = each.encoding.price().seconds
                total += self._encodings[place]
        return total

    def remember(self, cell: Cell, seconds: float) -> None:
        """Predict by a cell that took so long, too."""
        self._known.append(took(cell, seconds))

    def is_fitted(self, fit: str | None) -> bool:
        """Whether the fitted state of a key is kept."""
        return fit is not None and (self.store.fits / fit).exists()
