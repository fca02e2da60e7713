"""Memory of a cell's processes: now, at its peak, and a ceiling where allocation fails."""

from __future__ import annotations

import contextlib
import gc
import resource
import threading
from typing import TYPE_CHECKING

import psutil

from bench.errors import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_S = 0.5
MEMORY_SHARE = 0.85
"""Share of the memory free at the start that all cells together may allocate."""

RESERVED_LATER = 512 << 20
"""Bytes that libraries imported later reserve, and buffers and stacks of threads at first use."""


class PeakMemory:
    """Samples the memory of this process and its descendants until ``stop``."""

    def __init__(self, adopter: int | None = None) -> None:
        """``adopter``: the process that adopts descendants whose parent has ended, if one does."""
        self._adopter = adopter
        self._peak = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def sample(self) -> None:
        """Read the memory now."""
        self._peak = max(self._peak, sum(map(memory_of, family(self._adopter))))

    def stop(self) -> float:
        """Stop sampling and return the peak in megabytes (10^6 bytes)."""
        self._stopped.set()
        self.sample()
        return self._peak / 1e6

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.sample()


def family(adopter: int | None = None) -> list[psutil.Process]:
    """This process and its descendants, with those that ``adopter`` took over."""
    this = psutil.Process()
    return [this, *(each for each in descendants(adopter or this.pid) if each != this)]


def descendants(pid: int | None) -> list[psutil.Process]:
    """The processes below a process (None: this one); none if it has ended."""
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def memory_of(process: psutil.Process) -> int:
    """Bytes that a process holds; what it shares is divided among those that share it."""
    with contextlib.suppress(psutil.Error):
        held = process.memory_full_info()
        return int(getattr(held, "pss", held.uss))
    return 0


def limit_memory(n_bytes: int) -> None:
    """Make allocations past ``n_bytes`` of private memory fail, so that the machine does not swap.

    The system counts reserved memory. Memory that libraries reserved and do not use is added to
    the limit, and so is what libraries that are imported later will reserve. The memory in use must
    therefore be compared with the peak.
    """
    process = psutil.Process()
    reserved = getattr(process.memory_info(), "data", 0)
    unused = max(0, reserved - process.memory_full_info().uss)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    ceiling = n_bytes + unused + RESERVED_LATER
    if hard != resource.RLIM_INFINITY:
        ceiling = min(ceiling, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (ceiling, hard))


def memory_left(n_bytes: int) -> int:
    """Bytes that this process may still allocate under a ceiling of ``n_bytes``; at least one."""
    return max(1, n_bytes - psutil.Process().memory_full_info().uss)


def resident_bytes(pid: int) -> int:
    """Bytes in memory of the processes below a process."""
    total = 0
    for process in descendants(pid):
        with contextlib.suppress(psutil.Error):
            total += int(process.memory_info().rss)
    return total


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out; torch has no exception type for it."""
    text = text_of(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and ("can't allocate memory" in text or "out of memory" in text or "bad_alloc" in text)
    )


@contextlib.contextmanager
def without_collecting() -> Iterator[None]:
    """Without Python's search for cycles of objects that nothing uses any more.

    While many records are read, which stay and have no cycles, it takes more time than the reading.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
