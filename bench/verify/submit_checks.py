"""What must hold of a cell before it is published: what CI checks, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import card_of_task
from bench.data.load import dataset_of, load_dataset
from bench.errors import InputError
from bench.registry import CATALOG, Registry
from bench.store.cell import Status
from bench.store.folder import RUN, Store
from bench.verify.files import Checked, check_cell
from bench.verify.metrics import check_metrics
from bench.verify.today import cell_of_today

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.task import Task
    from bench.verify.submit_chosen import Candidate

OWN_CODE = CATALOG.partition(".")[0]
"""The package that published methods are in."""


class Refusal(NamedTuple):
    """Why a cell is not published.

    Attributes:
        path: of its cell.json.
        check: what does not hold, in a word.
        problem: what is wrong and what to do.
    """

    path: Path
    check: str
    problem: str


class Checks:
    """Checks cells one after the other; each dataset is read once."""

    def __init__(self, store: Store, data_dir: Path | None) -> None:
        """Check cells of a store, with data from where it is looked for."""
        self._store, self._data_dir = store, data_dir
        self._registry = Registry()
        self._tasks: dict[str, Task] = {}

    def refusals(self, candidate: Candidate) -> Iterator[Refusal]:
        """All that is wrong with a cell; of its data, code and metrics only if its files hold."""
        path, cell = candidate
        if cell.status is not Status.OK:
            yield Refusal(path, "status", f"ended as {cell.status} ({cell.reason}): measure it")
            return
        wrong = self._wrong_files(path)
        for problem in wrong:
            told = problem.removeprefix(f"{path}: ")
            yield Refusal(path, "files", f"{told} (or measure it again with --fresh)")
        if problem := _untraceable(cell):
            yield Refusal(path, "commit", problem)
        if wrong:
            return
        try:
            task = self._task(cell.task)
        except (InputError, OSError) as error:
            yield Refusal(path, "data", str(error))
            return
        yield from self._checked_on(task, candidate)

    def _wrong_files(self, path: Path) -> list[str]:
        run = path.with_name(RUN)
        if not run.is_file():  # a .gitignore, which would do for what is published, does not here
            return [f"{run}: is not here, and metrics are derived from it"]
        checked = Checked()
        check_cell(self._store, path.parent, checked)
        return checked.failures

    def _task(self, name: str) -> Task:
        """The task that a cell was measured on, which others must be able to read.

        Raises:
            InputError: it has no card, or is not on this machine.
        """
        card = card_of_task(name)
        if card is None or card.takes_path:
            raise InputError(
                f"{name} was read from a path of yours, where nobody else can read it: add a card "
                "for it (CONTRIBUTING.md) and measure by its name"
            )
        if name not in self._tasks:
            self._tasks[name] = load_dataset(dataset_of(name), self._data_dir)
        return self._tasks[name]

    def _checked_on(self, task: Task, candidate: Candidate) -> Iterator[Refusal]:
        path, cell = candidate
        (derived,) = check_metrics({path: cell}, lambda _name: task)
        for failure in derived.failures:
            yield Refusal(path, "metrics", f"{failure.removeprefix(f'{path}: ')}; measure it again")
        if problem := self._other_code(cell, task):
            yield Refusal(path, "code", problem)

    def _other_code(self, cell: Cell, task: Task) -> str:
        """Why the code that measured a cell is not that of this checkout, or empty."""
        way = f"move its file to {OWN_CODE}/ and name it in {OWN_CODE}/catalog.py (CONTRIBUTING.md)"
        try:
            method = self._registry.resolve(cell.method)
        except InputError:
            return f"{cell.method} is no method of this checkout: {way}"
        try:
            key = cell_of_today(cell, method, task, cell.provenance.threads).key
        except InputError as error:
            return f"today's code does not take its parameters: {error}; measure it again"
        modules = [part.__module__ for part in (method, *method.parts())]
        outside = [module for module in modules if module.partition(".")[0] != OWN_CODE]
        if outside:
            return f"{cell.method} is of the installed module {outside[0]}: {way}"
        if key != cell.key:
            return (
                f"its code or data has changed since it was measured: its key would be {key} "
                "today; run the same command again"
            )
        return ""


def _untraceable(cell: Cell) -> str:
    """Why nobody could tell what code measured a cell, or empty."""
    origin = cell.provenance
    if origin.git is None:
        return (
            "was measured outside a git checkout, so its commit is not known; measure it again in "
            "one with --fresh"
        )
    if origin.dirty is not False:
        return (
            f"was measured with uncommitted changes on top of {origin.git[:10]} (.py or .toml "
            "files); commit them, and measure it again with --fresh"
        )
    return ""
