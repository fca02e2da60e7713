"""Seconds of the steps of a cell, and the share of them in which its threads had no core."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from bench.system.threads import thread_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class Watch:
    """Seconds of blocks, and how long the threads of this process waited for a core in them.

    Attributes:
        seconds: seconds of all blocks.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ran, self._waited, self._is_told = 0.0, 0.0, True

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the seconds of a block, in addition to those before it."""
        before, begin = thread_seconds(), time.perf_counter()
        yield
        self.seconds += time.perf_counter() - begin
        for thread, (ran, waited) in thread_seconds().items():
            ran_before, waited_before = before.get(thread, (0.0, 0.0))
            self._ran += ran - ran_before
            self._waited += waited - waited_before
        self._is_told &= bool(before)

    def add(self, other: Watch) -> None:
        """Count the blocks of another watch, too."""
        self.seconds += other.seconds
        self._ran += other._ran
        self._waited += other._waited
        self._is_told &= other._is_told

    @property
    def waited(self) -> float | None:
        """Share of the time in which threads could compute and had no core; None: not told.

        Where one thread computes, a speed on a quiet machine is that much higher.
        """
        if not self._is_told or not self.seconds:
            return None
        # The system counts what a thread ran a tick late, so that short blocks seem not to run.
        return self._waited / max(self.seconds, self._ran + self._waited)


class Clock(defaultdict[str, Watch]):
    """A watch for each step of a cell, by the name of its seconds in ``Cost``."""

    def __init__(self) -> None:
        super().__init__(Watch)

    def step(self, name: str) -> AbstractContextManager[None]:
        """Count the seconds of a block, in addition to those before it."""
        return self[name].running()

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of each step."""
        return {name: watch.seconds for name, watch in self.items()}

    @property
    def waited(self) -> dict[str, float]:
        """Share of each step in which threads had no core, where the system tells."""
        return {name: each.waited for name, each in self.items() if each.waited is not None}
