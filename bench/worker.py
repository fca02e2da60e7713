"""The process of one cell: ``python -m bench.worker SPEC.json FD``.

It writes one JSON line an event to the file descriptor, and ends when its parent does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from bench.cell import Cell, CellSpec
from bench.memory import limit_memory
from bench.runner import run_cell

TELL_EVERY_S = 0.2


class _Events:
    """Lines to the parent; of one phase at most a few a second."""

    def __init__(self, descriptor: int) -> None:
        # What a method starts must not hold the parent's end of the pipe open.
        os.set_inheritable(descriptor, False)
        self._pipe = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8")
        self._phase = ""
        self._next = 0.0

    def tell(self, phase: str, done: int, total: int) -> None:
        """Say how far a phase is."""
        now = time.monotonic()
        if phase == self._phase and now < self._next and done < total:
            return
        self._phase, self._next = phase, now + TELL_EVERY_S
        self._write({"phase": phase, "done": done, "total": total})

    def end(self, cell: Cell) -> None:
        """Say how it ended."""
        self._write({"cell": cell.model_dump(mode="json", by_alias=True)})

    def _write(self, message: dict[str, object]) -> None:
        try:
            self._pipe.write(json.dumps(message) + "\n")
        except BrokenPipeError:
            _end()  # the parent is gone: this is no failure of the cell


def _end() -> None:
    """End this process and what it started."""
    os.killpg(0, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """End once the parent is gone, killed outright perhaps."""
    while os.getppid() == parent:
        time.sleep(0.5)
    _end()


def main() -> None:
    """Measure the cell that the arguments name."""
    spec = CellSpec.model_validate_json(Path(sys.argv[1]).read_bytes())
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    limit_memory(spec.memory_bytes)
    events = _Events(int(sys.argv[2]))
    events.end(run_cell(spec, events.tell))


if __name__ == "__main__":
    main()
