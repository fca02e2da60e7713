"""Processes that cells leave whose supervisor was killed: on Linux, this process adopts them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import time
from typing import TYPE_CHECKING, Self

import psutil

from bench.executors.events import GRACE_S
from bench.system.prctl import GET_CHILD_SUBREAPER, SET_CHILD_SUBREAPER, prctl

if TYPE_CHECKING:
    from collections.abc import Iterable


class Orphans:
    """While it is entered, the kernel hands this process what its descendants leave behind."""

    def __enter__(self) -> Self:
        """Begin; children of before are let alone."""
        self._was = ctypes.c_int(0)
        prctl(GET_CHILD_SUBREAPER, ctypes.byref(self._was))
        prctl(SET_CHILD_SUBREAPER, 1)
        self._before = set(psutil.Process().children())
        return self

    def __exit__(self, *_: object) -> None:
        """Hand over no more."""
        prctl(SET_CHILD_SUBREAPER, self._was.value)

    def end(self, supervisors: Iterable[int]) -> None:
        """End what was handed over.

        Args:
            supervisors: numbers of the processes that watch over cells, which go on.
        """
        kept, gives_up = set(supervisors), time.monotonic() + GRACE_S
        while time.monotonic() < gives_up:
            children = set(psutil.Process().children()) - self._before
            left = [child for child in children if child.pid not in kept]
            if not left:
                return
            for child in left:
                with contextlib.suppress(psutil.Error):
                    child.kill()
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child.pid, os.WNOHANG)
            time.sleep(0.01)
