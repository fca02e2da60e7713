"""One thread for the libraries of this process, and how long its threads wait for a core."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from bench.system.provenance import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that libraries read when they are loaded; the harness sets them for each cell."""


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


def thread_seconds() -> dict[str, tuple[float, float]]:
    """Seconds that each thread of this process ran, and that it could run and had no core, so far.

    A thread that has ended is not in it. Empty where the system does not tell, as only Linux does:
    https://docs.kernel.org/scheduler/sched-stats.html
    """
    found = {}
    for file in Path("/proc/self/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError):  # a thread that ends just now
            ran, waited, _ = map(int, file.read_text().split())
            found[file.parent.name] = ran / 1e9, waited / 1e9
    return found
