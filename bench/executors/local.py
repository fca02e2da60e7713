"""Runs cells in processes of their own on this machine, a few at a time.

A cell's process has a supervisor (:mod:`bench.executors.supervisor`). It ends that process and
all its descendants when this process is gone, closes the supervisor's input, or asks for it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from bench.executors.events import GRACE_S, CellQueue, Event, Kind
from bench.executors.exit_reason import UNWATCHED, status_and_reason
from bench.executors.messages import LONGEST_LINE, Ending, Notice, Outcome, message_of
from bench.executors.orphans import Orphans
from bench.store.cell import Status
from bench.system.memory import resident_bytes
from bench.system.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from filelock import BaseFileLock

    from bench.executors.messages import Message
    from bench.store.cell import Cell, CellSpec
    from bench.store.folder import Store

SUPERVISOR = (sys.executable, "-P", "-X", "faulthandler", "-m", "bench.executors.supervisor")
SCARCE = 0.04
"""Share of the machine's memory that must stay free; under it the largest cell is ended."""
WAITING = 10_000
"""Messages of cells that wait for this process at most; a cell that sends more waits."""
FORGED = (
    "its process wrote what is no message into the pipe to the harness; a method is to leave files "
    "alone that it did not open"
)


@dataclass(eq=False)
class _Child:
    """A cell that is running.

    Attributes:
        process: the supervisor of the cell's process.
        claim: the lock that keeps other runs from measuring it.
        killed: status and reason if it was ended before it was measured.
        has_forged: whether it sent what is no message.
        outcome, ended_at: how its process said that it ended, and the time of that.
        ending: exit code of its process and the end of its output.
        asked_at: the time when its supervisor was first asked to end it.
        gone_since: the time when the supervisor ended.
    """

    spec: CellSpec
    process: subprocess.Popen[bytes]
    claim: BaseFileLock
    began: float = field(default_factory=time.monotonic)
    killed: tuple[Status, str] | None = None
    has_forged: bool = False
    outcome: Outcome | None = None
    ended_at: float = 0.0
    ending: Ending | None = None
    asked_at: float | None = None
    gone_since: float | None = None

    def ask(self) -> None:
        """Let the supervisor ask the cell to end, and end it a little later."""
        self._wake(signal.SIGTERM)

    def stop(self) -> None:
        """Let the supervisor end the cell at once."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self._wake()

    def _wake(self, *numbers: signal.Signals) -> None:
        """Signal the supervisor, which the method may have stopped."""
        self.asked_at = self.asked_at or time.monotonic()
        for number in (*numbers, signal.SIGCONT):
            self.process.send_signal(number)

    def end(self) -> None:
        """Let the supervisor end the cell and then itself, and wait for that."""
        self.stop()
        try:
            self.process.wait(3 * GRACE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


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
        self._messages: queue.Queue[tuple[_Child, Message | None, bool]] = queue.Queue(WAITING)
        self._running: list[_Child] = []

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """See :class:`bench.executors.events.Executor`."""
        queued = CellQueue(self._store, specs)
        with Orphans() as self._orphans:
            try:
                while queued or self._running:
                    for taken in queued.take(self._jobs - len(self._running)):
                        if isinstance(taken, Event):
                            yield taken
                        else:
                            self._running.append(self._launch(*taken))
                            yield Event(Kind.START, taken.spec.planned)
                    yield from self._next_events()
                    yield from self._enforce_limits()
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
        """Pass on a child's messages until it closes its end of the pipe, which comes last."""
        with os.fdopen(readable, "rb") as lines:
            while line := lines.readline(LONGEST_LINE):
                if line.strip():
                    self._messages.put((child, message_of(line), False))
        self._messages.put((child, None, True))

    def _next_events(self) -> Iterator[Event]:
        try:
            child, message, is_end = self._messages.get(timeout=0.2)
        except queue.Empty:
            return
        if child not in self._running:  # its pipe was closed after its end
            return
        if isinstance(message, Notice):
            text, done, total = message.text, int(message.done), int(message.total)
            yield Event(message.kind, child.spec.planned, text, done, total)
        elif isinstance(message, Outcome):
            child.outcome, child.ended_at = message, time.monotonic()
        elif isinstance(message, Ending) or is_end:
            child.ending = message
            yield Event(Kind.END, self._end(child))
        else:  # no message is cut: a pipe takes lines as short as ours at once
            child.has_forged = True
            child.stop()

    def _enforce_limits(self) -> Iterator[Event]:
        now = time.monotonic()
        for child in list(self._running):
            if child.outcome is not None:
                # Something that the method started, such as a thread, may keep it from ending.
                if now - child.ended_at > GRACE_S:
                    child.stop()
            elif child.killed is None and now - child.began > self._timeout_s:
                child.killed = Status.TIMEOUT, f"took longer than {self._timeout_s:g} s (--timeout)"
                child.ask()
            if child.asked_at is not None and now - child.asked_at > 3 * GRACE_S:
                child.process.kill()  # the supervisor hangs; its cell ends with it
            if child.process.poll() is not None:
                # Its supervisor was killed, and something else keeps the pipe open.
                child.gone_since = child.gone_since or now
                if now - child.gone_since > GRACE_S:
                    yield Event(Kind.END, self._end(child))
        memory = psutil.virtual_memory()
        ending = any(child.killed for child in self._running)
        if memory.available < SCARCE * memory.total and self._running and not ending:
            largest = max(self._running, key=lambda child: resident_bytes(child.process.pid))
            largest.killed = Status.OUT_OF_MEMORY, "the machine ran out of memory"
            largest.stop()

    def _end(self, child: _Child) -> Cell:
        """How a cell ended; it is stored now if its process has not stored it."""
        self._running.remove(child)
        child.end()
        try:
            self._end_orphans(child)
            self._store.clear_staging(child.spec.planned.key)
            cell = self._cell_of(child)
            if cell.status is not Status.OK:
                self._store.commit(cell)
        finally:
            child.claim.release()
        return cell

    def _end_orphans(self, child: _Child) -> None:
        """End what a cell started, if its supervisor was killed before it did that."""
        if child.process.returncode:
            self._orphans.end(each.process.pid for each in self._running)

    def _cell_of(self, child: _Child) -> Cell:
        """The cell as its process stored it, or as it ended otherwise."""
        planned, outcome, ending = child.spec.planned, child.outcome, child.ending
        stored = self._store.find_new(planned)
        if child.has_forged:
            if stored is not None:
                self._store.discard(stored)
            return planned.ended(Status.FAILED, FORGED)
        if stored is not None:
            return stored
        if outcome is not None and outcome.status is not Status.OK:
            return planned.ended(outcome.status, outcome.reason, outcome.provenance)
        if child.killed is not None:
            return planned.ended(*child.killed)
        if ending is None:
            return planned.ended(Status.FAILED, UNWATCHED)
        return planned.ended(*status_and_reason(ending.ended, ending.printed))

    def _end_all(self) -> None:
        for child in self._running:
            child.stop()
        for child in self._running:
            child.end()
            self._end_orphans(child)
            self._store.clear_staging(child.spec.planned.key)
            child.claim.release()
