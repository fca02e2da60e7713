"""From grids to planned cells: every dataset is read, every hyper-parameter settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import READY, Dataset, state_of
from bench.data.several import require_names_apart
from bench.errors import InputError, placed, reason_of
from bench.plan.brought import read_brought
from bench.plan.depth import depth_needed, require_documents
from bench.plan.grid import defaults_on, settled
from bench.store.cell import Cell, Status
from bench.system.device import wanted_device
from bench.system.paths import program
from bench.system.provenance import provenance, with_packages
from bench.system.terminal import counted
from bench.versions.keys import DIGITS, cell_key, code_of, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from bench.method import Method, Value
    from bench.plan.brought import BroughtRun
    from bench.plan.grid import Grid
    from bench.system.provenance import Provenance
    from bench.task import Task


class Plan(NamedTuple):
    """The cells that were asked for.

    Attributes:
        tasks: every task with its planned cells, in the order of measuring.
        absent: datasets that are not on this machine.
        unread: an error text for each dataset that cannot be read.
        brought: runs that were made elsewhere, each with its task.
    """

    tasks: list[tuple[Task, list[Cell]]]
    absent: list[str]
    unread: list[str]
    brought: Sequence[tuple[Task, BroughtRun]] = ()

    @property
    def cells(self) -> list[Cell]:
        """The planned cells of all tasks."""
        return [cell for _, cells in self.tasks for cell in cells]

    @property
    def all_cells(self) -> list[Cell]:
        """The same, and those of runs that were made elsewhere."""
        return [*self.cells, *(run.cell for _, run in self.brought)]

    def require_read(self) -> None:
        """Raise InputError if datasets were left out because they cannot be read."""
        if self.unread:
            raise InputError("; ".join(self.unread))


def plan_cells(
    grids: Sequence[Grid], data_dir: Path | None, threads: int, *, here_only: bool = False
) -> Plan:
    """Read the datasets of grids and plan their cells.

    A dataset that cannot be read, and a method that refuses its parameters, do not stop the others.

    Args:
        grids: the grids that were asked for, in the order of measuring.
        data_dir: the folder that is searched for data first.
        threads: number of cores that a cell computes on.
        here_only: leave out the datasets that are not on this machine.

    Raises:
        InputError: a name or a setting cannot be used, or nothing that was asked for can be
            measured.
    """
    datasets = {grid.dataset: Dataset.parse(grid.dataset) for grid in grids}
    absent = _absent(datasets, data_dir) if here_only else []
    here = {name: dataset for name, dataset in datasets.items() if name not in absent}
    tasks, unread = _read(here, data_dir)
    if not tasks:
        Plan([], absent, unread).require_read()
    wanted_device()  # nonsense is refused before a cell is begun
    origin = provenance(threads)
    planned, brought = [], []
    for grid in grids:
        if (task := tasks.get(grid.dataset)) is None:
            continue
        with placed(grid.place):
            cells = [
                cell_of(task, method, settled(method, task, grid.settings), seed, grid.k, origin)
                for seed in grid.seeds
                for method in grid.methods
            ]
        place = datasets[grid.dataset].place(data_dir)
        if cells:
            planned.append((task, [cell.model_copy(update={"dataset": place}) for cell in cells]))
        runs = (read_brought(file, name, task, place, origin) for name, file in grid.runs.items())
        brought += [(task, run) for run in runs]
    refused = [cell for _, cells in planned for cell in cells if cell.status is Status.FAILED]
    if refused and len(refused) == sum(len(cells) for _, cells in planned):
        raise InputError("; ".join(sorted({f"{cell.method}: {cell.reason}" for cell in refused})))
    return Plan(planned, absent, unread, brought)


def require_own_names(planned: Iterable[Cell], stored: Iterable[Cell]) -> list[str]:
    """A sentence for each name whose data were others when the results folder was measured.

    Raises:
        InputError: data from another place have a name.
    """
    known = {cell.task: cell for cell in planned}
    changed: dict[str, int] = {}
    for cell in stored:
        new = known.get(cell.task)
        if new is None or new.task_digest == cell.task_digest:
            continue
        if new.dataset and cell.dataset and new.dataset != cell.dataset:
            raise InputError(
                f"{new.dataset} would be called {new.task}, as {cell.dataset} is in the results "
                "folder; give it a name of its own, with name=NAME after the path and a comma"
            )
        changed[cell.task] = changed.get(cell.task, 0) + 1
    return [
        f"The data of {name} have changed since {counted(n, 'cell')} of the results folder "
        f"{'was' if n == 1 else 'were'} measured: earlier data have a board of their own, with "
        "their hash in its name."
        for name, n in changed.items()
    ]


def _absent(datasets: Mapping[str, Dataset], data_dir: Path | None) -> list[str]:
    """The datasets that are not on this machine.

    Raises:
        InputError: all of them are absent.
    """
    states = {name: state_of(dataset.card, data_dir) for name, dataset in datasets.items()}
    absent = [name for name, state in states.items() if state != READY]
    if len(absent) == len(datasets):
        raise InputError(absent_text(absent))
    return absent


def absent_text(names: list[str]) -> str:
    """A sentence on datasets that are not on this machine."""
    return f"Not on this machine: {', '.join(names)} (see `{program()} list`)"


def _read(
    datasets: Mapping[str, Dataset], data_dir: Path | None
) -> tuple[dict[str, Task], list[str]]:
    """Tasks by dataset, and an error text for each that cannot be read."""
    tasks, unread = {}, []
    for name, dataset in datasets.items():
        try:
            tasks[name] = dataset.read(data_dir)
        except (InputError, OSError) as error:
            unread.append(f"{name}: {error}" if len(datasets) > 1 else str(error))
    require_names_apart(tasks)
    return tasks, unread


def cell_of(
    task: Task,
    method: type[Method],
    values: dict[str, Value],
    seed: int,
    k: int | None,
    provenance: Provenance,
) -> Cell:
    """A planned cell; or a failed one, with the reason, if the method refuses its parameters.

    Args:
        task: the dataset.
        method: the class.
        values: every hyper-parameter of the method.
        seed: the seed of the fit.
        k: documents asked for each query, or None for as many as the measures read.
        provenance: where it is measured.

    Raises:
        InputError: ``k`` is too small.
    """
    depth = depth_needed(task, k)
    try:
        return plan_cell(task, method(**values), seed, k, provenance)
    except InputError as error:
        reason = str(error)
    except Exception as error:
        reason = f"cannot be made with its parameters: {reason_of(error)}"
    key = digest(["refused", task.digest, method.name, values, seed, depth])
    code = [f"{method.__qualname__} {key[:DIGITS]}"]  # its own may be what cannot be read
    planned = _planned(key, task, method, values, seed, depth, provenance, code)
    return planned.ended(Status.FAILED, reason)


def plan_cell(task: Task, method: Method, seed: int, k: int | None, provenance: Provenance) -> Cell:
    """The planned cell with its key, before anything is measured.

    Args:
        task: the dataset.
        method: the method with its hyper-parameters.
        seed: the seed of the fit.
        k: documents asked for each query, or None for as many as the measures read.
        provenance: the machine, packages and commit that it is measured with.

    Raises:
        InputError: ``k`` is too small, or the task has nothing to search.
    """
    require_documents(task)
    depth = depth_needed(task, k)
    key = cell_key(task.digest, method, seed, depth)
    code = code_of(type(method))
    return _planned(key, task, type(method), method.values, seed, depth, provenance, code)


def _planned(
    key: str,
    task: Task,
    method: type[Method],
    values: dict[str, Value],
    seed: int,
    depth: int,
    provenance: Provenance,
    code: list[str],
) -> Cell:
    base = defaults_on(method, task, values)
    changed = {name: value for name, value in values.items() if value != base[name]}
    if depth != depth_needed(task, None):
        changed["k"] = depth
    return Cell(
        key=key,
        status=Status.PLANNED,
        task=task.name,
        task_digest=task.digest,
        notes=list(task.notes),
        n_queries=task.n_asked,
        n_documents=len(task.document_names),
        cut=task.test.cut,
        seen_means=task.seen,
        method=method.name,
        params=values,
        changed=changed,
        sees_test=method.sees_test,
        code=code,
        seed=seed,
        k=depth,
        provenance=with_packages(provenance, tuple(method.requires)),
    )
