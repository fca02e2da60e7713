"""Rows compared query by query, within the same share of documents visited."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.intervals import difference_intervals, holm, paired_p_values
from bench.measures.ranking import MEASURES, titled
from bench.measures.recall import MIN_PAIRS
from bench.measures.records import BUDGET, most_visited_within
from bench.report.rows import chosen_points, visited_and_work, within_budget
from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.types import Floats, Ints

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


class Difference(NamedTuple):
    """The lead of one row over another, in per cent.

    Attributes:
        mean: mean over queries, with its 95 % bootstrap interval ``low`` to ``high``.
        p: p-value of a paired randomisation test, with Holm's correction over all pairs.
    """

    mean: float
    low: float
    high: float
    p: float


class Comparison(NamedTuple):
    """Rows compared by one measure, at the point of each that visits most within 10 %.

    Attributes:
        title: title of the measure.
        labels: labels of the m rows, the best mean first.
        queries: [n_queries] numbers of the queries.
        values: [n_queries, m], each the mean over seeds; NaN if a query has none.
        n_known: number of queries with a value.
        pairs: numbers of two rows, the first smaller, to their difference.
    """

    title: str
    labels: list[str]
    queries: Ints
    values: Floats
    n_known: int
    pairs: dict[tuple[int, int], Difference]


def compare(rows: list[Row], values_of: ValuesOf) -> list[Comparison]:
    """A comparison for each measure that at least two rows have for each query.

    Args:
        rows: the rows of one task; rows that see the test are left out.
        values_of: a function that gives the values of each query of a cell, or None if not kept.
    """
    honest = [row for row in rows if not row.cells[0].sees_test]
    found = {row.label: seeds for row in honest if (seeds := _within_budget(row, values_of))}
    comparisons = []
    for measure, title in COMPARED.items():
        columns = {
            label: np.mean([values[measure] for _, values in seeds], axis=0)
            for label, seeds in found.items()
            if all(measure in values for _, values in seeds)
        }
        if len(columns) > 1:
            queries = next(iter(found.values()))[0][0]
            comparisons.append(_compared(title, columns, queries))
    return comparisons


def _within_budget(row: Row, values_of: ValuesOf) -> list[tuple[Ints, dict[str, Floats]]]:
    """The queries of each seed and their values within 10 % visited; none if a seed has none."""
    seeds = []
    for cell in row.cells:
        number, values = most_visited_within(cell.points, BUDGET), values_of(cell)
        if number is None or values is None or number not in values.points:
            return []
        seeds.append((values.queries, values.points[number]))
    return seeds


def _compared(title: str, columns: dict[str, Floats], queries: Ints) -> Comparison:
    labels = sorted(columns, key=lambda label: -float(np.nanmean(columns[label])))
    values = np.column_stack([columns[label] for label in labels])
    places = list(combinations(range(len(labels)), 2))
    differences = np.column_stack([values[:, a] - values[:, b] for a, b in places])
    means = 100 * np.nanmean(differences, axis=0)
    low, high = (100 * end for end in difference_intervals(differences))
    adjusted = holm(paired_p_values(differences))
    figures = zip(means, low, high, adjusted, strict=True)
    pairs = {pair: Difference(*each) for pair, each in zip(places, figures, strict=True)}
    n_known = int((~np.isnan(differences[:, 0])).sum())
    return Comparison(title, labels, queries, values, n_known, pairs)


def paired_boards(rows: list[Row], comparisons: list[Comparison]) -> list[Board]:
    """A matrix for each comparison."""
    visited = {
        row.label: visited_and_work(row, within_budget)
        for row in rows
        if chosen_points(row, within_budget)
    }
    return [_matrix(comparison, visited) for comparison in comparisons]


def _matrix(comparison: Comparison, visited: dict[str, str]) -> Board:
    labels = comparison.labels
    few = comparison.n_known < MIN_PAIRS
    text = {
        pair: f"{mean:+.1f}{' *' if p < ALPHA and not few else ''} ({low:.1f} … {high:.1f})"
        for pair, (mean, low, high, p) in comparison.pairs.items()
    }
    table = [
        [label, visited[label], *(text.get((row, other), NONE) for other in range(1, len(labels)))]
        for row, label in enumerate(labels)
    ]
    note = (
        f"By how many points the row is ahead of the column, over {comparison.n_known:,} queries, "
        "each the mean over seeds, at the point of each that visits most within 10 %; the second "
        "column has the share that a row did visit, and with its routing cost, each *claimed* "
        "where it is the method's own word. In brackets a "
        "bootstrap 95 % interval over queries. An asterisk marks p < "
        f"{ALPHA} by a paired randomisation test with Holm's correction over the "
        f"{len(comparison.pairs)} pairs of this board."
    )
    if few:
        note += f" Fewer than {MIN_PAIRS} queries are too few for one, and to rank rows by."
    title = f"Ahead by, {comparison.title} at ≤ 10 % visited"
    return Board(title, ["method", "visited / work %", *labels[1:]], table, [note])
