"""``bench export-run``: the rankings of a stored cell as a run in TREC's form, with names."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from bench.data.several import task_reader
from bench.errors import InputError, cannot_write
from bench.store.cell import Cell
from bench.store.folder import RUN
from bench.store.run_file import read_run
from bench.system.files import is_altered
from bench.system.records import read_record
from bench.system.terminal import counted, say
from bench.verify.certify import find_cell
from bench.verify.points import number_of, settings_of
from bench.verify.runs import require_measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.store.run_file import PointRecord
    from bench.task import Task
    from bench.verify.export import ExportOptions

_BLANK = re.compile(r"\s")


def export_run(named: str, target: Path, point: str, options: ExportOptions) -> None:
    """Write the run of one operating point of a cell: ``query Q0 document rank score tag`` a line.

    Scores of a search are not stored. Those written go down by one from the first rank to 1, so
    that they give the same order.

    Args:
        named: the path of a cell.json or of its folder, or how its key begins.
        target: the file to write; gzipped if its name ends in ``.gz``.
        point: settings of the operating point, such as ``nprobe=4``; empty: the one that validation
            chose, or the one that visits most if none was.
        options: the results folder and data.

    Raises:
        InputError: there is no such cell or point, its run is not here, its data cannot be read or
            has changed, or a name has a blank, which TREC's form cannot hold.
    """
    path = find_cell(named, options.out)
    cell = read_record(path, Cell)
    if not cell.points:
        raise InputError(
            f"{path} has no search, and no run to write; name a cell that was searched"
        )
    require_measured(path, cell)
    number, run = number_of(cell, point), path.with_name(RUN)
    if not run.is_file() or is_altered(run, cell.run_sha256):
        what = "is here, but is not the file that was stored" if run.is_file() else "is not here"
        raise InputError(
            f"{run} {what}; measure the cell again, by the command that the page shows for its row"
        )
    task = _task_of(cell, options)
    record = next(each for n, each in enumerate(read_run(run)) if n == number)
    lines = "".join(_lines(record, task, cell.method))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = lines.encode()
        # Without a time in it, equal runs are equal files.
        target.write_bytes(gzip.compress(content, mtime=0) if target.suffix == ".gz" else content)
    except OSError as error:
        raise cannot_write(target, error, "--to") from error
    settings = settings_of(cell.points[number])
    say(
        f"{target}: {counted(len(record.queries), 'query', 'queries')} of {cell.title}"
        f"{f' at {settings}' if settings else ''}. Scores were not stored: those written go down "
        "by one from rank to rank."
    )


def _task_of(cell: Cell, options: ExportOptions) -> Task:
    """The task of a cell.

    Raises:
        InputError: it cannot be read, or has changed.
    """
    read = task_reader(options.datasets, options.data_dir, {cell.task})
    task = read(cell.task, cell.dataset)
    if task.digest != cell.task_digest:
        raise InputError(
            f"{cell.task} here is not the data that {cell.title} was measured on; name that with "
            "--dataset NAME:PATH"
        )
    return task


def _lines(record: PointRecord, task: Task, tag: str) -> Iterator[str]:
    """The lines of each query.

    Raises:
        InputError: a name has a blank.
    """
    queries: Sequence[str] = task.query_names
    for query, ids in zip(record.queries.tolist(), record.ids, strict=True):
        found = [(rank, task.document_names[i]) for rank, i in enumerate(ids.tolist(), 1) if i >= 0]
        for name in (queries[query], *(document for _, document in found)):
            if _BLANK.search(name):
                raise InputError(
                    f"{name!r} of {task.name} has a blank in it, and TREC's form has blanks "
                    "between values: its run cannot be written"
                )
        last = len(ids)
        yield "".join(
            f"{queries[query]} Q0 {document} {rank} {last + 1 - rank} {tag}\n"
            for rank, document in found
        )
