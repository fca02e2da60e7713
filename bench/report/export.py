"""``bench results``: some of the cells as a tidy table, or as a table for a paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of
from bench.errors import InputError, cannot_write, unknown
from bench.measures.budget import UNLIMITED
from bench.registry import about
from bench.report.rows import by_task, label, rows_of
from bench.report.table import NONE, mean_and_std
from bench.report.tidy import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from bench.measures.budget import Budget
    from bench.store.cell import Cell

MOST_ROWS, MOST_COLUMNS = 60, 16
"""Rows and columns of a table for a paper; a page has no room for more."""
SIGNS = str.maketrans({"±": r"$\pm$", "–": "--", "≤": r"$\leq$", "†": r"\dag{}", "‡": r"\ddag{}"})
"""Signs of boards that LaTeX does not read in every encoding."""


BY_DISTANCE, CORRELATION = "recall_by_distance", "rho "
"""How names of measures begin: of those with a row for each distance, and of correlations."""


class Wanted(NamedTuple):
    """The part of the results that is exported; an empty field leaves nothing out.

    Attributes:
        datasets: names of tasks, or datasets as ``--dataset`` takes them.
        methods: names of methods.
        kinds: kinds of methods.
        seeds: seeds, as text.
        words: parts of a row's name, which must have all of them, in capitals or not.
        measures: names of measures, as the tidy table has them.
        budget: of each cell the operating point that costs most within it; None: all points.
    """

    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    kinds: Sequence[str] = ()
    seeds: Sequence[str] = ()
    words: Sequence[str] = ()
    measures: Sequence[str] = ()
    budget: Budget | None = None


def chosen(cells: list[Cell], wanted: Wanted) -> list[Cell]:
    """The cells that are wanted, at least one.

    Raises:
        InputError: a name is of none of the cells that the options before it leave.
    """
    options: tuple[tuple[str, Sequence[str], Callable[[Cell], set[str]]], ...] = (
        ("--datasets", wanted.datasets, lambda cell: {cell.task, dataset_of(cell.task)}),
        ("--methods", wanted.methods, lambda cell: {cell.method}),
        ("--kind", wanted.kinds, lambda cell: {about(cell.method, cell.plugin).kind}),
        ("--seeds", wanted.seeds, lambda cell: {str(cell.seed)}),
    )
    for option, names, values_of in options:
        _require(option, names, set().union(*map(values_of, cells)), len(cells))
        cells = [cell for cell in cells if not names or values_of(cell).intersection(names)]
    words = [word.casefold() for word in wanted.words]
    found = [cell for cell in cells if all(word in label(cell).casefold() for word in words)]
    if not found:
        rows = ", ".join(sorted({label(cell) for cell in cells}))
        raise InputError(f"no row's name has all of --words {' '.join(words)}; the rows: {rows}")
    return found


def exported(cells: list[Cell], wanted: Wanted) -> pd.DataFrame:
    """The tidy table of :func:`bench.results`, of the cells, points and measures that are wanted.

    Raises:
        InputError: a name is of none of the cells that the options before it leave.
    """
    table = tidy(chosen(cells, wanted), wanted.budget)
    if not wanted.measures:
        return table
    figures = _with_figures(table, wanted.budget)
    _require("--measure", wanted.measures, set(figures.measure), figures.key.nunique())
    return figures[figures.measure.isin(wanted.measures)]


def _with_figures(table: pd.DataFrame, budget: Budget | None) -> pd.DataFrame:
    """The rows with a figure, at least one."""
    figures = table.dropna(subset=["value"])
    if figures.empty:
        at = "" if budget is None else f" {budget.at}"
        raise InputError(f"none of these cells has a figure{at}")
    return figures


def _require(option: str, names: Sequence[str], known: set[str], n_cells: int) -> None:
    for name in names:
        if name not in known:
            raise unknown(f"value of {option} in {n_cells} cells", name, known)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table; a parameter that is text in one method and a number in another is text.

    Raises:
        InputError: it cannot be written there.
    """
    mixed = [name for name in table if table[name].dtype == object]
    try:
        table.astype(dict.fromkeys(mixed, "string")).to_parquet(path, index=False)
    except OSError as error:
        raise cannot_write(path, error) from error


def latex(cells: list[Cell], wanted: Wanted) -> str:
    """A table for a paper: rows × measures of one dataset, or rows × datasets by one measure.

    Args:
        cells: cells of a results folder.
        wanted: the part that is shown; without a budget, of each cell the point that costs most.

    Returns:
        A ``tabular`` of the package booktabs, with means and standard deviations over seeds.

    Raises:
        InputError: a name is unknown, or the table would have too many rows or columns.
    """
    budget = wanted.budget or UNLIMITED
    table = exported(cells, wanted._replace(budget=budget)).dropna(subset=["value"])
    row_of, task_of = _names(chosen(cells, wanted))
    # As on boards: a point that one seed lacks is no point of the row.
    lacking = {row for key, row in row_of.items() if key not in set(table.key)}
    table = table.assign(row=table.key.map(row_of), dataset=table.key.map(task_of))
    table = _with_figures(table[~table.row.isin(lacking)], budget)
    distances = table.distance.astype("string").radd(" ").fillna("")
    table["column"] = table.measure.str.replace(BY_DISTANCE, "distance") + distances
    datasets, columns = table.dataset.unique(), table.column.unique()
    if len(datasets) > 1 and len(columns) > 1:
        measures = [name for name in table.measure.unique() if not name.startswith(BY_DISTANCE)]
        raise InputError(
            f"{len(datasets)} datasets by {len(columns)} measures are more than one table shows; "
            f"name one dataset (--datasets) of {', '.join(datasets)}, or one measure (--measure) "
            f"of {', '.join(measures or ['recall'])}"
        )
    across, corner = ("dataset", columns[0]) if len(datasets) > 1 else ("column", datasets[0])
    order = [row for row in dict.fromkeys(row_of.values()) if row in set(table.row)]
    digits, factor = (3, 1) if table.measure.iloc[0].startswith(CORRELATION) else (1, 100)
    shown = table.pivot_table(
        "value", "row", across, lambda seeds: mean_and_std(seeds.tolist(), digits, factor)
    ).reindex(index=order, columns=table[across].unique())
    if across == "column":
        costs = 100 * table.drop_duplicates("key").groupby("row")[["visited", "work"]].mean()
        shown = shown.join(costs.dropna(how="all", axis="columns").map("{:.1f}".format))
    if shown.shape[0] > MOST_ROWS or shown.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"{shown.shape[0]} rows and {shown.shape[1]} columns are more than a page has room for "
            f"({MOST_ROWS} and {MOST_COLUMNS}); narrow it with --methods, --kind, --words or "
            f"--datasets, or name measures (--measure) of {', '.join(table.measure.unique())}"
        )
    text = (
        shown.fillna(NONE)
        .rename_axis(index=None, columns=corner)
        .to_latex(escape=True, column_format="l" + "r" * shown.shape[1])
    )
    note = f"% In per cent (rho as it is), mean ± standard deviation over seeds, {budget.at}.\n"
    return (note + "% Needs \\usepackage{booktabs}.\n" + text).translate(SIGNS)


def _names(cells: list[Cell]) -> tuple[dict[str, str], dict[str, str]]:
    """The name of the row, best rows first, and of the dataset of each cell, by its key."""
    row_of: dict[str, str] = {}
    task_of: dict[str, str] = {}
    for name, group in by_task(cells).items():
        task_of |= {cell.key: name for cell in group}
        row_of |= {cell.key: row.label for row in rows_of(group) for cell in row.cells}
    return row_of, task_of
