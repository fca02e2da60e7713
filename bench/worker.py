"""The process of one cell: ``python -m bench.worker SPEC.json FD``.

It writes one JSON line an event to the file descriptor, and ends when its parent does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

from bench.cell import CellSpec
from bench.memory import limit_memory
from bench.runner import run_cell

TELL_EVERY_S = 0.2


class _Events:
    """Lines to the parent, at most a few a second for one phase."""

    def __init__(self, descriptor: int) -> None:
        self._pipe = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8")
        self._phase = ""
        self._next = 0.0

    def tell(self, phase: str, done: int, total: int) -> None:
        """Say how far a phase is."""
        now = time.monotonic()
        if phase == self._phase and now < self._next and done < total:
            return
        self._phase, self._next = phase, now + TELL_EVERY_S
        try:
            self._pipe.write(json.dumps({"phase": phase, "done": done, "total": total}) + "\n")
        except BrokenPipeError:
            os._exit(1)  # the parent is gone: this is no failure of the cell


def _end_with(parent: int) -> None:
    """End this process once its parent is gone, killed outright perhaps."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    """Measure the cell that the arguments name."""
    spec = CellSpec.model_validate_json(Path(sys.argv[1]).read_bytes())
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    limit_memory(spec.memory_bytes)
    try:
        run_cell(spec, _Events(int(sys.argv[2])).tell)
    except Exception:
        traceback.print_exc()  # into the cell's log
        sys.exit(1)


if __name__ == "__main__":
    main()
