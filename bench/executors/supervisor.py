"""The process between the harness and a cell: ``python -m`` this module, with SPEC.json FD LOG.

It forks the cell's process before anything heavy is imported, keeps the start and the end of its
output, and leaves no process behind. It ends all descendants when the cell's process has ended, or
when its own standard input has (the harness is gone, or no longer wants the cell). On Linux it also
ends descendants that left their group, session and parent: the kernel hands them to this process.
On SIGTERM it asks the cell to end first. Its last line on FD says how the cell ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path

from bench.executors.events import GRACE_S
from bench.system.prctl import SET_CHILD_SUBREAPER, SET_PDEATHSIG, prctl

LINGER_S = 0.5
"""Seconds that a cell's other processes may outlive it: libraries tidy up in some of their own."""

KEPT_BYTES = 500_000
"""Bytes kept of the start, and as many of the end."""
END_BYTES = 64_000
"""Bytes kept in memory: enough for Python's report on all threads when it crashes."""


class CellLog:
    """A log file of about a megabyte at most; a full disk is no failure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._room = KEPT_BYTES
        self._end = bytearray()
        self._left_out = 0
        self._write(b"", "wb")

    def add(self, block: bytes) -> None:
        """Add some output."""
        start, rest = block[: self._room], block[self._room :]
        if start:
            self._room -= len(start)
            self._write(start)
        self._end += rest
        if len(self._end) > 2 * KEPT_BYTES:
            self._drop(len(self._end) - KEPT_BYTES)

    def close(self) -> None:
        """Write the end of the output."""
        self._drop(len(self._end) - KEPT_BYTES)
        if self._left_out:
            self._write(f"\n[... {self._left_out:,} bytes left out ...]\n".encode())
        self._write(self._end)

    def end_of_output(self) -> str:
        """The end of the output."""
        if self._end:
            return self._end[-END_BYTES:].decode(errors="replace")
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            return file.read()[-END_BYTES:].decode(errors="replace")
        return ""

    def _drop(self, n_bytes: int) -> None:
        if n_bytes > 0:
            del self._end[:n_bytes]
            self._left_out += n_bytes

    def _write(self, content: bytes | bytearray, mode: str = "ab") -> None:
        with contextlib.suppress(OSError), self._path.open(mode) as file:
            file.write(content)


class Supervisor:
    """Watches over the process of a cell, a child of this one and leader of its group."""

    def __init__(self, worker: int, printed: int, log: CellLog) -> None:
        """``printed``: the descriptor that the cell's output is read from."""
        self._worker = worker
        self._watched = [0, printed]
        self._printed = printed
        self._log = log
        self._asked = False
        self._patience_ends: float | None = None
        self._code: int | None = None

    def watch(self) -> int:
        """Wait for the cell's process and return its exit code, minus the signal if killed."""
        wake = self._wake_on_signals()
        self._reap()
        while self._code is None:
            left = None
            if self._patience_ends is not None:
                left = max(0.0, self._patience_ends - time.monotonic())
            ready, _, _ = select.select([wake, *self._watched], [], [], left)
            if wake in ready:
                os.read(wake, 4096)
            if self._printed in ready and not self._keep():
                self._watched.remove(self._printed)
            if 0 in ready:
                self._watched.remove(0)
                self._signal(signal.SIGKILL)
            if self._asked and self._patience_ends is None:
                self._patience_ends = time.monotonic() + GRACE_S
                self._signal(signal.SIGTERM)
            if left == 0:
                self._signal(signal.SIGKILL)
            self._reap()
        self._end_descendants()
        os.set_blocking(self._printed, False)
        with contextlib.suppress(BlockingIOError):
            while self._keep():
                pass
        return self._code

    def _wake_on_signals(self) -> int:
        """A descriptor that becomes readable when a child ends or this process is asked to end."""
        wake, written = os.pipe()
        os.set_blocking(written, False)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask)
        return wake

    def _ask(self, *_: object) -> None:
        self._asked = True

    def _signal(self, number: signal.Signals) -> None:
        """Signal the cell's process and its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._worker, number)
        if self._code is None:  # it may not lead its group yet
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._worker, number)

    def _keep(self) -> bytes:
        """Read some output; empty at its end."""
        block = os.read(self._printed, 1 << 16)
        self._log.add(block)
        return block

    def _reap(self) -> bool:
        """Collect the children that ended; return whether there are others."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._worker:
                    self._code = os.waitstatus_to_exitcode(ended[1])
        except ChildProcessError:
            return False
        return True

    def _end_descendants(self) -> None:
        """End the processes that the cell left; some may start more meanwhile."""
        lingers_until = time.monotonic() + LINGER_S
        while self._reap() and time.monotonic() < lingers_until and 0 in self._watched:
            time.sleep(0.01)
        if sys.platform != "linux":  # there, group and all are children by now
            self._signal(signal.SIGKILL)
        gives_up = time.monotonic() + GRACE_S
        while self._reap() and time.monotonic() < gives_up:
            import psutil

            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.01)


def _become_the_cell(supervisor: int, output: int) -> None:
    """Turn a fresh fork into the leader of a group of its own that ends with its supervisor."""
    os.setsid()
    prctl(SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        sys.exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not fill the disk


def main() -> None:
    """Run the cell that the arguments name."""
    spec, descriptor, log = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    prctl(SET_CHILD_SUBREAPER, 1)
    supervisor = os.getpid()
    printed, output = os.pipe()
    worker = os.fork()
    if worker == 0:
        _become_the_cell(supervisor, output)
        from bench.executors.worker import run_worker

        run_worker(spec, descriptor)
        return
    os.close(output)
    kept = CellLog(log)
    code = Supervisor(worker, printed, kept).watch()
    kept.close()
    last = json.dumps({"ended": code, "printed": kept.end_of_output()})
    with contextlib.suppress(BrokenPipeError):
        # The cell may have been killed in the middle of a line.
        os.write(descriptor, f"\n{last}\n".encode())


if __name__ == "__main__":
    main()
