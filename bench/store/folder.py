"""Results on disk: cells are written whole or not at all.

``runs/<task>/<method>/<key>/`` holds ``run.parquet``, ``queries.parquet`` and, moved into place
last, ``cell.json``; and ``certify.json`` if the cell was measured again. ``.work/`` holds files
that can be made again: tasks, fitted states, logs, unfinished cells, and the locks of cells that
are being measured.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

import psutil
from filelock import BaseFileLock, FileLock, Timeout

from bench.errors import InputError, cannot_write
from bench.store.cell import Cell, Status
from bench.store.query_values import QueryValues, read_query_values
from bench.system.files import is_altered, remove, sync, written
from bench.system.memory import without_collecting
from bench.system.records import NotWholeError, read_record, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CELL, RUN, QUERIES = "cell.json", "run.parquet", "queries.parquet"
MARK = "certify.json"
IGNORED = ".gitignore"
BESIDE = (RUN, QUERIES, MARK)
"""The files that are moved and removed together with a cell.json."""
PUBLISHED_BYTES = 500_000
"""Larger files stay out of git; the boards need cell.json alone, but for paired differences."""


class Store:
    """The results folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = root / "runs"
        self.published = root / "published.json"
        self.tasks = root / ".work" / "tasks"
        self.fits = root / ".work" / "fits"
        self.logs = root / ".work" / "logs"
        self._staging = root / ".work" / "staging"
        self._claims = root / ".work" / "claims"

    def prepare(self) -> None:
        """Make the folders, and remove unfinished files of runs that were killed.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            work = (self.tasks, self.fits, self.logs, self._staging, self._claims)
            for folder in (self.runs, *work):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._staging) as probe:
                probe.write(b"\0" * 4096)
                probe.flush()
        except OSError as error:
            raise cannot_write(self.root, error) from error
        own = (*self._staging.iterdir(), *self.tasks.iterdir(), *self.root.glob(".writing-*"))
        for left in own:
            _, dash, process = left.name.rpartition("-")
            if dash and process.isdigit() and not psutil.pid_exists(int(process)):
                remove(left)

    def claim(self, key: str) -> BaseFileLock | None:
        """Keep other runs from measuring a cell until this lock is released or its process ends.

        Returns:
            None if another run is measuring it.
        """
        lock = FileLock(self._claims / key)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return lock

    def clear_staging(self, key: str) -> None:
        """Remove unfinished files of a claimed cell whose process was killed."""
        for left in self._staging.glob(f"{key}-*"):
            remove(left)

    def folder(self, cell: Cell) -> Path:
        """The folder of a cell."""
        return self.runs / cell.place

    def find(self, cell: Cell) -> Cell | None:
        """The stored cell of the same key that was measured to its end, if there is one.

        A cell does not count if a file beside it is not the one that was written with it.
        """
        folder = self.folder(cell)
        stored = _whole_cell(folder / CELL)
        if stored is None or stored.status is not Status.OK or stored.place != cell.place:
            return None
        for name, expected in ((RUN, stored.run_sha256), (QUERIES, stored.queries_sha256)):
            if expected is not None and is_altered(folder / name, expected):
                return None
        return stored

    def find_new(self, planned: Cell) -> Cell | None:
        """The stored cell, if it was measured to its end since it was planned."""
        stored = self.find(planned)
        is_new = stored is not None and stored.provenance.date == planned.provenance.date
        return stored if is_new else None

    def discard(self, cell: Cell) -> None:
        """Remove a stored cell."""
        remove(self.folder(cell))

    def query_values(self, cell: Cell) -> QueryValues | None:
        """The values of each query of a stored cell, or None if they are not here as stored."""
        file = self.folder(cell) / QUERIES
        if is_altered(file, cell.queries_sha256):
            return None
        with contextlib.suppress(InputError):  # one that is not of its cell: replay names it
            return read_query_values(file, cell.n_queries)
        return None

    def cell_paths(self, tasks: Iterable[str] | None = None) -> list[Path]:
        """Every cell.json, whole or not, of all tasks or of some."""
        folders = self.runs.glob("*") if tasks is None else (self.runs / task for task in tasks)
        paths = (folder / CELL for task in folders for folder in task.glob("*/*"))
        return sorted(filter(os.path.lexists, paths))

    def cells(self, tasks: Iterable[str] | None = None) -> list[Cell]:
        """Every stored cell that is whole, of all tasks or of some."""
        return self.read(tasks)[0]

    @without_collecting()
    def read(self, tasks: Iterable[str] | None = None) -> tuple[list[Cell], list[str]]:
        """Every stored cell that is whole, and a line for each that is not."""
        cells, problems = [], []
        for path in self.cell_paths(tasks):
            try:
                cell = read_cell(path)
            except NotWholeError as error:
                problems.append(str(error))
                continue
            if cell is None:
                continue
            if path.parent != self.folder(cell):
                problems.append(f"{path}: is the cell of {self.folder(cell)}; move it there")
                continue
            has_cost = cell.cost is not None or cell.brought is not None
            has_figures = bool(cell.points or cell.similarity) and has_cost
            if cell.status is Status.OK and not has_figures:
                problems.append(f"{path}: says that it was measured, and lacks figures or its cost")
                continue
            cells.append(cell)
            file = path.with_name(QUERIES)
            if is_altered(file, cell.queries_sha256):
                problems.append(f"{file}: is not as it was stored: its sha256 does not hold")
        return cells, problems

    @contextlib.contextmanager
    def staging(self, key: str) -> Iterator[Path]:
        """A folder of this process for a cell being measured; gone at the end."""
        folder = self._staging / f"{key}-{os.getpid()}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def replace(self, cell: Cell, staging: Path | None = None) -> None:
        """Store a cell with the files in ``staging`` in the place of the one in its folder.

        Whatever stands in the way of its folder or its files is removed.

        Raises:
            InputError: the disk is full or the folder cannot be written; the old files stay.
        """
        folder, text = self.folder(cell), to_json(cell)
        try:
            for part in (folder.parent.parent, folder.parent, folder):
                if not part.is_dir():
                    remove(part)
                    part.mkdir(parents=True, exist_ok=True)
            # All that can fill the disk comes before the first move.
            with written(self._staging, text) as record:
                files = {} if staging is None else {name: staging / name for name in BESIDE}
                files = {name: file for name, file in files.items() if file.exists()}
                for file in files.values():
                    sync(file)
                large = [name for name, f in files.items() if f.stat().st_size > PUBLISHED_BYTES]
                for name in (IGNORED, *BESIDE, CELL):
                    if (folder / name).is_dir():
                        remove(folder / name)
                if large:
                    (folder / IGNORED).write_text("".join(f"{name}\n" for name in large))
                else:
                    remove(folder / IGNORED)
                for name in BESIDE:
                    if name in files:
                        files[name].replace(folder / name)
                    else:
                        remove(folder / name)
                record.replace(folder / CELL)
        except OSError as error:
            raise cannot_write(folder, error) from error

    def commit(self, cell: Cell, staging: Path | None = None) -> None:
        """Store a cell with the files in ``staging``, then drop the cells that it supersedes.

        A failed cell never replaces one that was measured to its end.

        Raises:
            InputError: the disk is full or the folder cannot be written; the old files stay.
        """
        measured = cell.status is Status.OK
        if not measured and self.find(cell) is not None:
            return
        folder = self.folder(cell)
        self.replace(cell, staging)
        for other in folder.parent.iterdir():
            stored = _whole_cell(other / CELL)
            if other == folder or stored is None or stored.identity != cell.identity:
                continue
            if measured or stored.status is not Status.OK:
                shutil.rmtree(other, ignore_errors=True)


def read_cell(path: Path) -> Cell | None:
    """A stored cell, or None if there is no file.

    Raises:
        NotWholeError: the file is not as it was written, or has the form of another version.
    """
    try:
        return read_record(path, Cell)
    except FileNotFoundError:
        return None


def _whole_cell(path: Path) -> Cell | None:
    """A stored cell, or None if there is none that is whole."""
    with contextlib.suppress(NotWholeError):
        return read_cell(path)
    return None
