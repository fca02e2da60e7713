"""The checks of a method in a process of its own: whatever it does there ends no other's checks."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from typing import TYPE_CHECKING, NoReturn

import psutil

from bench.check.run import CHECKS, CheckResult, CheckStatus
from bench.check.tasks import TASKS
from bench.errors import reason_of
from bench.system.memory import descendants

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from bench.check.run import MethodChecks

LOOK_S = 0.1
"""Seconds between two looks at a process that is checked."""
ALL = [(check, task) for check in CHECKS for task in TASKS]
"""Checks in the order that they are made in."""


def results_apart(checks: MethodChecks, folder: Path, timeout_s: float) -> list[CheckResult]:
    """The results of all checks of a method on all tasks.

    Args:
        checks: the checks of the method.
        folder: the folder of the file in which its process writes results.
        timeout_s: seconds after which the process is ended.

    Returns:
        A result for each pair of ``ALL``. A check that ended the process, or that was being made
        when time was up, has failed, and those after it are not applicable.
    """
    file = folder / "results.jsonl"
    file.write_bytes(b"")
    process = multiprocessing.get_context("fork").Process(target=_check, args=(checks, file))
    process.start()
    until = time.monotonic() + timeout_s
    try:
        # What it started may outlive it and hold the pipe that join() waits on.
        while (ended := process.exitcode) is None and time.monotonic() < until:
            process.join(LOOK_S)
    finally:
        _end(process)
        process.join()
    lines = [json.loads(line) for line in file.read_text().split("\n")[:-1]]
    raised = lines.pop() if lines and isinstance(lines[-1], str) else None
    results = [
        CheckResult(check, task, CheckStatus(status), reason)
        for check, task, status, reason in lines
    ]
    if len(results) < len(ALL):
        late = f"takes longer than {timeout_s:g} s"
        why = raised or (late if ended is None else _ending(ended))
        results.append(CheckResult(*ALL[len(results)], CheckStatus.FAILED, why))
        left = f"it {why} before"
        rest = ALL[len(results) :]
        results += [CheckResult(*each, CheckStatus.NOT_APPLICABLE, left) for each in rest]
    return results


def _check(checks: MethodChecks, file: Path) -> NoReturn:
    """Make all checks in this process, and write a line for each; a text if one is interrupted."""
    os.setsid()
    with file.open("a", buffering=1) as lines:
        try:
            for check, task in ALL:
                lines.write(json.dumps(checks.result(task, check)) + "\n")
        except BaseException as error:  # an interrupt that no user sent
            lines.write(json.dumps(f"raises {reason_of(error)}") + "\n")
    os._exit(0)  # threads that never end are not waited for


def _end(process: BaseProcess) -> None:
    """End a process and all that it started."""
    left = descendants(process.pid)
    process.kill()
    for child in left:
        with contextlib.suppress(psutil.Error):
            child.kill()
    if process.pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        return f"ends the process by {signal.Signals(-code).name}"
    return f"ends the process with exit code {code}; does it call os._exit()?"
