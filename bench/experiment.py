"""An experiment: plan the cells, measure those that are not stored yet, write the boards.

In: grids and the conditions of measuring. Out: stored cells and their boards. It may import
``executors``, ``evaluation``, ``report``, ``plan``, ``registry``, ``store``, ``measures`` and
``system``.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING

from bench.errors import cannot_write
from bench.evaluation.brought import keep_brought
from bench.executors.measure import Conditions, join, measure_cells, schedule_of
from bench.plan import encodings
from bench.plan.cells import Plan, absent_text, plan_cells, require_own_names
from bench.plan.forecast import HEADER, forecasts
from bench.report import console
from bench.report.ending import print_end
from bench.report.leaderboard import NAME, write_leaderboard
from bench.report.stated import stated_budget
from bench.store.cell import Status
from bench.store.folder import Store
from bench.store.took import known, took
from bench.system.kept import trusting_from
from bench.system.paths import CHECKOUT, program, remember_run
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from bench.measures.budget import Budget
    from bench.plan.grid import Grid
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.store.took import Took

_NOT_MEASURED = {Status.FAILED, Status.TIMEOUT, Status.OUT_OF_MEMORY}


@dataclass(frozen=True)
class Experiment:
    """A request to measure: methods on datasets, the results folder, and the conditions.

    Attributes:
        grids: methods × seeds on datasets, in the order of measuring.
        registry: the registry that the methods were found in.
        out: the results folder.
        conditions: limits, and the machine or cluster that runs the cells.
        data_dir: the folder that is searched for data first; None: the usual folders.
        here_only: leave out the datasets that are not on this machine.
        budget: the largest cost at which boards compare rows; None: the one that
            was stated before, or that of each dataset's card.
        plan_first: print what is to be measured and how long that may take before it begins.
        boards: print all boards of what ran at the end, before the short tables.
    """

    grids: Sequence[Grid]
    registry: Registry
    out: Path
    conditions: Conditions = field(default_factory=Conditions)
    data_dir: Path | None = None
    here_only: bool = False
    budget: Budget | None = None
    plan_first: bool = False
    boards: bool = False


def run(experiment: Experiment) -> bool:
    """Measure, write the boards and the page, print the best; True if no cell failed.

    Raises:
        InputError: something that was asked for cannot be done; nothing is lost.
    """
    try:
        cells, plan = _measured(experiment)
    finally:  # one that is interrupted has cells for the boards too
        if experiment.out.is_dir():
            remember_run(experiment.out)
    with _disk_errors(experiment.out):
        _report(experiment, cells, {cell.provenance.date for cell in plan.all_cells})
    plan.require_read()
    return not any(cell.status in _NOT_MEASURED for cell in cells)


def measure(experiment: Experiment) -> list[Cell]:
    """The cells of an experiment, including those that were stored before.

    Raises:
        InputError: something that was asked for cannot be done; nothing is lost.
    """
    cells, plan = _measured(experiment)
    plan.require_read()
    return cells


def print_plan(experiment: Experiment) -> None:
    """Print what an experiment would measure and how long that may take; measure nothing.

    Raises:
        InputError: something that was asked for cannot be done.
    """
    plan, stored = _plan(experiment), Store(experiment.out).cells()
    for _, run in plan.brought:
        say(run.told)
    _print(plan, experiment, stored, _measured_before(plan, stored, on_other_data=True))


def _plan(experiment: Experiment) -> Plan:
    conditions = experiment.conditions
    with trusting_from(time.time() if conditions.fresh else 0.0):
        plan = plan_cells(
            experiment.grids,
            experiment.data_dir,
            conditions.threads,
            here_only=experiment.here_only,
        )
    if plan.absent:
        say(absent_text(plan.absent))
    for text in plan.unread:
        say(f"A dataset is left out: {text}")
    return plan


def _measured(experiment: Experiment) -> tuple[list[Cell], Plan]:
    """The cells of an experiment, and its plan."""
    # Everything is checked before anything is written.
    plan = _plan(experiment)
    join(experiment.conditions)
    store = Store(experiment.out)
    stored = store.cells()
    measured = _measured_before(plan, stored)
    if experiment.plan_first:
        _print(plan, experiment, stored, measured)
    else:
        _print_encodings(plan, experiment, stored)
    for text in require_own_names(plan.all_cells, stored):
        say(text)
    with _disk_errors(experiment.out):
        cells = measure_cells(
            plan.tasks, experiment.registry, store, experiment.conditions, measured
        )
        fresh = experiment.conditions.fresh
        cells += [keep_brought(run, task, store, fresh=fresh) for task, run in plan.brought]
    return cells, plan


def _measured_before(plan: Plan, stored: list[Cell], *, on_other_data: bool = False) -> list[Took]:
    """Seconds of cells that were measured before.

    Where a method is new on this machine, the results of this checkout tell how long it took
    elsewhere: on the same data, or else on others if these are asked for, which takes seconds.
    """
    wanted, published = {took(cell).trainer for cell in plan.cells}, Store(CHECKOUT / "results")
    measured = known(stored)
    for tasks in ({cell.task for cell in plan.cells}, None)[: 1 + on_other_data]:
        if wanted <= {each.trainer for each in measured}:
            break
        measured = known([*published.cells(tasks), *stored])
    return measured


def _print(plan: Plan, experiment: Experiment, stored: list[Cell], measured: list[Took]) -> None:
    """Print how many cells are asked for and stored, and about how long the others take."""
    store, conditions = Store(experiment.out), experiment.conditions

    def seconds(cells: Sequence[Cell]) -> float:
        return schedule_of(cells, experiment.registry, store, conditions, measured).left()

    kept = _kept(stored, conditions)
    lines = forecasts(plan.cells, kept, measured, seconds)
    say_table(HEADER, [line.row() for line in lines])
    say(lines[-1].sentence())
    _print_encodings(plan, experiment, stored, least=1)


def _print_encodings(
    plan: Plan, experiment: Experiment, stored: list[Cell], least: int = encodings.MANY
) -> None:
    """Print which texts are encoded first, if so many are not in the cache."""
    conditions = experiment.conditions
    if conditions.cluster is not None:  # each node has a cache of its own
        return
    planned = encodings.planned_encodings(
        plan.tasks, _kept(stored, conditions), experiment.registry, fresh=conditions.fresh
    )
    if encodings.n_new(planned) >= least:
        rows, told = encodings.lines(planned)
        say()
        say_table(encodings.HEADER, rows)
        for text in told:
            say(text)


def _kept(stored: list[Cell], conditions: Conditions) -> set[str]:
    """Keys of the stored cells that are not measured again."""
    return set() if conditions.fresh else {c.key for c in stored if c.status is Status.OK}


def _report(experiment: Experiment, cells: list[Cell], began: Collection[str]) -> None:
    """Write all boards of the store and its page, and print the best of the tasks that ran."""
    store = Store(experiment.out)
    budget = experiment.budget or stated_budget(store.root / NAME)
    written = write_leaderboard(store, budget, figures=True)
    tasks = {(cell.task, cell.task_digest) for cell in cells}
    ran = [
        each for each in written.reports if (each.cells[0].task, each.cells[0].task_digest) in tasks
    ]
    if experiment.boards:
        for report in ran:
            console.print_boards(report.cells[0], report.boards)
    print_end(ran, cells, began)
    console.print_written(written)
    say("More: --boards prints all boards here, and this writes them again:")
    say(f"  {program()} leaderboard --out {quote(str(experiment.out))}")


@contextlib.contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    """Turn an error of the disk into one with its meaning and the way out."""
    try:
        yield
    except BrokenPipeError:  # whoever read the output has gone, as `head` does
        raise
    except OSError as error:
        raise cannot_write(out, error) from error
