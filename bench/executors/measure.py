"""Planned cells are measured, each in a process of its own; stored cells are kept."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from bench.executors.events import Event, Kind
from bench.executors.local import LocalExecutor
from bench.executors.progress import follow
from bench.executors.resources import Needs
from bench.method import Resources
from bench.plan.schedule import Schedule, fits_of
from bench.store.cell import CellSpec, Status
from bench.system.cluster import join_cluster
from bench.system.memory import MEMORY_SHARE
from bench.system.provenance import usable_cores
from bench.system.terminal import counted, say
from bench.task.files import save_task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.executors.events import Executor
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.store.folder import Store
    from bench.store.took import Took
    from bench.task import Task


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster and the resources that cells need there.

    Attributes:
        address: HOST:PORT; None: ``RAY_ADDRESS``, or a new one of this machine alone.
        needs: ``[METHOD.]NAME=NUMBER``, the resources that cells need on a node.
    """

    address: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """Limits of the cells, and the machine or cluster that runs them.

    Attributes:
        jobs: cells at once; None: one on this machine, on a cluster as many as it has room for.
        timeout_s: seconds that a cell may take.
        memory_bytes: memory that all cells on this machine share; None: most of what is free.
        fresh: whether stored cells are measured again, with nothing taken from a cache.
        cluster: the cluster that runs the cells; None: they run on this machine.
    """

    jobs: int | None = None
    timeout_s: float = 3600
    memory_bytes: int | None = None
    fresh: bool = False
    cluster: Cluster | None = None

    @property
    def threads(self) -> int:
        """Number of cores that a cell computes on."""
        return max(1, usable_cores() // (self.jobs or 1))


def join(conditions: Conditions) -> None:
    """Connect to the cluster, if cells run on one.

    Raises:
        InputError: it cannot be reached.
    """
    if conditions.cluster is not None:
        join_cluster("--executor ray", conditions.cluster.address)


def measure_cells(
    planned: Sequence[tuple[Task, list[Cell]]],
    registry: Registry,
    store: Store,
    conditions: Conditions,
    measured: Sequence[Took] = (),
) -> list[Cell]:
    """Measure the cells that are not stored yet.

    Args:
        planned: every task with its planned cells; failed ones are stored as they are.
        registry: the registry that the cells' methods were found in.
        store: the results folder.
        conditions: limits, and the machine or cluster that runs the cells.
        measured: seconds of cells that were measured before, by which the time left is told.

    Returns:
        The cells, each key once; those that were stored before come first.

    Raises:
        InputError: the folder cannot be written, or a need is of no method.
    """
    resources = _resources(planned, registry, conditions.cluster)
    store.prepare()
    memory = conditions.memory_bytes or int(MEMORY_SHARE * psutil.virtual_memory().available)
    fits_from = time.time() if conditions.fresh else 0.0
    folders: dict[str, Path] = {}
    keys: set[str] = set()
    kept: list[Cell] = []
    refused: list[Event] = []
    specs: list[CellSpec] = []
    for task, cells in planned:
        if task.digest not in folders:
            folders[task.digest] = save_task(task, store.tasks)
        for cell in cells:
            if cell.key in keys:
                continue
            keys.add(cell.key)
            if cell.status is Status.FAILED:
                store.commit(cell)
                refused.append(Event(Kind.END, cell))
            elif not conditions.fresh and (stored := store.find(cell)) is not None:
                kept.append(stored)
            else:
                spec = CellSpec(
                    root=str(store.root.absolute()),
                    task_folder=str(folders[task.digest].absolute()),
                    fits=str(store.fits.absolute()),
                    resources=resources.get(cell.method, Resources()),
                    memory_bytes=memory // (conditions.jobs or 1),
                    fits_from=fits_from,
                    planned=cell.of_plugins(registry.plugins_of(cell.method)),
                )
                specs.append(spec)
    if kept:
        before = "cell was measured before and is", "cells were measured before and are"
        say(f"{counted(len(kept), *before)} kept (--fresh measures again)")
    events = _executor(store, conditions).run(specs)
    n_cells = len(refused) + len(specs)
    schedule = schedule_of([spec.planned for spec in specs], registry, store, conditions, measured)
    return [*kept, *follow(itertools.chain(refused, events), n_cells, schedule, store.logs)]


def schedule_of(
    cells: Sequence[Cell],
    registry: Registry,
    store: Store,
    conditions: Conditions,
    measured: Sequence[Took],
) -> Schedule:
    """When cells that wait to be measured will end; see ``measure_cells``."""
    fits = fits_of(cells, registry)
    made = () if conditions.fresh else [fit for fit in fits.values() if (store.fits / fit).exists()]
    on_cluster = conditions.cluster is not None
    jobs = conditions.jobs if on_cluster else conditions.jobs or 1
    return Schedule(cells, fits, made, measured, jobs)


def _resources(
    planned: Sequence[tuple[Task, list[Cell]]], registry: Registry, cluster: Cluster | None
) -> dict[str, Resources]:
    """The resources of each method's cells on a node of the cluster; empty without a cluster."""
    if cluster is None:
        return {}
    names = sorted({cell.method for _, cells in planned for cell in cells})
    needs = Needs(cluster.needs, map(registry.resolve, names))
    return {name: needs.of(name) for name in names}


def _executor(store: Store, conditions: Conditions) -> Executor:
    """The executor of this machine or of the cluster."""
    jobs, timeout_s = conditions.jobs, conditions.timeout_s
    if conditions.cluster is not None:
        from bench.executors.ray import RayExecutor

        return RayExecutor(store, jobs=jobs, timeout_s=timeout_s)
    threads = conditions.threads
    return LocalExecutor(store, jobs=jobs or 1, timeout_s=timeout_s, threads=threads)
