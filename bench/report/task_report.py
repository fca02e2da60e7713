"""All that is reported of one task, and the comparisons of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.measures.ranking import MEASURES, titled
from bench.report.rows import GROUPS, group_of

if TYPE_CHECKING:
    from bench.measures.budget import Budget
    from bench.measures.differences import Lead
    from bench.report.rows import Row
    from bench.report.table import Board
    from bench.store.cell import Cell
    from bench.types import Floats, Ints

COMPARED = {
    **{
        f"{part} {measure.name}".strip(): titled(measure.name, part)
        for measure in MEASURES.values()
        for part in measure.compared
    },
    "recall": "recall (macro)",
}
"""The comparisons of rows: the column of a cell's values of queries, and its title."""


class Comparison(NamedTuple):
    """Rows compared by one measure, at the point of each that costs most within a budget.

    Attributes:
        title: title of the measure.
        budget: the largest cost of each row.
        labels: labels of the m rows, the best mean first.
        queries: [n_queries] numbers of the queries.
        values: [n_queries, m], each the mean over seeds; NaN if a query has none.
        n_known: number of queries with a value.
        pairs: numbers of two rows with a seed in common, the first smaller, to the lead of the
            first.
        left_out: reasons why rows are not compared, to their labels.
    """

    title: str
    budget: Budget
    labels: list[str]
    queries: Ints
    values: Floats
    n_known: int
    pairs: dict[tuple[int, int], Lead]
    left_out: dict[str, list[str]]

    @property
    def has_pairs(self) -> bool:
        """Whether there are two rows or more."""
        return len(self.labels) > 1

    def lead(self, first: str, second: str) -> Lead | None:
        """The lead of one row over another, by their labels.

        None if they have no seed in common, or one is not compared.
        """
        if first not in self.labels or second not in self.labels:
            return None
        a, b = self.labels.index(first), self.labels.index(second)
        found = self.pairs.get((min(a, b), max(a, b)))
        return found.reversed() if found and a > b else found


class TaskReport(NamedTuple):
    """One task.

    Attributes:
        name: its name, different for each task of a results folder.
        cells: its cells.
        rows: its rows.
        budget: the largest cost at which rows are compared, beside what they find without a limit.
        comparisons: by every measure, the main one first; within the budget, within the same share
            by the other cost, without a limit, and within every other budget if rows are few.
        shown: those on boards: of the other two budgets by the main measure alone.
        boards: its boards.
    """

    name: str
    cells: list[Cell]
    rows: list[Row]
    budget: Budget
    comparisons: dict[Budget, list[Comparison]]
    shown: list[Comparison]
    boards: list[Board]

    @property
    def is_searched(self) -> bool:
        """Whether its rows search documents; those of word pairs do not."""
        return any(row.cells[0].points for row in self.rows)

    @property
    def group(self) -> str:
        """What it is of, one of ``GROUPS``."""
        return group_of(self.cells)

    @property
    def is_word_pairs(self) -> bool:
        """Whether its queries are pairs of words."""
        return self.group == GROUPS[2]

    @property
    def is_hierarchy(self) -> bool:
        """Whether its rankings are cut at the number of relevant documents."""
        return self.group == GROUPS[0]
