"""Runs cells in processes of their own on this machine, a few at a time.

A cell's process has a supervisor (:mod:`bench.executors.supervisor`). It ends that process and
all its descendants when this process is gone, closes the supervisor's input, or asks for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from bench.executors.events import GRACE_S, CellQueue, Event, Kind
from bench.executors.exit_reason import status_and_reason
from bench.store.cell import Cell, Status
from bench.system.memory import resident_bytes
from bench.system.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from filelock import BaseFileLock

    from bench.store.cell import CellSpec
    from bench.store.folder import Store

SUPERVISOR = (sys.executable, "-P", "-X", "faulthandler", "-m", "bench.executors.supervisor")
SCARCE = 0.04
"""Share of the machine's memory that must stay free; under it the largest cell is ended."""


@dataclass(eq=False)
class _Child:
    """A cell that is running.

    Attributes:
        process: the supervisor of the cell's process.
        claim: the lock that keeps other runs from measuring it.
        killed: status and reason if it was ended before it was measured.
        outcome, ended_at: the cell that its process reported at its end, and the time of that.
        ending: exit code of its process and the end of its output.
        gone_since: the time when the supervisor ended.
    """

    spec: CellSpec
    process: subprocess.Popen[bytes]
    claim: BaseFileLock
    began: float = field(default_factory=time.monotonic)
    killed: tuple[Status, str] | None = None
    outcome: Cell | None = None
    ended_at: float = 0.0
    ending: tuple[int, str] | None = None
    gone_since: float | None = None

    def stop(self) -> None:
        """Let the supervisor end the cell at once."""
        if self.process.stdin is not None:
            self.process.stdin.close()


class LocalExecutor:
    """Runs up to ``jobs`` cells at once, each for at most ``timeout_s`` seconds."""

    def __init__(
        self,
        store: Store,
        *,
        jobs: int,
        timeout_s: float,
        threads: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``environment``: variables of cells in addition to those of this process."""
        self._environment = environment or {}
        self._store = store
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._threads = threads
        self._events: queue.Queue[tuple[_Child, dict[str, Any] | None]] = queue.Queue()
        self._running: list[_Child] = []

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """See :class:`bench.executors.events.Executor`."""
        queued = CellQueue(self._store, specs)
        try:
            while queued or self._running:
                for taken in queued.take(self._jobs - len(self._running)):
                    if isinstance(taken, Event):
                        yield taken
                    else:
                        self._running.append(self._launch(*taken))
                        yield Event(Kind.START, taken.spec.planned)
                yield from self._next_events()
                self._enforce_limits()
        finally:
            self._end_all()

    def _launch(self, spec: CellSpec, claim: BaseFileLock) -> _Child:
        logs, key = self._store.logs.absolute(), spec.planned.key
        spec_file = logs / f"{key}.spec.json"
        spec = spec.model_copy(update={"launched": time.time()})
        spec_file.write_text(spec.model_dump_json(by_alias=True), encoding="utf-8")
        readable, writable = os.pipe()
        threads = str(self._threads)
        log = logs / f"{key}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [*SUPERVISOR, str(spec_file), str(writable), str(log)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[writable],
                start_new_session=True,
                env={
                    **os.environ,
                    **self._environment,
                    "OMP_NUM_THREADS": threads,
                    "OPENBLAS_NUM_THREADS": threads,
                    # So that it imports the code whose versions are in the key.
                    "PYTHONPATH": os.pathsep.join(
                        [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
                    ),
                },
            )
        os.close(writable)
        child = _Child(spec, process, claim)
        threading.Thread(target=self._listen, args=(child, readable), daemon=True).start()
        return child

    def _listen(self, child: _Child, readable: int) -> None:
        """Pass on a child's events until it closes its end of the pipe; None is the last."""
        with os.fdopen(readable, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with contextlib.suppress(json.JSONDecodeError):  # killed in the middle of it
                    self._events.put((child, json.loads(line)))
        self._events.put((child, None))

    def _next_events(self) -> Iterator[Event]:
        try:
            child, message = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        if child not in self._running:  # its pipe was closed after its end
            return
        if message is not None and "cell" in message:
            child.outcome, child.ended_at = Cell.model_validate(message["cell"]), time.monotonic()
        elif message is not None and "kind" in message:
            message["kind"] = Kind(message["kind"])
            yield Event(cell=child.spec.planned, **message)
        else:
            if message is not None:
                child.ending = message["ended"], message["printed"]
            yield Event(Kind.END, self._end(child))

    def _enforce_limits(self) -> None:
        now = time.monotonic()
        for child in self._running:
            if child.outcome is not None:
                # Something that the method started, such as a thread, may keep it from ending.
                if now - child.ended_at > GRACE_S:
                    child.stop()
            elif child.killed is None and now - child.began > self._timeout_s:
                child.killed = Status.TIMEOUT, f"took longer than {self._timeout_s:g} s (--timeout)"
                child.process.terminate()
            elif child.killed is not None and now - child.began > self._timeout_s + 3 * GRACE_S:
                child.process.kill()  # the supervisor hangs; its cell ends with it
            if child.process.poll() is not None:
                # Its supervisor was killed, and something else keeps the pipe open.
                child.gone_since = child.gone_since or now
                if now - child.gone_since > GRACE_S:
                    self._events.put((child, None))
        memory = psutil.virtual_memory()
        ending = any(child.killed for child in self._running)
        if memory.available < SCARCE * memory.total and self._running and not ending:
            largest = max(self._running, key=lambda child: resident_bytes(child.process.pid))
            largest.killed = Status.OUT_OF_MEMORY, "the machine ran out of memory"
            largest.stop()

    def _end(self, child: _Child) -> Cell:
        """How a cell ended; it is stored now if its process has not stored it."""
        self._running.remove(child)
        _await(child)
        try:
            cell = child.outcome
            if cell is None:
                ended = child.ending or (child.process.returncode, "")
                status, reason = child.killed or status_and_reason(*ended)
                cell = child.spec.planned.ended(status, reason)
            self._store.clear_staging(cell.key)
            if cell.status is not Status.OK:
                self._store.commit(cell)
        finally:
            child.claim.release()
        return cell

    def _end_all(self) -> None:
        for child in self._running:
            child.stop()
        for child in self._running:
            _await(child)
            self._store.clear_staging(child.spec.planned.key)
            child.claim.release()


def _await(child: _Child) -> None:
    """Wait until the supervisor has ended the cell, and then has ended itself."""
    child.stop()
    try:
        child.process.wait(3 * GRACE_S)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
