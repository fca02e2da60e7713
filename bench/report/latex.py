"""A table for a paper: rows × measures of one dataset, or rows × datasets by one measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from bench.errors import InputError
from bench.measures.budget import UNLIMITED
from bench.report.export import exported, with_figures
from bench.report.points import SHARES, at, shares_text
from bench.report.rows import chosen_points
from bench.report.signs import meanings
from bench.report.table import NONE, mean_and_std

if TYPE_CHECKING:
    from bench.measures.budget import Budget
    from bench.report.export import Chosen, Wanted

MOST_ROWS, MOST_COLUMNS = 60, 16
"""Rows and columns of a table for a paper; a page has no room for more."""
SIGNS = str.maketrans({"±": r"$\pm$", "–": "--", "≤": r"$\leq$", "†": r"\dag{}", "‡": r"\ddag{}"})
"""Signs of boards that LaTeX does not read in every encoding."""
BY_DISTANCE, CORRELATION = "recall_by_distance", "rho "
"""How names of measures begin: of those with a row for each distance, and of correlations."""


def latex(found: Chosen, wanted: Wanted) -> str:
    """A table of rows, ordered by its first column, with those that see the test last.

    Args:
        found: the cells and rows that are shown.
        wanted: the measures and the budget; without a budget, the point that costs most.

    Returns:
        A ``tabular`` of the package booktabs, with means and standard deviations over seeds.

    Raises:
        InputError: a measure is unknown, or the table would have too many rows or columns.
    """
    budget = wanted.budget or UNLIMITED
    figures = _figures(found, wanted._replace(budget=budget), budget)
    across, corner = _across(figures)
    columns = figures[across].unique().tolist()
    digits, factor = (3, 1) if figures.measure.iloc[0].startswith(CORRELATION) else (1, 100)
    shown = figures.pivot_table(
        "value", "row", across, lambda seeds: mean_and_std(seeds.tolist(), digits, factor)
    ).reindex(index=_order(figures, across, columns), columns=columns)
    if across == "column" and figures.shares.notna().any():
        shown[SHARES.title] = figures.groupby("row").shares.first()
    _require_room(shown, figures)
    text = (
        shown.fillna(NONE)
        .rename_axis(index=None, columns=corner)
        .to_latex(escape=True, column_format="l" + "r" * shown.shape[1])
    )
    notes = [
        f"In per cent (rho as it is), mean ± standard deviation over seeds, {budget.at}.",
        *meanings(text),
        r"Needs \usepackage{booktabs}.",
    ]
    return "".join([*(f"% {note}\n" for note in notes), text]).translate(SIGNS)


def _figures(found: Chosen, wanted: Wanted, budget: Budget) -> pd.DataFrame:
    """Each figure with its dataset, its row and the column that it may stand in."""
    rows = [
        (cell.key, dataset, row.label, row.sees_test, shares_text(points) if points else None)
        for dataset, each in found.rows.items()
        for row in each
        # As on boards: a point that one seed lacks is no point of the row.
        if (points := chosen_points(row, at(budget))) or not row.cells[0].points
        for cell in row.cells
    ]
    known = pd.DataFrame(rows, columns=["key", "dataset", "row", "sees_test", "shares"])
    table = exported(found.cells, wanted)[["key", "measure", "distance", "value"]]
    figures = with_figures(known.merge(table, on="key"), budget)
    distances = figures.distance.astype("string").radd(" ").fillna("")
    return figures.assign(column=figures.measure.str.replace(BY_DISTANCE, "distance") + distances)


def _across(figures: pd.DataFrame) -> tuple[str, str]:
    """Whether datasets or measures are the columns, and the title of the names.

    Raises:
        InputError: there are several of both.
    """
    datasets, columns = figures.dataset.unique(), figures.column.unique()
    if len(datasets) > 1 and len(columns) > 1:
        measures = [name for name in figures.measure.unique() if not name.startswith(BY_DISTANCE)]
        raise InputError(
            f"{len(datasets)} datasets by {len(columns)} measures are more than one table shows; "
            f"name one dataset (--datasets) of {', '.join(datasets)}, or one measure (--measure) "
            f"of {', '.join(measures or ['recall'])}"
        )
    return ("dataset", columns[0]) if len(datasets) > 1 else ("column", datasets[0])


def _order(figures: pd.DataFrame, across: str, columns: list[str]) -> pd.Index[str]:
    """The names of rows, the best in the first column first; those that see the test last."""
    means = figures.pivot_table("value", ["sees_test", "row"], across)
    rising = [True, *(False for _ in columns)]
    return means.sort_values(["sees_test", *columns], ascending=rising).index.unique("row")


def _require_room(shown: pd.DataFrame, figures: pd.DataFrame) -> None:
    """Refuse a table that no page has room for."""
    if shown.shape[0] > MOST_ROWS or shown.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"{shown.shape[0]} rows and {shown.shape[1]} columns are more than a page has room for "
            f"({MOST_ROWS} and {MOST_COLUMNS}); narrow it with --methods, --kind, --words, "
            "--default-settings or --datasets, or name measures (--measure) of "
            f"{', '.join(figures.measure.unique())}"
        )
