"""What must hold of a cell before it is published: what CI checks, and where it comes from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from bench.data.cards import card_of_task, is_of_package
from bench.data.load import dataset_of, load_dataset
from bench.errors import InputError
from bench.registry import CATALOG, Registry
from bench.store.cell import Status
from bench.store.folder import RUN, Store
from bench.verify.certify import cell_of_today
from bench.verify.files import Checked, check_cell
from bench.verify.metrics import check_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.store.cell import Cell
    from bench.task import Task

OWN_CODE = CATALOG.partition(".")[0]
"""The package that published methods are in."""
FRESH = "measure it again with --fresh"
DERIVED = ("sees_test", "notes", "changed", "code", "seen_means", "dataset", "plugin")
"""What a cell says of itself and its task, its code and its data say as well."""


def wrong_with(cells: Mapping[Path, Cell], source: Path, data_dir: Path | None) -> Iterator[str]:
    """All that is wrong with cells: the check in a word, the path, what is wrong and the way out.

    Data, metrics and code are checked where the files hold.

    Args:
        cells: cells by the path of their cell.json.
        source: the results folder that they lie in.
        data_dir: where data files are looked for.
    """
    checked = Checked()
    for path, cell in cells.items():
        for check, problem in _wrong_origin(cell):
            yield f"{check}: {path}: {problem}"
        if cell.status is Status.OK:
            check_cell(Store(source), path.parent, checked)
    yield from (f"files: {failure} (or {FRESH})" for failure in checked.failures)
    registry = Registry()
    for derived in check_metrics(checked.cells, partial(_task, data_dir=data_dir)):
        runs = derived.runs
        for path in runs.absent:  # a .gitignore would do for what is published, and not here
            yield f"files: {path}: {RUN} is not here, and metrics are derived from it; {FRESH}"
        yield from (f"metrics: {failure}; {FRESH}" for failure in derived.failures)
        for path, cell in runs.here.items():
            if runs.reason:
                yield f"data: {path}: {runs.reason}"
            elif problem := _other_code(cell, registry, runs.task):
                yield f"code: {path}: {problem}"


def _task(name: str, _dataset: str | None, data_dir: Path | None) -> Task:
    """A task that others can read as well.

    Raises:
        InputError: it has no card here, or is not on this machine.
    """
    card = card_of_task(name)
    if card is None:
        raise InputError(
            f"{name} was read from a path of yours, where nobody else can read it: add a card "
            "for it (CONTRIBUTING.md) and measure by its name"
        )
    if is_of_package(card):
        raise InputError(
            f"{card.name} is a dataset of an installed package, which others may lack: move its "
            "card to datasets/ (CONTRIBUTING.md)"
        )
    return load_dataset(dataset_of(name), data_dir)


def _wrong_origin(cell: Cell) -> Iterator[tuple[str, str]]:
    """Why a cell is no measurement, or why nobody could tell what code measured it."""
    origin = cell.provenance
    if cell.status is not Status.OK:
        yield "status", f"ended as {cell.status} ({cell.reason}): measure it"
    elif cell.brought is not None:
        file = cell.brought.file
        yield "run", f"was brought from a file, {file}: published rows are measured by this harness"
    elif origin.git is None:
        problem = "was measured outside a git checkout, so its commit is not known"
        yield "commit", f"{problem}; {FRESH} in one"
    elif origin.dirty is not False:
        changes = f"uncommitted changes on top of {origin.git[:10]} (.py or .toml files)"
        yield "commit", f"was measured with {changes}; commit them, and {FRESH}"


def _other_code(cell: Cell, registry: Registry, task: Task) -> str:
    """Why the code that measured a cell is not that of this checkout, or empty."""
    way = f"move its file to {OWN_CODE}/ and name it in {OWN_CODE}/catalog.py (CONTRIBUTING.md)"
    try:
        method = registry.resolve(cell.method)
    except InputError:
        return f"{cell.method} is no method of this checkout: {way}"
    for part in (method, *method.parts()):
        if part.__module__.partition(".")[0] != OWN_CODE:
            return f"{cell.method} is of the installed module {part.__module__}: {way}"
    try:
        planned = cell_of_today(cell, method, task, cell.provenance.threads)
    except InputError as error:
        return f"today's code does not take its parameters: {error}; measure it again"
    key = planned.key
    if key == cell.key:
        for name in DERIVED:
            says, known = getattr(cell, name), getattr(planned, name)
            if says != known:
                return (
                    f"its field {name} is {says!r}, by its code and data it is {known!r}; {FRESH}"
                )
        return ""
    return (
        f"its code or data has changed since it was measured: its key would be {key} today; run "
        "the same command again"
    )
