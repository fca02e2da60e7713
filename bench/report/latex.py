"""A table for a paper: rows × measures of one dataset, or rows × datasets by one measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.measures.budget import UNLIMITED
from bench.report.export import exported, with_figures
from bench.report.rows import at, chosen_points, shares_text
from bench.report.signs import meanings
from bench.report.table import NONE, mean_and_std

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from bench.report.export import Wanted
    from bench.report.rows import Row

MOST_ROWS, MOST_COLUMNS = 60, 16
"""Rows and columns of a table for a paper; a page has no room for more."""
SIGNS = str.maketrans({"±": r"$\pm$", "–": "--", "≤": r"$\leq$", "†": r"\dag{}", "‡": r"\ddag{}"})
"""Signs of boards that LaTeX does not read in every encoding."""
BY_DISTANCE, CORRELATION = "recall_by_distance", "rho "
"""How names of measures begin: of those with a row for each distance, and of correlations."""
SHARES = "visited / work %"


def latex(rows: Sequence[Row], wanted: Wanted) -> str:
    """A table of rows, ordered by its first column, with those that see the test last.

    Args:
        rows: rows of boards.
        wanted: the measures and the budget; without a budget, the point that costs most.

    Returns:
        A ``tabular`` of the package booktabs, with means and standard deviations over seeds.

    Raises:
        InputError: a measure is unknown, or the table would have too many rows or columns.
    """
    budget = wanted.budget or UNLIMITED
    # As on boards: a point that one seed lacks is no point of the row.
    rows = [row for row in rows if not row.cells[0].points or chosen_points(row, at(budget))]
    figures = _figures(rows, wanted._replace(budget=budget))
    across, corner = _across(figures)
    digits, factor = (3, 1) if figures.measure.iloc[0].startswith(CORRELATION) else (1, 100)
    shown = figures.pivot_table(
        "value", "row", across, lambda seeds: mean_and_std(seeds.tolist(), digits, factor)
    )
    columns = figures[across].unique().tolist()
    shown = shown.reindex(index=_order(rows, figures, across, columns), columns=columns)
    if across == "column" and rows[0].cells[0].points:
        shares = {
            row.label: shares_text(found)
            for row in rows
            if (found := chosen_points(row, at(budget)))
        }
        shown[SHARES] = shown.index.map(shares)
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


def _figures(rows: Sequence[Row], wanted: Wanted) -> pd.DataFrame:
    """The tidy table with the row, the dataset and the column of each figure."""
    table = exported([cell for row in rows for cell in row.cells], wanted)
    table = with_figures(table, wanted.budget)
    row_of = {cell.key: row.label for row in rows for cell in row.cells}
    names: dict[tuple[str, str], str] = {}
    for cell in (row.cells[0] for row in rows):
        taken = cell.task in names.values()  # other data under the same name
        name = f"{cell.task}-{cell.task_digest[:8]}" if taken else cell.task
        names.setdefault((cell.task, cell.task_digest), name)
    task_of = {cell.key: names[cell.task, cell.task_digest] for row in rows for cell in row.cells}
    distances = table.distance.astype("string").radd(" ").fillna("")
    return table.assign(
        row=table.key.map(row_of),
        dataset=table.key.map(task_of),
        column=table.measure.str.replace(BY_DISTANCE, "distance") + distances,
    )


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


def _order(
    rows: Sequence[Row], figures: pd.DataFrame, across: str, columns: list[str]
) -> list[str]:
    """The names of rows, the best in the first column first; those that see the test last."""
    means = figures.pivot_table("value", "row", across).sort_values(columns, ascending=False)
    seeing = {row.label for row in rows if row.cells[0].sees_test}
    return sorted(means.index, key=seeing.__contains__)


def _require_room(shown: pd.DataFrame, figures: pd.DataFrame) -> None:
    """Refuse a table that no page has room for."""
    if shown.shape[0] > MOST_ROWS or shown.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"{shown.shape[0]} rows and {shown.shape[1]} columns are more than a page has room for "
            f"({MOST_ROWS} and {MOST_COLUMNS}); narrow it with --methods, --kind, --words, "
            "--default-settings or --datasets, or name measures (--measure) of "
            f"{', '.join(figures.measure.unique())}"
        )
