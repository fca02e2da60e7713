"""Rows compared seed by seed and query by query, within the same share of documents visited."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.differences import Difference, differences, variance
from bench.measures.ranking import MEASURES, titled
from bench.measures.recall import MIN_PAIRS
from bench.measures.records import most_visited_within
from bench.report.rows import visited_and_work, within
from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.types import Bools, Floats, Ints

    ValuesOf = Callable[[Cell], QueryValues | None]

ALPHA = 0.05
COMPARED = {
    **{
        f"{part} {measure.name}".strip(): titled(measure.name, part)
        for measure in MEASURES.values()
        for part in measure.compared
    },
    "recall": "recall (macro)",
}
"""The comparisons of rows: the column of a cell's values of queries, and its title."""


class Ahead(NamedTuple):
    """The lead of one row over another.

    Attributes:
        points: the lead in points of per cent, its interval, and its p-value with Holm's correction
            over the pairs of a comparison. The p-value of one seed or of few queries is NaN.
        n_seeds: number of seeds that both rows have.
        ahead, behind: numbers of those seeds in which the row is ahead, and behind.
    """

    points: Difference
    n_seeds: int
    ahead: int
    behind: int

    @property
    def is_significant(self) -> bool:
        """Whether the lead would hardly come from rows that are equally good."""
        return self.points.p < ALPHA

    def reversed(self) -> Ahead:
        """The lead of the other row."""
        mean, low, high, p = self.points
        return Ahead(Difference(-mean, -high, -low, p), self.n_seeds, self.behind, self.ahead)


class Comparison(NamedTuple):
    """Rows compared by one measure, at the point of each that visits most within a budget.

    Attributes:
        title: title of the measure.
        budget: largest share of documents visited.
        labels: labels of the m rows, the best mean first.
        queries: [n_queries] numbers of the queries.
        values: [n_queries, m], each the mean over seeds; NaN if a query has none.
        n_known: number of queries with a value.
        pairs: numbers of two rows with a seed in common, the first smaller, to the lead of the
            first.
        left_out: reasons why rows are not compared, to their labels.
    """

    title: str
    budget: float
    labels: list[str]
    queries: Ints
    values: Floats
    n_known: int
    pairs: dict[tuple[int, int], Ahead]
    left_out: dict[str, list[str]]

    def lead(self, first: str, second: str) -> Ahead | None:
        """The lead of one row over another, by their labels; None without a seed in common."""
        a, b = self.labels.index(first), self.labels.index(second)
        found = self.pairs.get((min(a, b), max(a, b)))
        return found.reversed() if found and a > b else found


class _Values(NamedTuple):
    """Values of the queries of a row at one point of each seed: measure -> seed -> [n_queries]."""

    queries: Ints
    by_measure: dict[str, dict[int, Floats]]


def compare(rows: list[Row], values_of: ValuesOf, budget: float) -> list[Comparison]:
    """A comparison for each measure that at least two rows have.

    Args:
        rows: the rows of one task.
        values_of: a function that gives the values of each query of a cell, or None if not kept.
        budget: largest share of documents that a row may visit.
    """
    left_out = defaultdict(list)
    found: dict[str, _Values] = {}
    for row in rows:
        values = _values(row, values_of, budget)
        if isinstance(values, str):
            left_out[values].append(row.label)
        else:
            found[row.label] = values
    measured = [
        measure for measure in COMPARED if any(measure in v.by_measure for v in found.values())
    ]
    comparisons = [_compared(measure, found, budget, left_out) for measure in measured]
    return [each for each in comparisons if len(each.labels) > 1]


def _values(row: Row, values_of: ValuesOf, budget: float) -> _Values | str:
    """The values of a row within a budget, or why it is not compared."""
    if row.cells[0].sees_test:
        return "they see the test"
    seeds: list[tuple[Ints, dict[str, Floats]]] = []
    for cell in row.cells:
        number = most_visited_within(cell.points, budget)
        if number is None:
            return "no setting visits so little"
        values = values_of(cell)
        if values is None or number not in values.points:
            return "the values of queries were not kept"
        seeds.append((values.queries, values.points[number]))
    queries, _ = seeds[0]
    if not all(np.array_equal(queries, other) for other, _ in seeds):
        return "their seeds have different queries"
    by_measure: dict[str, dict[int, Floats]] = defaultdict(dict)
    for cell, (_, columns) in zip(row.cells, seeds, strict=True):
        for measure, column in columns.items():
            by_measure[measure][cell.seed] = column.astype(np.float64)
    return _Values(queries, by_measure)


def _compared(
    measure: str, found: dict[str, _Values], budget: float, reasons: dict[str, list[str]]
) -> Comparison:
    left_out = defaultdict(list, {reason: [*labels] for reason, labels in reasons.items()})
    queries = next(iter(found.values())).queries
    seeds: dict[str, dict[int, Floats]] = {}
    for label, values in found.items():
        if measure not in values.by_measure:
            left_out["they lack the measure"].append(label)
        elif not np.array_equal(values.queries, queries):
            left_out["they have other queries"].append(label)
        else:
            seeds[label] = values.by_measure[measure]
    means = {label: np.mean([*columns.values()], axis=0) for label, columns in seeds.items()}
    # An unseen part leaves the same queries without a value in every row.
    known = ~np.isnan(np.array([*means.values()])).any(axis=0)
    labels = sorted(means, key=lambda label: -float(means[label][known].mean()))
    values_of_rows = np.column_stack([means[label] for label in labels])
    leads = _leads([seeds[label] for label in labels], known)
    title, n_known = COMPARED[measure], int(known.sum())
    return Comparison(
        title, budget, labels, queries, values_of_rows, n_known, leads, dict(left_out)
    )


def _leads(rows: list[dict[int, Floats]], known: Bools) -> dict[tuple[int, int], Ahead]:
    """The leads of pairs of rows, of which each seed has the values of all queries."""
    pairs = {}
    for (a, first), (b, second) in combinations(enumerate(rows), 2):
        common = sorted(first.keys() & second.keys())
        if common and known.any():
            points = 100 * np.array([first[seed] - second[seed] for seed in common])[:, known]
            ahead, behind = ((sign * points.mean(axis=1) > 0).sum() for sign in (1, -1))
            pairs[a, b] = variance(points), len(common), int(ahead), int(behind)
    found = differences([pair for pair, *_ in pairs.values()], len(rows))
    if known.sum() < MIN_PAIRS:
        found = [each._replace(p=math.nan) for each in found]
    return {
        pair: Ahead(points, *seeds)
        for (pair, (_, *seeds)), points in zip(pairs.items(), found, strict=True)
    }


def paired_boards(rows: list[Row], comparisons: list[Comparison]) -> list[Board]:
    """A matrix for each comparison within 10 %; where all may be visited, for the main measure."""
    first = [each.title for each in comparisons[:1]]
    return [
        _matrix(comparison, rows)
        for comparison in comparisons
        if comparison.budget < 1 or comparison.title in first
    ]


def lead_text(lead: Ahead | None) -> str:
    """A lead as boards print it, such as ``+2.7 * (0.3 … 5.1) 5/5``."""
    if lead is None:
        return NONE
    mean, low, high, _ = lead.points
    mark = " *" if lead.is_significant else " °" if lead.n_seeds == 1 else ""
    of_seeds = f" {lead.ahead}/{lead.n_seeds}" if lead.n_seeds > 1 else ""
    return f"{mean:+.1f}{mark} ({low:.1f} … {high:.1f}){of_seeds}"


def at_budget(budget: float) -> str:
    """A budget in words, as it ends a title."""
    return f"at ≤ {100 * budget:.0f} % visited" if budget < 1 else "wherever each visits most"


def _matrix(comparison: Comparison, rows: list[Row]) -> Board:
    labels = comparison.labels
    choose = partial(within, budget=comparison.budget)
    visited = {
        row.label: visited_and_work(row, choose) for row in rows if row.label in comparison.labels
    }
    table = [
        [
            label,
            visited[label],
            *(lead_text(comparison.pairs.get((row, other))) for other in range(1, len(labels))),
        ]
        for row, label in enumerate(labels)
    ]
    n_tested = sum(lead.n_seeds > 1 for lead in comparison.pairs.values())
    few = ""
    if comparison.n_known < MIN_PAIRS:
        few = f" Fewer than {MIN_PAIRS} queries are too few for one, and to rank rows by."
    notes = [
        f"By how many points the row is ahead of the column, over {comparison.n_known:,} "
        "queries and the seeds that both have; the second column has the share that a row visits, "
        "and with its routing cost, each *claimed* where it is the method's own word. In brackets "
        "the 95 % interval over seeds and queries; behind it the number of seeds in which the row "
        "is ahead. An asterisk marks "
        f"p < {ALPHA} with Holm's correction over the {n_tested} pairs of this board that have "
        "several seeds; ° marks one seed, whose interval is over queries alone and of these runs."
        + few,
        *(f"Not compared, as {why}: {', '.join(of)}." for why, of in comparison.left_out.items()),
    ]
    title = f"Ahead by, {comparison.title} {at_budget(comparison.budget)}"
    return Board(title, ["method", "visited / work %", *labels[1:]], table, notes)
