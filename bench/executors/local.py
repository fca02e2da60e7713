"""Runs cells in processes of their own on this machine, a few at a time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.cell import Cell, CellSpec, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.store import Store

CHECKOUT = Path(__file__).parent.parent.parent
GRACE_S = 5.0
"""How long a process group may take to end when asked, before it is killed."""
SCARCE = 0.04
"""Share of the machine's memory that must stay free; under it the largest cell is ended."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a cell.

    Attributes:
        cell: the blank of the cell, or the whole of it once ``phase`` is ``end``.
        phase: ``start``, what it is doing, or ``end``.
        done, total: how far the phase is.
    """

    cell: Cell
    phase: str
    done: int = 0
    total: int = 0


@dataclass
class _Child:
    spec: CellSpec
    process: subprocess.Popen[bytes]
    log: Path
    began: float = field(default_factory=time.monotonic)
    killed: tuple[Status, str] | None = None
    outcome: Cell | None = None
    gone_since: float | None = None


class LocalExecutor:
    """Up to ``jobs`` cells at once, each for at most ``timeout_s`` seconds."""

    def __init__(self, store: Store, *, jobs: int, timeout_s: float, threads: int) -> None:
        self._store = store
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._threads = threads
        self._events: queue.Queue[tuple[_Child, dict[str, Any] | None]] = queue.Queue()
        self._running: list[_Child] = []

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """Run cells, in order, yielding what happens; all processes are gone at the end."""
        waiting = list(reversed(specs))
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self._jobs:
                    spec = waiting.pop()
                    # Another run into the same folder may have measured it by now.
                    stored = None if spec.fits_from else self._store.find(spec.blank)
                    if stored is not None:
                        yield Event(stored, "end")
                        continue
                    child = self._launch(spec)
                    self._running.append(child)
                    yield Event(child.spec.blank, "start")
                yield from self._next_events()
                self._enforce_limits()
        finally:
            self._end_all()

    def _launch(self, spec: CellSpec) -> _Child:
        key = spec.blank.key
        log = self._store.logs / f"{key}.log"
        spec_file = self._store.logs.absolute() / f"{key}.spec.json"
        spec = spec.model_copy(update={"launched": time.time()})
        spec_file.write_text(spec.model_dump_json(by_alias=True), encoding="utf-8")
        readable, writable = os.pipe()
        threads = str(self._threads)
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", "bench.worker", str(spec_file), str(writable)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[writable],
                start_new_session=True,
                env={
                    **os.environ,
                    "OMP_NUM_THREADS": threads,
                    "OPENBLAS_NUM_THREADS": threads,
                    # So that it imports the code whose fingerprint is in the key.
                    "PYTHONPATH": os.pathsep.join(
                        [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
                    ),
                },
            )
        os.close(writable)
        child = _Child(spec, process, log)
        threading.Thread(target=self._listen, args=(child, readable), daemon=True).start()
        return child

    def _listen(self, child: _Child, readable: int) -> None:
        """Pass on a child's events until it closes its end; None is the last."""
        with os.fdopen(readable, encoding="utf-8") as lines:
            for line in lines:
                self._events.put((child, json.loads(line)))
        self._events.put((child, None))

    def _next_events(self) -> Iterator[Event]:
        try:
            child, message = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        if child not in self._running:  # its pipe was closed late, by something that it started
            return
        if message is None:
            self._running.remove(child)
            self._end_group(child)
            yield Event(self._outcome(child), "end")
        elif "cell" in message:
            child.outcome = Cell.model_validate(message["cell"])
        else:
            yield Event(child.spec.blank, message["phase"], message["done"], message["total"])

    def _enforce_limits(self) -> None:
        for child in self._running:
            if child.killed is None and time.monotonic() - child.began > self._timeout_s:
                child.killed = Status.TIMEOUT, f"took longer than {self._timeout_s:g} s (--timeout)"
                _signal_group(child.process.pid, signal.SIGTERM)
            elif child.killed and time.monotonic() - child.began > self._timeout_s + GRACE_S:
                _signal_group(child.process.pid, signal.SIGKILL)
            if child.process.poll() is None:
                continue
            # A process that the method started may keep the pipe open after the cell's own ended.
            child.gone_since = child.gone_since or time.monotonic()
            if time.monotonic() - child.gone_since > GRACE_S:
                self._events.put((child, None))
        memory = psutil.virtual_memory()
        ending = any(child.killed for child in self._running)
        if memory.available < SCARCE * memory.total and self._running and not ending:
            largest = max(self._running, key=lambda child: _resident(child.process.pid))
            largest.killed = Status.OUT_OF_MEMORY, "the machine ran out of memory"
            _signal_group(largest.process.pid, signal.SIGKILL)

    def _outcome(self, child: _Child) -> Cell:
        """What became of a cell; what its process has not stored is stored now."""
        cell = child.outcome
        if cell is None:
            status, reason = child.killed or _reason_of(child)
            cell = child.spec.blank.model_copy(update={"status": status, "reason": reason})
        if cell.status is not Status.OK:
            self._store.commit(cell)
        return cell

    def _end_group(self, child: _Child) -> None:
        """Wait for a child and end whatever it started."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(GRACE_S)
        _signal_group(child.process.pid, signal.SIGKILL)
        child.process.wait()

    def _end_all(self) -> None:
        for child in self._running:
            _signal_group(child.process.pid, signal.SIGTERM)
        for child in self._running:
            self._end_group(child)


def _reason_of(child: _Child) -> tuple[Status, str]:
    """Why a process ended without storing its cell."""
    code = child.process.returncode
    if code == -signal.SIGKILL:
        return Status.OUT_OF_MEMORY, "killed by the system, most likely for memory"
    lines = child.log.read_text(errors="replace").strip().splitlines()
    last = f": {lines[-1][:300]}" if lines else ""
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return Status.FAILED, f"its process ended with {how}{last}"


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
