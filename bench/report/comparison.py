"""Rows set against each other query by query, within the same share of documents visited."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.intervals import difference_intervals, holm, paired_p_values
from bench.measures.ranking import MEASURES, titled
from bench.measures.records import BUDGET, most_visited_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.types import Floats, Ints

    ValuesOf = Callable[[Cell], QueryValues | None]

COMPARED = {
    **{
        f"{part} {measure.name}".strip(): titled(measure.name, part)
        for measure in MEASURES.values()
        for part in measure.compared
    },
    "recall": "recall (macro)",
}
"""What rows are compared by: the column of a cell's values of queries, and its title."""


class Difference(NamedTuple):
    """How far one row is ahead of another, in per cent.

    Attributes:
        mean: over queries, with its 95 % bootstrap interval ``low`` to ``high``.
        p: of a paired randomisation test, with Holm's correction over all pairs.
    """

    mean: float
    low: float
    high: float
    p: float


class Comparison(NamedTuple):
    """Rows by one measure, at the dearest point of each within 10 % visited.

    Attributes:
        title: of the measure.
        labels: of the m rows, the best mean first.
        queries: [n_queries] numbers of the queries.
        values: [n_queries, m], each the mean over seeds; NaN where a query has none.
        n_known: queries with a value.
        pairs: places of two rows, the first smaller, to their difference.
    """

    title: str
    labels: list[str]
    queries: Ints
    values: Floats
    n_known: int
    pairs: dict[tuple[int, int], Difference]


def compare(rows: list[Row], values_of: ValuesOf) -> list[Comparison]:
    """A comparison for each measure that at least two rows have query by query."""
    found = {row.label: _at_tenth(row, values_of) for row in rows if not row.cells[0].sees_test}
    comparisons = []
    for measure, title in COMPARED.items():
        columns = {
            label: values.points[0][measure]
            for label, values in found.items()
            if values is not None and measure in values.points[0]
        }
        if len(columns) > 1:
            queries = next(values.queries for values in found.values() if values is not None)
            comparisons.append(_compared(title, columns, queries))
    return comparisons


def _at_tenth(row: Row, values_of: ValuesOf) -> QueryValues | None:
    """Values of a row at its dearest point within 10 %, mean over seeds, as its only point."""
    of_seeds = []
    for cell in row.cells:
        number, values = most_visited_within(cell.points, BUDGET), values_of(cell)
        if number is None or values is None or number not in values.points:
            return None
        of_seeds.append(values._replace(points={0: values.points[number]}))
    means = {
        name: np.mean([each.points[0][name] for each in of_seeds], axis=0)
        for name in COMPARED
        if all(name in each.points[0] for each in of_seeds)
    }
    return of_seeds[0]._replace(points={0: means})


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
