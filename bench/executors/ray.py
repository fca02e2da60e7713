"""Runs cells on a Ray cluster, each as one task; their results are gathered into the store here.

A cell whose node dies is tried again. A cell that fails by itself is not.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, RuntimeEnvSetupError

from bench.errors import reason_of
from bench.executors.events import CellQueue, Event, Kind
from bench.executors.ray_node import (
    Began,
    CellResults,
    Going,
    Job,
    SharedFolderProbe,
    measure_on_node,
)
from bench.store.cell import Cell, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filelock import BaseFileLock

    from bench.executors.ray_node import Message
    from bench.method import Resources
    from bench.store.cell import CellSpec
    from bench.store.folder import Store

RETRIES = 3
"""How often a cell is started again whose worker or node died."""
PATIENCE_S = 20.0
"""Seconds that a cell waits for a node with enough resources, if the cluster has none."""
LOOK_EVERY_S = 2.0
"""Seconds between two looks at the nodes of the cluster."""


@dataclass(eq=False)
class _Sent:
    """A cell that was sent to the cluster.

    Attributes:
        claim: the lock that keeps other runs from measuring it.
        stream: the messages of its node.
        tries: how often its worker or node died.
        began: whether a node has begun it.
        unschedulable_since: the time since when no node has the resources that it asks for.
    """

    spec: CellSpec
    claim: BaseFileLock
    stream: Any = None
    tries: int = 0
    began: bool = False
    unschedulable_since: float | None = None


class RayExecutor:
    """Runs cells on the nodes of the cluster that this process is connected to."""

    def __init__(self, store: Store, *, jobs: int | None, timeout_s: float) -> None:
        """``jobs``: cells at once; None: as many as the cluster has room for."""
        self._store = store
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._sent: list[_Sent] = []
        self._tasks: dict[str, Any] = {}
        self._nodes: list[dict[str, float]] = []
        self._look_at = 0.0

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """See :class:`bench.executors.events.Executor`; this process leaves the cluster then."""
        queued = CellQueue(self._store, specs)
        try:
            with self._store.staging("cluster") as folder:
                self._probe = SharedFolderProbe(
                    file=str((folder / "probe").absolute()), text=uuid.uuid4().hex
                )
                Path(self._probe.file).write_text(self._probe.text, encoding="utf-8")
                while queued or self._sent:
                    self._look()
                    for taken in queued.take(self._room()):
                        if isinstance(taken, Event):
                            yield taken
                        else:
                            self._sent.append(_Sent(*taken))
                            self._submit(self._sent[-1])
                    yield from self._next_events()
                    yield from self._unschedulable()
        finally:
            self._leave()

    def _room(self) -> int:
        # Twice what can run, so that a core that is free need not wait for this process.
        most = self._jobs or max(1, int(2 * sum(node.get("CPU", 0) for node in self._nodes)))
        return most - len(self._sent)

    def _look(self) -> None:
        """Read the resources of the living nodes."""
        if time.monotonic() >= self._look_at:
            self._nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._look_at = time.monotonic() + LOOK_EVERY_S

    def _submit(self, sent: _Sent, *, with_task: bool = False) -> None:
        spec = sent.spec
        job = Job(
            spec=spec,
            timeout_s=self._timeout_s,
            cluster=ray.get_runtime_context().gcs_address,
            shared_folder_probe=self._probe,
        )
        asked = spec.resources
        task = ray.remote(measure_on_node).options(
            name=f"{spec.planned.task} {spec.planned.method} {spec.planned.seed}",
            num_returns="streaming",
            num_cpus=asked.cpus,
            num_gpus=asked.gpus,
            memory=int(1e9 * asked.memory_gb),
            max_retries=0,  # done here, where it can be reported
            scheduling_strategy="SPREAD",
        )
        files = self._files(spec.task_folder) if with_task else None
        sent.stream, sent.began = task.remote(job.model_dump_json(by_alias=True), files), False

    def _files(self, folder: str) -> Any:  # noqa: ANN401 - a reference of Ray's
        """A task's files, copied once into the cluster's memory."""
        if folder not in self._tasks:
            files = {path.name: np.fromfile(path, np.uint8) for path in Path(folder).iterdir()}
            self._tasks[folder] = ray.put(files)
        return self._tasks[folder]

    def _next_events(self) -> Iterator[Event]:
        if not self._sent:
            time.sleep(0.2)  # all that is left is measured by another run
            return
        ready, _ = ray.wait([sent.stream for sent in self._sent], timeout=0.2)
        for sent in [sent for sent in self._sent if sent.stream in ready]:
            try:
                message = ray.get(next(sent.stream))
            except (RayTaskError, RuntimeEnvSetupError) as error:
                yield self._failed(
                    sent, Status.FAILED, f"its node could not run it: {_line(error)}"
                )
            except OutOfMemoryError as error:
                yield self._failed(sent, Status.OUT_OF_MEMORY, f"its node ran out: {_line(error)}")
            except (RayError, StopIteration) as error:
                yield self._again(sent, error)
            else:
                yield from self._events_of(sent, message)

    def _events_of(self, sent: _Sent, message: Message) -> Iterator[Event]:
        """The events of a message from a cell's node."""
        planned = sent.spec.planned
        if isinstance(message, Began):
            sent.began = True
            yield Event(Kind.START, planned)
        elif isinstance(message, Going):
            yield Event(message.kind, planned, message.text, message.done, message.total)
        elif isinstance(message, CellResults):
            yield self._gathered(sent, message)
        else:
            self._submit(sent, with_task=True)

    def _gathered(self, sent: _Sent, message: CellResults) -> Event:
        """Store a cell that a node measured, as if it had been measured here."""
        cell = Cell.model_validate_json(message.cell)
        (self._store.logs / f"{cell.key}.log").write_bytes(message.log)
        with self._store.staging(cell.key) as staging:
            for name, content in message.files.items():
                (staging / name).write_bytes(content)
            self._store.commit(cell, staging)
        return self._ended(sent, cell)

    def _again(self, sent: _Sent, error: Exception) -> Event:
        """Start a cell again whose worker or node died, unless that happened too often."""
        sent.tries += 1
        if sent.tries > RETRIES:
            reason = f"its worker or node died {sent.tries} times, the last time: {_line(error)}"
            return self._failed(sent, Status.FAILED, reason)
        self._submit(sent)
        text = f"{_line(error)}; it is measured again (retry {sent.tries} of {RETRIES})"
        return Event(Kind.WARNING, sent.spec.planned, text)

    def _unschedulable(self) -> Iterator[Event]:
        """Warn of cells that no node has room for, and fail them later; Ray would wait forever."""
        now = time.monotonic()
        for sent in [sent for sent in self._sent if not sent.began]:
            asked = sent.spec.resources
            if any(_has(node, asked) for node in self._nodes):
                sent.unschedulable_since = None
            elif sent.unschedulable_since is None:
                sent.unschedulable_since = now
                text = f"no node of the cluster has {asked}; waiting {PATIENCE_S:g} s for one"
                yield Event(Kind.WARNING, sent.spec.planned, text)
            elif now - sent.unschedulable_since > PATIENCE_S:
                ray.cancel(sent.stream)
                reason = f"no node of the cluster has {asked}; ask for less with --needs"
                yield self._failed(sent, Status.FAILED, reason)

    def _failed(self, sent: _Sent, status: Status, reason: str) -> Event:
        cell = sent.spec.planned.ended(status, reason)
        self._store.commit(cell)
        return self._ended(sent, cell)

    def _ended(self, sent: _Sent, cell: Cell) -> Event:
        self._sent.remove(sent)
        sent.claim.release()
        return Event(Kind.END, cell)

    def _leave(self) -> None:
        """End all running cells; the supervisor of a cell ends it when the worker ends."""
        for sent in self._sent:
            with contextlib.suppress(RayError):
                ray.cancel(sent.stream)
        ray.shutdown()
        for sent in self._sent:
            sent.claim.release()


def _has(node: dict[str, float], asked: Resources) -> bool:
    """Whether a node has the resources that a cell asks for, when nothing else runs there."""
    return (
        node.get("CPU", 0) >= asked.cpus
        and node.get("GPU", 0) >= asked.gpus
        and node.get("memory", 0) >= 1e9 * asked.memory_gb
    )


def _line(error: Exception) -> str:
    """The first sentence of Ray's message; the others are advice on Ray's own tools."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    return reason_of(cause).split(". ")[0].rstrip(".")
