"""Why the process of a cell ended without a report: a status, and a reason to act on."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from bench.store.cell import Status

UNWATCHED = (
    "the process that watches over the cell was killed, so that the cell ended too; a method is to "
    "leave processes alone that it did not start"
)
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$', re.MULTILINE)
_FRAMES_SHOWN = 3
_LINE_LENGTH = 300


def status_and_reason(code: int, printed: str) -> tuple[Status, str]:
    """Status and reason of a cell whose process can no longer report them.

    Args:
        code: exit code of its process, minus the number of the signal that ended it.
        printed: the end of its output.
    """
    if code == -signal.SIGKILL:
        return (
            Status.OUT_OF_MEMORY,
            "killed by the system, most likely for memory (another process that was sent "
            "SIGKILL looks the same)",
        )
    if code < 0:
        return (
            Status.FAILED,
            f"its process crashed with signal {_signal_name(-code)}{_place(printed)}",
        )
    hint = "" if code else " before it was measured; does it call os._exit()?"
    lines = printed.strip().splitlines()
    last = f": {lines[-1][:_LINE_LENGTH]}" if lines else ""
    return Status.FAILED, f"its process ended with exit code {code}{hint}{last}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals has no name
        return str(number)


def _place(printed: str) -> str:
    """The innermost calls of the thread that crashed, as Python's fault handler prints them."""
    _, crashed, report = printed.rpartition("Fatal Python error")
    _, current, thread = report.partition("Current thread")
    found = _FRAME.findall((thread if current else report).partition("\n\n")[0])
    if crashed and found:
        frames = (
            f"{function} ({Path(file).name}:{line})"
            for file, line, function in found[:_FRAMES_SHOWN]
        )
        return f" in {', called from '.join(frames)}"
    lines = printed.strip().splitlines()
    return f": {lines[-1][:_LINE_LENGTH]}" if lines else ""
