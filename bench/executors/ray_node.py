"""The part of a node of a cluster: it runs the process of a cell and sends back the results.

The cell is measured by the executor of this machine (:mod:`bench.executors.local`), in a folder
of the node's own: isolation, limits and the account of memory are those of a local run.
"""

from __future__ import annotations

import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import psutil
from filelock import FileLock

from bench.executors.events import Kind
from bench.executors.local import LocalExecutor
from bench.store.cell import CellSpec
from bench.store.folder import QUERIES, RUN, Store
from bench.system.kept import is_whole, keep
from bench.system.memory import MEMORY_SHARE
from bench.system.paths import cache_folder
from bench.system.provenance import provenance, usable_cores
from bench.system.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from bench.store.cell import Cell

    Files: TypeAlias = Mapping[str, NDArray[np.uint8]]
    """Names and contents of a folder's files."""


class SharedFolderProbe(Record):
    """A file of the sending machine and its text: a node that reads it shares folders."""

    file: str
    text: str

    def is_seen(self) -> bool:
        """Whether this machine reads the same text there."""
        try:
            return Path(self.file).read_text(encoding="utf-8") == self.text
        except OSError:
            return False


class Job(Record):
    """A cell to be measured on a node.

    Attributes:
        spec: the cell, with folders of the machine that sends it.
        timeout_s: seconds that the cell may take.
        cluster: the address of the cluster, for a method that works on shards by actors.
        shared_folder_probe: the file by which a node knows whether it shares the sender's folders.
    """

    spec: CellSpec
    timeout_s: float
    cluster: str
    shared_folder_probe: SharedFolderProbe


class Began(NamedTuple):
    """A node has begun the cell."""

    node: str


class Going(NamedTuple):
    """Progress of the cell, or a warning; the fields are those of an event."""

    kind: Kind
    text: str
    done: int
    total: int


class TaskWanted(NamedTuple):
    """The node lacks the task's files: they are to be sent with the cell."""


class CellResults(NamedTuple):
    """The results of a cell.

    Attributes:
        cell: JSON of the cell.
        files: the files that were stored with it.
        log: the output of its process.
    """

    cell: str
    files: dict[str, bytes]
    log: bytes


Message: TypeAlias = Began | Going | TaskWanted | CellResults


def measure_on_node(job_json: str, sent: Files | None) -> Iterator[Message]:
    """Measure a cell on this node.

    Args:
        job_json: JSON of a ``Job``.
        sent: the task's files, or None before they were asked for.

    Yields:
        What happens to the cell; ``CellResults`` or ``TaskWanted`` is the last message.
    """
    job = Job.model_validate_json(job_json)
    yield Began(platform.node())
    # A folder for each machine: several machines may have one home folder.
    store = Store(cache_folder() / "cluster" / platform.node())
    store.prepare()
    spec = _placed(job, store, sent)
    if spec is None:
        yield TaskWanted()
        return
    executor = LocalExecutor(
        store,
        jobs=1,
        timeout_s=job.timeout_s,
        threads=spec.planned.provenance.threads,
        # The cell's process would have to guess: of Ray's variables a worker has not this one.
        environment={"RAY_ADDRESS": job.cluster},
    )
    for event in executor.run([spec]):
        if event.kind is Kind.END:
            yield _gathered(event.cell, store)
        elif event.kind is not Kind.START:
            yield Going(event.kind, event.text, event.done, event.total)


def _placed(job: Job, store: Store, sent: Files | None) -> CellSpec | None:
    """The cell with this node's folders, memory and provenance; None if the task is not here."""
    spec, cpus = job.spec, job.spec.resources.cpus
    update: dict[str, object] = {"root": str(store.root)}
    if not job.shared_folder_probe.is_seen():
        task = _task_here(Path(spec.task_folder).name, store.tasks, sent)
        if task is None:
            return None
        update |= {"task_folder": str(task), "fits": str(store.fits)}
    share = MEMORY_SHARE * psutil.virtual_memory().available * min(1.0, cpus / usable_cores())
    update["memory_bytes"] = int(max(share, 1e9 * spec.resources.memory_gb))
    here = provenance(cpus).model_copy(update={"date": spec.planned.provenance.date})
    update["planned"] = spec.planned.model_copy(update={"provenance": here})
    return spec.model_copy(update=update)


def _task_here(name: str, tasks: Path, sent: Files | None) -> Path | None:
    """The folder of a task on this node, written if its files were sent; else None."""
    folder = tasks / name

    def write(made: Path) -> None:
        for file, content in (sent or {}).items():
            content.tofile(made / file)

    with FileLock(f"{folder}.lock"):  # another cell of the task may be writing it
        if not is_whole(folder):
            if sent is None:
                return None
            keep(folder, write)
    return folder


def _gathered(cell: Cell, store: Store) -> CellResults:
    """A cell and its files, which are removed from this node."""
    folder = store.folder(cell)
    files = {
        name: (folder / name).read_bytes() for name in (RUN, QUERIES) if (folder / name).exists()
    }
    log = store.logs / f"{cell.key}.log"
    printed = log.read_bytes() if log.exists() else b""
    shutil.rmtree(folder, ignore_errors=True)
    for left in store.logs.glob(f"{cell.key}.*"):
        left.unlink()
    return CellResults(cell.model_dump_json(by_alias=True), files, printed)
