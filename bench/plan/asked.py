"""From what is asked, on the command line or by a suite, to tasks with their blank cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import cards
from bench.data.load import READY, check_name, dataset_names, load_dataset, state_of
from bench.errors import InputError
from bench.plan.cells import NOT_MEASURED, Grid, Settings, blank_cell, check_settings, methods_asked
from bench.plan.suite import placed, read_suite
from bench.plan.suite_grids import grids_of, only
from bench.system.device import wanted_device
from bench.system.provenance import provenance
from bench.system.terminal import say

if TYPE_CHECKING:
    from pathlib import Path

    from bench.experiment import RunOptions
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.task import Task


class Plan(NamedTuple):
    """Tasks with their cells, in the order of measuring, and what is wrong with those left out."""

    tasks: list[tuple[Task, list[Cell]]]
    unread: list[str]

    def check_read(self) -> None:
        """Raise InputError for datasets that were left out as they cannot be read."""
        if self.unread:
            raise InputError("; ".join(self.unread))


def plan(options: RunOptions, registry: Registry, threads: int) -> Plan:
    """What to do; one dataset that cannot be read does not stop the others.

    Raises:
        InputError: what was typed makes no sense, or nothing that was asked can be measured.
    """
    if options.suite is None:
        grids = _of_options(options, registry)
    else:
        grids = _of_suite(options.suite, options, registry)
    names = list(dict.fromkeys(grid.dataset for grid in grids))
    if options.suite is not None or options.datasets == "all":
        names = _those_here(names, options.data_dir)
    tasks, unread = _read(names, options.data_dir)
    if not tasks:
        Plan([], unread).check_read()
    wanted_device()  # nonsense is refused before a cell is begun
    origin = provenance(threads)
    planned = []
    for grid in grids:
        if (task := tasks.get(grid.dataset)) is None:
            continue
        with placed(grid.place):
            blanks = [
                blank_cell(task, method, seed, grid.k, grid.settings, origin)
                for seed in grid.seeds
                for method in grid.methods
            ]
        planned.append((task, blanks))
    reasons = {str(cell.reason) for _, blanks in planned for cell in blanks}
    if reasons and NOT_MEASURED not in reasons:
        raise InputError("; ".join(sorted(reasons)))
    for text in unread:
        say(f"A dataset is left out: {text}")
    return Plan(planned, unread)


def _read(names: list[str], data_dir: Path | None) -> tuple[dict[str, Task], list[str]]:
    """Tasks by dataset, and what is wrong with those that cannot be read.

    Raises:
        InputError: a name is unknown, or its arguments are off.
    """
    for name in names:
        check_name(name)
    tasks, unread = {}, []
    for name in names:
        try:
            tasks[name] = load_dataset(name, data_dir)
        except (InputError, OSError) as error:
            unread.append(f"{name}: {error}" if len(names) > 1 else str(error))
    return tasks, unread


def _of_options(options: RunOptions, registry: Registry) -> list[Grid]:
    """What the command line spells out."""
    methods = methods_asked(options.methods, registry, registry.plugin_names())
    settings = Settings.parse(options.settings)
    check_settings(methods, settings)
    names = dataset_names(options.datasets, options.dataset)
    return [Grid(name, methods, settings, options.seeds, options.k) for name in names]


def _of_suite(name: str, options: RunOptions, registry: Registry) -> list[Grid]:
    """What a suite lists, of the methods and datasets that are named, if any are."""
    suite = read_suite(name)
    grids = grids_of(suite, registry)
    say(f"Suite {suite.name}: {suite.title}")
    methods, datasets = [], []
    if options.methods not in {"", "all"}:
        methods = [method.name for method in methods_asked(options.methods, registry, ())]
    if options.datasets != "all" and (options.datasets or options.dataset):
        datasets = dataset_names(options.datasets, options.dataset)
    return only(suite, grids, methods, datasets)


def _those_here(names: list[str], data_dir: Path | None) -> list[str]:
    """The datasets on this machine; the others are told.

    Raises:
        InputError: none is.
    """
    known = cards()
    of_cards = {name: known.get(name.partition(":")[0]) for name in names}
    states = {name: state_of(card, data_dir) for name, card in of_cards.items() if card}
    absent = [name for name, state in states.items() if state != READY]
    told = f"Not on this machine: {', '.join(absent)} (`python -m bench list` says more)"
    if len(absent) == len(names):
        raise InputError(told)
    if absent:
        say(told)
    return [name for name in names if name not in absent]
