"""The text of a pull request that publishes results."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.data.load import dataset_of
from bench.report.leaderboard import places
from bench.report.markdown import pipe_table
from bench.report.page.data import command_of
from bench.report.rows import (
    by_task,
    chosen_points,
    main_measure,
    main_score,
    most_visited,
    rows_of,
    visited_text,
    within_budget,
)
from bench.report.table import NONE, mean_and_std

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.verify.mark import Mark

HEADER = [
    "dataset", "method", "seeds", "measure", "dearest setting", "visited %", "at ≤ 10 % visited",
    "measured again",
]  # fmt: skip


def title_of(cells: list[Cell]) -> str:
    """``Results: random on tree``."""
    methods, tasks = (
        ", ".join(dict.fromkeys(names))
        for names in ((cell.method for cell in cells), (dataset_of(cell.task) for cell in cells))
    )
    return f"Results: {methods} on {tasks}"


def request_text(cells: list[Cell], marks: Mapping[str, Mark]) -> str:
    """Title, rows, where they were measured, and how to measure them again, in markdown.

    Args:
        cells: that are published.
        marks: by the key of their cell.
    """
    rows = [row for group in by_task(cells) for row in rows_of(group)]
    commands = "\n".join(f"    {command_of(row)}" for row in rows)
    return "\n".join(
        [
            f"# {title_of(cells)}",
            "",
            pipe_table(HEADER, [_figures(row, marks) for row in rows]),
            "",
            f"Shares in per cent. Measured on {'; '.join(places(cells))}. To measure them again:",
            "",
            commands,
        ]
    )


def _figures(row: Row, marks: Mapping[str, Mark]) -> list[str]:
    first = row.cells[0]
    seeds = ", ".join(str(cell.seed) for cell in row.cells)
    again = "; ".join(
        f"seed {cell.seed}: {marks[cell.key].told()}" for cell in row.cells if cell.key in marks
    )
    return [dataset_of(first.task), row.label, seeds, *_scores(row), again or NONE]


def _scores(row: Row) -> list[str]:
    """Measure, score of the dearest setting, what it visits, score within 10 %."""
    first = row.cells[0]
    if first.similarity:
        found = first.similarity[0]
        rho = fmean(cell.similarity[0].rho or 0.0 for cell in row.cells)
        return [f"rho, {found.subset} by {found.score}", f"{rho:.3f}", NONE, NONE]
    points = [most_visited(cell) for cell in row.cells]
    cheap = chosen_points(row, within_budget)
    return [
        main_measure(first),
        mean_and_std([main_score(point) for point in points]),
        visited_text(points),
        mean_and_std([main_score(point) for point in cheap]) if cheap else NONE,
    ]
