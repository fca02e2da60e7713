"""Rows whose figures hang on the order in which a library returns equal scores."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.points import most_visited
from bench.report.table import mean_text

if TYPE_CHECKING:
    from bench.report.rows import Row

DIGIT = 0.001
"""The share of queries that moves the last digit of a figure."""


def tied_note(rows: list[Row]) -> list[str]:
    """A sentence on rows of whose queries more than a digit's worth hang on equal scores."""
    shares = {
        row.label: fmean(point.tied or 0.0 for point in map(most_visited, row.cells))
        for row in rows
        if row.cells[0].points and not row.sees_test
    }
    tied = [f"{label} ({mean_text([share])} %)" for label, share in shares.items() if share > DIGIT]
    note = (
        f"Equal scores: {', '.join(tied)} of the queries have the same score at their last place "
        "and beside it, so that the order in which a library returns ties decides what is found; "
        "figures may differ by as much for that alone."
    )
    return [note] if tied else []
