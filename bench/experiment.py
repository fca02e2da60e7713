"""A run: plan the cells, measure those that are not stored yet, write and print the boards."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.errors import cannot_write
from bench.executors.local import LocalExecutor
from bench.executors.resources import Needs
from bench.plan.asked import plan
from bench.plan.forecast import HEADER, forecasts
from bench.registry import Registry
from bench.report import console
from bench.report.leaderboard import write_leaderboard
from bench.store.cell import CellSpec, Status
from bench.store.folder import Store
from bench.system.cluster import join_cluster
from bench.system.memory import MEMORY_SHARE
from bench.system.provenance import usable_cores
from bench.system.terminal import say, say_table
from bench.task.files import save_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.executors.event import Event
    from bench.plan.asked import Plan
    from bench.store.cell import Cell
    from bench.task import Task

BAD = {Status.FAILED, Status.TIMEOUT, Status.OUT_OF_MEMORY}


@dataclass(frozen=True)
class RunOptions:
    """What the command line asked for.

    Attributes:
        jobs: cells at once; None: one here, on a cluster as many as it has room for.
        executor: ``local`` or ``ray``; address, needs: of the cluster, and what cells ask of it.
        memory_bytes: what all cells here may allocate; None: most of what is free.
        suite: what lists methods, datasets, settings, seeds and k instead; methods and datasets,
            where they are given, are those of it that are meant.
    """

    methods: str
    datasets: str
    dataset: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0,)
    settings: tuple[str, ...] = ()
    k: int | None = None
    jobs: int | None = None
    executor: str = "local"
    address: str | None = None
    needs: tuple[str, ...] = ()
    memory_bytes: int | None = None
    timeout_s: float = 3600
    out: Path = Path("results/local")
    fresh: bool = False
    data_dir: Path | None = None
    suite: str | None = None


def run(options: RunOptions) -> bool:
    """Measure, write and print the boards; True if no cell failed.

    Raises:
        InputError: something that was asked cannot be done; nothing was lost.
    """
    cells, found = _measured(options)
    with _disk_errors(options.out):
        _report(Store(options.out), cells)
    found.check_read()
    return not any(cell.status in BAD for cell in cells)


def tell(options: RunOptions) -> None:
    """Say what a run would measure and about how long that takes, and measure nothing.

    Raises:
        InputError: something that was asked cannot be done.
    """
    _tell(plan(options, Registry(options.plugins), usable_cores()), options)


@contextlib.contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    """Say of a full disk what it means and what to do."""
    try:
        yield
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        raise
    except OSError as error:
        raise cannot_write(out, error) from error


def measure(options: RunOptions) -> list[Cell]:
    """The cells that were asked for, those measured before included.

    Raises:
        InputError: something that was asked cannot be done; nothing was lost.
    """
    cells, found = _measured(options)
    found.check_read()
    return cells


def _measured(options: RunOptions) -> tuple[list[Cell], Plan]:
    """The cells that were asked for, and what had been planned."""
    registry = Registry(options.plugins)
    threads = max(1, usable_cores() // (options.jobs or 1))
    # Everything is checked before anything is written.
    found = plan(options, registry, threads)
    if options.executor == "ray":
        join_cluster("--executor ray", options.address)
    if options.suite is not None:
        _tell(found, options)
    with _disk_errors(options.out):
        return run_planned(options, registry, found.tasks, threads), found


def _tell(found: Plan, options: RunOptions) -> None:
    """Say how many cells are asked for and stored, and about how long the others take."""
    blanks = (blank for _, cells in found.tasks for blank in cells)
    lines = forecasts(blanks, Store(options.out).cells(), fresh=options.fresh)
    say_table(HEADER, [line.row() for line in lines])
    say(lines[-1].told())


def run_planned(
    options: RunOptions, registry: Registry, planned: list[tuple[Task, list[Cell]]], threads: int
) -> list[Cell]:
    """Measure what is not stored yet.

    Args:
        options: of which the results folder, the limits and ``fresh`` are read.
        registry: where the cells' methods are found.
        planned: every task with its blank cells.
        threads: of each cell.

    Returns:
        The cells, those that were stored before first.
    """
    methods = {blank.method for _, blanks in planned for blank in blanks}
    needs = Needs(options.needs, map(registry.resolve, sorted(methods)))
    store = Store(options.out)
    store.prepare()
    kept, specs = [], []
    memory = options.memory_bytes or int(MEMORY_SHARE * psutil.virtual_memory().available)
    fits_from = time.time() if options.fresh else 0.0
    folders: dict[str, Path] = {}
    asked: set[str] = set()
    for task, blanks in planned:
        if task.digest not in folders:
            folders[task.digest] = save_task(task, store.tasks)
        folder = folders[task.digest]
        for blank in blanks:
            if blank.key in asked:
                continue
            asked.add(blank.key)
            stored = None if options.fresh else store.find(blank)
            if stored is not None:
                kept.append(stored)
                continue
            specs.append(
                CellSpec(
                    root=str(store.root.absolute()),
                    task_folder=str(folder.absolute()),
                    fits=str(store.fits.absolute()),
                    resources=needs.of(blank.method),
                    plugins=list(registry.plugins),
                    memory_bytes=memory // (options.jobs or 1),
                    fits_from=fits_from,
                    blank=blank,
                )
            )
    if kept:
        say(f"{len(kept)} cells were measured before and are kept (--fresh measures again)")
    return [*kept, *console.follow(_events(store, specs, options, threads), len(specs))]


def _events(
    store: Store, specs: list[CellSpec], options: RunOptions, threads: int
) -> Iterator[Event]:
    """Run cells where they were asked to run."""
    if options.executor == "ray":
        from bench.executors.ray import RayExecutor

        return RayExecutor(store, jobs=options.jobs, timeout_s=options.timeout_s).run(specs)
    jobs = options.jobs or 1
    return LocalExecutor(store, jobs=jobs, timeout_s=options.timeout_s, threads=threads).run(specs)


def _report(store: Store, cells: list[Cell]) -> None:
    """Write all boards of the store and print those of the tasks that ran."""
    written = write_leaderboard(store)
    ran = {(cell.task, cell.task_digest) for cell in cells}
    for report in written.reports:
        first = report.cells[0]
        if (first.task, first.task_digest) in ran:
            console.print_boards(first, report.boards)
    console.print_written(written)
