"""The process of a cell: it measures, and reports its progress to the harness.

It writes one JSON line an event to a file descriptor, and ends when its parent does.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from bench.errors import MethodError, in_one_line, text_of
from bench.evaluation.cell import run_cell
from bench.executors.events import Kind
from bench.executors.messages import Notice, Outcome
from bench.store.cell import Cell, CellSpec, Status

if TYPE_CHECKING:
    from bench.executors.messages import Message

REPORT_EVERY_S = 0.2


class _Events:
    """Writes lines to the harness; a few a second at most for one phase."""

    def __init__(self, descriptor: int) -> None:
        # What a method starts must not hold this end of the pipe open.
        os.set_inheritable(descriptor, False)
        self._pipe = os.fdopen(descriptor, "w", buffering=1, encoding="utf-8")
        self._phase = ""
        self._next = 0.0

    def phase(self, phase: str, done: int, total: int) -> None:
        """Report the progress of a phase.

        Raises:
            MethodError: a method reports what is no number.
        """
        now = time.monotonic()
        if phase == self._phase and now < self._next and done < total:
            return
        self._phase, self._next = phase, now + REPORT_EVERY_S
        try:
            self._write(Notice(kind=Kind.PHASE, text=phase, done=done, total=total))
        except ValidationError as error:
            came = in_one_line(f"{done!r} and {total!r}")
            raise MethodError(
                f"progress() takes two finite numbers, what is done and all, got {came}"
            ) from error

    def warn(self, text: str) -> None:
        """Report a text that the user should see at once."""
        self._write(Notice(kind=Kind.WARNING, text=str(text)))

    def end(self, cell: Cell) -> None:
        """Report how the cell ended."""
        fields = cell.model_dump(include={"status", "reason", "provenance"})
        self._write(Outcome.model_validate(fields))

    def _write(self, message: Message) -> None:
        try:
            self._pipe.write(message.model_dump_json() + "\n")
        except BrokenPipeError:
            _end()  # the harness is gone: this is no failure of the cell


def _end() -> None:
    """End this process and its group."""
    os.killpg(0, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """End once the parent is gone, even if it was killed; Linux does that without this thread."""
    while os.getppid() == parent:
        time.sleep(0.5)
    _end()


def run_worker(spec_file: Path, descriptor: int) -> None:
    """Measure the cell that a file describes, in this process.

    Args:
        spec_file: JSON of a ``CellSpec``.
        descriptor: the file descriptor that events are written to.
    """
    spec = CellSpec.model_validate_json(spec_file.read_bytes())
    spec = spec.model_copy(update={"supervisor": os.getppid()})
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    events = _Events(descriptor)
    try:
        cell = run_cell(spec, events.phase, events.warn)
    except BaseException as error:  # sys.exit(), or an interrupt that no user sent
        traceback.print_exc()
        cell = spec.planned.ended(Status.FAILED, _reason_of_exit(error))
    events.end(cell)


def _reason_of_exit(error: BaseException) -> str:
    """An exception that was meant to end the process, with the place that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    name = f"{type(error).__name__}({in_one_line(text_of(error))})"
    return f"{name} in {Path(place.filename).name}:{place.lineno}: {place.line}"
