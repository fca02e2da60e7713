"""``bench recompute``: every measure of stored cells anew, from their runs alone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bench.data.several import task_reader
from bench.errors import InputError
from bench.store.cell import Cell
from bench.store.folder import CELL, MARK, QUERIES, RUN
from bench.store.query_values import equal_values, write_query_values
from bench.system.files import is_altered, sha256_of, write_atomically
from bench.system.paths import program
from bench.system.records import to_json
from bench.system.terminal import counted, say
from bench.verify.mark import read_mark
from bench.verify.runs import rederive, runs_by_task, stores_of, tasks_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.store.folder import Store
    from bench.task import Task


def recompute(out: Path, data_dir: Path | None = None, datasets: Iterable[str] = ()) -> bool:
    """Derive every measure again and write what changed; a cell without a run stays as it is.

    Args:
        out: the results folder; the ablations in it count too.
        data_dir: where data files are looked for.
        datasets: to read what a task's name alone does not find, as ``--dataset`` takes them.

    Returns:
        Whether each run that is here could be read.

    Raises:
        InputError: there are no runs, or a dataset that was named cannot be read.
    """
    stores = stores_of(out)
    task_of = task_reader(datasets, data_dir, tasks_in(stores))
    failures = []
    for store in stores:
        store.prepare()
        cells, failures_here = store.read()
        for failure in failures_here:
            say(f"FAIL {failure}")
        for runs in runs_by_task({store.folder(cell) / CELL: cell for cell in cells}, task_of):
            if runs.reason:
                say(f"{runs.name}: not recomputed{runs.without}: {runs.reason}")
                continue
            written = 0
            for cell in runs.here.values():
                claim = store.claim(cell.key)
                if claim is None:
                    say(f"Left as it is: {store.folder(cell)}: another run writes it just now")
                    continue
                try:
                    written += _recompute(store, runs.task, cell)
                except InputError as error:
                    failures_here.append(f"{store.folder(cell)}: {error}")
                    say(f"FAIL {failures_here[-1]}")
                finally:
                    claim.release()
            here = counted(len(runs.here), "cell")
            say(f"{runs.name}: {written} of {here} written anew{runs.without}")
        failures += failures_here
    say(f"`{program()} leaderboard --out {out}` shows what is new on the boards")
    return not failures


def _recompute(store: Store, task: Task, cell: Cell) -> bool:
    """Write a claimed cell anew if a figure of it changed; whether it was written.

    Raises:
        InputError: its run cannot be read, or the disk is full.
    """
    folder = store.folder(cell)
    if is_altered(folder / RUN, cell.run_sha256):
        raise InputError(f"{RUN} is not the one that was stored with the cell")
    with store.staging(cell.key) as staging:
        new = _derived(store, task, cell, staging)
        text = to_json(new)
        whole = new.queries_sha256 is None or store.query_values(cell) is not None
        if whole and text == (folder / CELL).read_text(encoding="utf-8"):
            return False
        mark = read_mark(folder / MARK, cell)
        if mark is not None:
            # The run is the one that was certified, and so are the figures that it gives.
            signed = Cell.model_validate_json(text).sha256
            mark = mark.model_copy(update={"cell_sha256": signed})
            write_atomically(staging / MARK, to_json(mark))
        shutil.copy(folder / RUN, staging / RUN)
        store.replace(new, staging)
    return True


def _derived(store: Store, task: Task, cell: Cell, staging: Path) -> Cell:
    """The cell with the figures of its run; the values of its queries go to ``staging``."""
    new, values = rederive(cell, task, store.folder(cell) / RUN)
    queries = staging / QUERIES
    if values is not None:
        kept = store.query_values(cell)
        if kept is not None and equal_values(kept, values):
            # Another version of Arrow would write other bytes.
            shutil.copy(store.folder(cell) / QUERIES, queries)
        else:
            write_query_values(queries, values)
    found = sha256_of(queries) if queries.exists() else None
    return new.model_copy(update={"schema_": 2, "queries_sha256": found})
