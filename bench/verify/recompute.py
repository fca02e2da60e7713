"""``bench recompute``: every measure of stored cells anew, from their runs alone."""

from __future__ import annotations

import contextlib
import shutil
from collections import defaultdict
from typing import TYPE_CHECKING

from bench.data.load import task_reader
from bench.errors import InputError
from bench.store.folder import CELL, MARK, QUERIES, RUN, Store
from bench.store.query_values import equal_values, write_query_values
from bench.system.files import sha256_of
from bench.system.records import to_json
from bench.system.terminal import say
from bench.verify.mark import read_mark, write_mark
from bench.verify.rederive import rederive
from bench.verify.replay import ABLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.store.cell import Cell
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
    stores = [each for each in (Store(out), Store(out / ABLATIONS)) if each.runs.is_dir()]
    if not stores:
        raise InputError(f"{out / 'runs'} is not there; name a results folder with --out")
    read = task_reader(datasets, data_dir)
    failed = 0
    for store in stores:
        store.prepare()
        cells, problems = store.read()
        for problem in problems:
            say(f"FAIL {problem}")
        failed += len(problems)
        groups: dict[str, list[Cell]] = defaultdict(list)
        for cell in cells:
            groups[cell.task].append(cell)
        for name, group in groups.items():
            here = [cell for cell in group if (store.folder(cell) / RUN).exists()]
            absent = sum(cell.run_sha256 is not None for cell in group) - len(here)
            without = f"; {absent} have no run file here" if absent else ""
            try:
                task = read(name) if here else None
            except (InputError, OSError) as error:
                say(f"{name}: not recomputed{without}: {' '.join(str(error).split())}")
                continue
            written, wrong = _of_task(store, task, here) if task else (0, 0)
            failed += wrong
            say(f"{name}: {written} of {len(here)} cells written anew{without}")
    say("`python -m bench leaderboard` shows what is new on the boards")
    return not failed


def _of_task(store: Store, task: Task, cells: list[Cell]) -> tuple[int, int]:
    """How many cells were written anew, and of how many the run cannot be read."""
    written = wrong = 0
    for cell in cells:
        try:
            written += _recomputed(store, task, cell)
        except InputError as error:
            say(f"FAIL {store.folder(cell)}: {error}")
            wrong += 1
    return written, wrong


def _recomputed(store: Store, task: Task, cell: Cell) -> bool:
    """Write a cell anew, if a figure of it changed.

    Raises:
        InputError: its run cannot be read, another process measures it, or the disk is full.
    """
    folder = store.folder(cell)
    if sha256_of(folder / RUN) != cell.run_sha256:
        raise InputError(f"{RUN} is not the one that was stored with the cell")
    claim = store.claim(cell.key)
    if claim is None:
        raise InputError("is being measured by another run; recompute once that has ended")
    with contextlib.ExitStack() as stack:
        stack.callback(claim.release)
        staging = stack.enter_context(store.staging(cell.key))
        new = _derived(store, task, cell, staging)
        text = to_json(new)
        whole = new.queries_sha256 is None or store.query_values(cell) is not None
        if whole and text == (folder / CELL).read_text(encoding="utf-8"):
            return False
        mark = read_mark(folder / MARK, cell)
        if mark is not None:
            # The run is the one that was certified, and so are the figures that it gives.
            signed = type(new).model_validate_json(text)
            write_mark(staging / MARK, mark.model_copy(update={"cell_sha256": signed.sha256}))
        shutil.copy(folder / RUN, staging / RUN)
        store.replace(new, staging)
    return True


def _derived(store: Store, task: Task, cell: Cell, staging: Path) -> Cell:
    """The cell with the figures of its run; the values of its queries go to ``staging``."""
    derived = rederive(cell, task, store.folder(cell) / RUN)
    queries = staging / QUERIES
    if derived.values is not None:
        kept = store.query_values(cell)
        if kept is not None and equal_values(kept, derived.values):
            # Another version of Arrow would write other bytes.
            shutil.copy(store.folder(cell) / QUERIES, queries)
        else:
            write_query_values(queries, derived.values)
    return cell.model_copy(
        update={
            "schema_": 2,
            "points": derived.points,
            "similarity": derived.similarity,
            "queries_sha256": sha256_of(queries) if queries.exists() else None,
        }
    )
