"""Observing whether a method keeps to one thread."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

from threadpoolctl import threadpool_info

from bench.system.threads import VARIABLES

BUSY_S, BUSY_SHARE = 0.1, 1.5
"""Time beyond the clock's, in seconds and as a factor, that one thread cannot spend or wait."""
LOOK_S = 0.01
"""Seconds between two looks at the threads; what one does after the last look is not seen."""


class Watch:
    """Observes a method's use of threads and processes from now on, until ``exceeded``.

    What counts is the time in which threads computed or waited for a core: on a busy machine four
    threads get no more of the processor than one would, and wait the longer.
    """

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._first, self._last = _wanted(), dict[str, float]()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def exceeded(self) -> str | None:
        """How more than one thread was used since the beginning; or None."""
        self._stopped.set()
        self._thread.join()
        clock = time.perf_counter() - self._begin
        self._last |= _wanted()
        self._last.pop(str(self._thread.native_id), None)
        wanted = sum(last - self._first.get(thread, 0.0) for thread, last in self._last.items())
        for library in threadpool_info():
            if library["num_threads"] > 1:
                return (
                    f"set {library['internal_api']} to {library['num_threads']} threads, where the "
                    f"harness allows 1; leave {VARIABLES[0]} to it"
                )
        if wanted > BUSY_SHARE * clock and wanted - clock > BUSY_S:
            return (
                f"its threads and processes computed or waited for a core for {wanted:.2f} s "
                f"within {clock:.2f} s, where the harness allows 1 thread; start none of its own"
            )
        return None

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_S):
            self._last |= _wanted()


def _wanted() -> dict[str, float]:
    """Seconds in which each thread of this process and its descendants computed or waited."""
    found: dict[str, float] = {}
    processes = ["self"]
    for process in processes:
        for folder in Path(f"/proc/{process}/task").glob("*"):
            with contextlib.suppress(OSError, ValueError):  # it has ended
                computed, waited, _ = (folder / "schedstat").read_text().split()
                found[folder.name] = (int(computed) + int(waited)) / 1e9
                processes += (folder / "children").read_text().split()
    return found or {"all": time.process_time()}  # where the system does not tell
