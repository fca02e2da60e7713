"""Limiting a process to one thread, and observing whether a method keeps to it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_info, threadpool_limits

from bench.system.provenance import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that libraries read when they are loaded; the harness sets them for each cell."""
BUSY_S, BUSY_SHARE = 0.1, 1.5
"""Processor time beyond the clock's, in seconds and as a factor, that one thread cannot spend."""


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Limit loaded libraries, and those that will be loaded, to one thread."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    torch = sys.modules.get("torch")
    torch_threads = torch.get_num_threads() if torch else None
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    try:
        with threadpool_limits(1):
            if torch:  # it has a number of its own until its first use
                torch.set_num_threads(1)
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if "torch" in sys.modules:  # it was loaded meanwhile, and has only this number
            sys.modules["torch"].set_num_threads(torch_threads or usable_cores())


class Watch:
    """Observes a method's use of threads from now on."""

    def __init__(self) -> None:
        self._clock, self._processor = time.perf_counter(), time.process_time()

    def exceeded(self) -> str | None:
        """How more than one thread was used since the beginning; or None."""
        clock = time.perf_counter() - self._clock
        processor = time.process_time() - self._processor
        for library in threadpool_info():
            if library["num_threads"] > 1:
                return (
                    f"set {library['internal_api']} to {library['num_threads']} threads, where the "
                    f"harness allows 1; leave {VARIABLES[0]} to it"
                )
        if processor > BUSY_SHARE * clock and processor - clock > BUSY_S:
            return (
                f"spent {processor:.2f} s of processor time within {clock:.2f} s, where the "
                "harness allows 1 thread; start no threads of its own"
            )
        return None
