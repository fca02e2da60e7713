"""``bench results``: some of the cells of a folder, and the tidy table of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of, task_named
from bench.errors import InputError, unknown
from bench.registry import about
from bench.report.rows import by_task, label, rows_of
from bench.report.tidy import tidy
from bench.system.terminal import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from bench.measures.budget import Budget
    from bench.report.rows import Row
    from bench.store.cell import Cell


class Wanted(NamedTuple):
    """The part of the results that is exported; an empty field leaves nothing out.

    Attributes:
        datasets: names of tasks, or datasets as ``--dataset`` takes them.
        methods: names of methods.
        kinds: kinds of methods.
        seeds: seeds, as text.
        words: parts of what the page's filter reads, which must have all of them, in capitals or
            not: the row's name, and its method, kind and summary.
        default_settings: whether rows with a setting of their own are left out.
        measures: names of measures, as the tidy table has them.
        budget: only the point of each cell that costs most within it; None: all points.
    """

    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    kinds: Sequence[str] = ()
    seeds: Sequence[str] = ()
    words: Sequence[str] = ()
    default_settings: bool = False
    measures: Sequence[str] = ()
    budget: Budget | None = None


class Chosen(NamedTuple):
    """The cells that are wanted, and the rows of boards that have some, by dataset."""

    cells: list[Cell]
    rows: dict[str, list[Row]]


def chosen(cells: list[Cell], wanted: Wanted) -> Chosen:
    """The cells that are wanted, at least one.

    Raises:
        InputError: a name is of none of the cells that the options before it leave.
    """
    rows_by_task = {name: rows_of(group) for name, group in by_task(cells).items()}
    rows = [row for each in rows_by_task.values() for row in each]
    of_tasks = [task_named(name) if ":" in name else name for name in wanted.datasets]
    options: tuple[tuple[str, Sequence[str], Callable[[Cell], set[str]]], ...] = (
        ("--datasets", of_tasks, lambda cell: {cell.task, dataset_of(cell.task)}),
        ("--methods", wanted.methods, lambda cell: {cell.method}),
        ("--kind", wanted.kinds, lambda cell: {about(cell.method, cell.plugins).kind}),
        ("--seeds", wanted.seeds, lambda cell: {str(cell.seed)}),
    )
    for option, names, values_of in options:
        _require(option, names, set().union(*map(values_of, cells)), len(cells))
        cells = [cell for cell in cells if not names or values_of(cell).intersection(names)]
    words = [word.casefold() for word in wanted.words]
    label_of = {cell.key: row.label for row in rows for cell in row.cells}
    label_of = {cell.key: label_of.get(cell.key, label(cell)) for cell in cells}
    differing = {cell.key for row in rows if row.differing_params for cell in row.cells}
    found = [
        cell
        for cell in cells
        if all(word in _described(cell, label_of[cell.key]) for word in words)
        and not (wanted.default_settings and (cell.changed or cell.key in differing))
    ]
    if not found:
        asked = f"--words {' '.join(words)}" if words else ""
        asked += " --default-settings" * wanted.default_settings
        listed = ", ".join(sorted({*label_of.values()}))
        raise InputError(f"no row is left by {asked.strip()}; the rows: {listed}")
    keys = {cell.key for cell in found}
    left = {name: list(_left(each, keys)) for name, each in rows_by_task.items()}
    return Chosen(found, {name: each for name, each in left.items() if each})


def _left(rows: Iterable[Row], keys: set[str]) -> Iterator[Row]:
    """The rows with cells of some keys, each with these alone."""
    for row in rows:
        if cells := [cell for cell in row.cells if cell.key in keys]:
            yield replace(row, cells=cells)


def _described(cell: Cell, name: str) -> str:
    """What the page's filter reads of a row: ``kept`` in table.js."""
    known = about(cell.method, cell.plugins)
    return f"{name} {cell.method} {known.kind} {known.summary}".casefold()


def exported(cells: Sequence[Cell], wanted: Wanted) -> pd.DataFrame:
    """The tidy table of :func:`bench.results`, of the points and measures that are wanted.

    Raises:
        InputError: a measure is of none of the cells.
    """
    table = tidy(cells, wanted.budget)
    if not wanted.measures:
        return table
    figures = with_figures(table, wanted.budget)
    _require("--measure", wanted.measures, set(figures.measure), figures.key.nunique())
    return figures[figures.measure.isin(wanted.measures)]


def with_figures(table: pd.DataFrame, budget: Budget | None) -> pd.DataFrame:
    """The rows with a figure, at least one.

    Raises:
        InputError: there is none.
    """
    figures = table.dropna(subset=["value"])
    if figures.empty:
        at = "" if budget is None else f" {budget.at}"
        raise InputError(f"none of these cells has a figure{at}")
    return figures


def _require(option: str, names: Sequence[str], known: set[str], n_cells: int) -> None:
    for name in names:
        if name not in known:
            raise unknown(f"value of {option} in {counted(n_cells, 'cell')}", name, known)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table; a parameter that is text in one method and a number in another is text.

    Raises:
        OSError: it cannot be written there.
    """
    mixed = [name for name in table if table[name].dtype == object]
    table.astype(dict.fromkeys(mixed, "string")).to_parquet(path, index=False)
