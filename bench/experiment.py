"""A run: plan the cells, measure those that are not stored yet, write and print the boards."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psutil

from bench.cards import cards
from bench.cell import CellSpec, Status
from bench.cluster import join_cluster
from bench.data.load import check_name, dataset_names, load_dataset
from bench.device import wanted_device
from bench.errors import InputError, cannot_write
from bench.executors.local import LocalExecutor
from bench.executors.needs import Needs
from bench.memory import MEMORY_SHARE
from bench.plan import NOT_MEASURED, Settings, blank_cell, check_settings, methods_asked
from bench.presence import READY, state_of
from bench.provenance import provenance, usable_cores
from bench.registry import Registry
from bench.report import console
from bench.report.markdown import write_leaderboard
from bench.report.task_report import by_task, report_of
from bench.store import Store
from bench.task_files import save_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.cell import Cell
    from bench.executors.event import Event
    from bench.task import Task

BAD = {Status.FAILED, Status.TIMEOUT, Status.OUT_OF_MEMORY}


@dataclass(frozen=True)
class RunOptions:
    """What the command line asked for.

    Attributes:
        jobs: cells at once; None: one here, on a cluster as many as it has room for.
        executor: ``local`` or ``ray``; address, needs: of the cluster, and what cells ask of it.
        memory_bytes: what all cells here may allocate; None: most of what is free.
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


def run(options: RunOptions) -> bool:
    """Measure, write and print the boards; True if no cell failed.

    Raises:
        InputError: something that was asked cannot be done; nothing was lost.
    """
    cells, unread = _measured(options)
    with _disk_errors(options.out):
        _report(Store(options.out), cells)
    _tell_unread(unread)
    return not any(cell.status in BAD for cell in cells)


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
    cells, unread = _measured(options)
    _tell_unread(unread)
    return cells


class _Plan(NamedTuple):
    """Every task with its cells to be measured, and what is wrong with datasets left out."""

    tasks: list[tuple[Task, list[Cell]]]
    unread: list[str]


def _tell_unread(unread: list[str]) -> None:
    """Raise InputError for datasets that were left out."""
    if unread:
        raise InputError("; ".join(unread))


def _measured(options: RunOptions) -> tuple[list[Cell], list[str]]:
    """The cells that were asked for, and what is wrong with datasets that cannot be read."""
    registry = Registry(options.plugins)
    threads = max(1, usable_cores() // (options.jobs or 1))
    # Everything is checked before anything is written.
    plan = _planned(options, registry, threads)
    if options.executor == "ray":
        join_cluster("--executor ray", options.address)
    with _disk_errors(options.out):
        return run_planned(options, registry, plan.tasks, threads), plan.unread


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
    for task, blanks in planned:
        folder = save_task(task, store.tasks)
        for blank in blanks:
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
        console.say(f"{len(kept)} cells were measured before and are kept (--fresh measures again)")
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


def _planned(options: RunOptions, registry: Registry, threads: int) -> _Plan:
    """What to do; one dataset that cannot be read does not stop the others.

    Raises:
        InputError: what was typed makes no sense, or nothing that was asked can be measured.
    """
    methods = methods_asked(options.methods, registry, registry.plugin_names())
    settings = Settings.parse(options.settings)
    check_settings(methods, settings)
    names = dataset_names(options.datasets, options.dataset)
    if options.datasets == "all":
        names = _those_here(names, options.data_dir)
    for name in names:
        check_name(name)
    tasks, unread = [], []
    for name in names:
        try:
            tasks.append(load_dataset(name, options.data_dir))
        except (InputError, OSError) as error:
            unread.append(f"{name}: {error}" if len(names) > 1 else str(error))
    if not tasks:
        _tell_unread(unread)
    wanted_device()  # nonsense is refused before a cell is begun
    origin = provenance(threads)
    planned = [
        (
            task,
            [
                blank_cell(task, method, seed, options.k, settings, origin)
                for seed in options.seeds
                for method in methods
            ],
        )
        for task in tasks
    ]
    reasons = {str(cell.reason) for _, blanks in planned for cell in blanks}
    if reasons and NOT_MEASURED not in reasons:
        raise InputError("; ".join(sorted(reasons)))
    for text in unread:
        console.say(f"A dataset is left out: {text}")
    return _Plan(planned, unread)


def _those_here(names: list[str], data_dir: Path | None) -> list[str]:
    """Of all datasets those on this machine; the others are told."""
    known = cards()
    states = {name: state_of(known[name], data_dir) for name in names if name in known}
    absent = [name for name, state in states.items() if state != READY]
    if absent:
        console.say(f"Not on this machine: {', '.join(absent)} (`python -m bench list` says more)")
    return [name for name in names if name not in absent]


def _report(store: Store, cells: list[Cell]) -> None:
    """Write all boards of the store and print those of the tasks that ran."""
    path = write_leaderboard(store)
    ran = {(cell.task, cell.task_digest) for cell in cells}
    for group in by_task(store.cells()):
        if (group[0].task, group[0].task_digest) in ran:
            console.say_boards(group[0], report_of(group, store.query_values).boards)
    console.say_written(path)
