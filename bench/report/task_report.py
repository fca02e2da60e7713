"""All that is reported of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bench.measures.budget import Budget
    from bench.report.boards.paired import Comparison
    from bench.report.rows import Row
    from bench.report.table import Board
    from bench.store.cell import Cell


class TaskReport(NamedTuple):
    """One task.

    Attributes:
        cells: its cells.
        rows: its rows.
        budget: the largest cost at which rows are compared, beside what they find without a limit.
        comparisons: by every measure, the main one first; within the budget, within the same share
            by the other cost, without a limit, and within every other budget.
        shown: those on boards: of the other two budgets by the main measure alone.
        boards: its boards.
    """

    cells: list[Cell]
    rows: list[Row]
    budget: Budget
    comparisons: dict[Budget, list[Comparison]]
    shown: list[Comparison]
    boards: list[Board]
