"""Rows compared seed by seed and query by query, within the same budget."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.differences import ALPHA, Ahead, differences, variance
from bench.measures.ranking import MEASURES, titled
from bench.measures.recall import MIN_PAIRS
from bench.report.rows import SHARES_NOTE, at, chosen_points, shares_text
from bench.report.table import NONE, Board

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measures.budget import Budget
    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.types import Bools, Floats, Ints

    ValuesOf = Callable[[Cell], QueryValues | None]

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
    pairs: dict[tuple[int, int], Ahead]
    left_out: dict[str, list[str]]

    def lead(self, first: str, second: str) -> Ahead | None:
        """The lead of one row over another, by their labels.

        None if they have no seed in common, or one is not compared.
        """
        if first not in self.labels or second not in self.labels:
            return None
        a, b = self.labels.index(first), self.labels.index(second)
        found = self.pairs.get((min(a, b), max(a, b)))
        return found.reversed() if found and a > b else found


class _Values(NamedTuple):
    """Values of the queries of a row at one point of each seed: measure -> seed -> [n_queries]."""

    queries: Ints
    by_measure: dict[str, dict[int, Floats]]


def compare(rows: list[Row], values_of: ValuesOf, budget: Budget) -> list[Comparison]:
    """A comparison for each measure that at least two rows have.

    Args:
        rows: the rows of one task.
        values_of: a function that gives the values of each query of a cell, or None if not kept.
        budget: the largest cost of a row.
    """
    found, left_out = _gathered(rows, values_of, budget)
    measured = [
        measure for measure in COMPARED if any(measure in v.by_measure for v in found.values())
    ]
    comparisons = [_compared(measure, found, budget, left_out) for measure in measured]
    return [each for each in comparisons if len(each.labels) > 1]


def not_compared(rows: list[Row], values_of: ValuesOf, budget: Budget) -> str:
    """A sentence on why no two rows are compared within a budget."""
    found, left_out = _gathered(rows, values_of, budget)
    reasons = [f"{', '.join(labels)}, as {why}" for why, labels in left_out.items()]
    alone = f"; that leaves {', '.join(found)}" if found else ""
    return f"No two rows are compared {budget.at}. Left out: {'; '.join(reasons) or NONE}{alone}."


def _gathered(
    rows: list[Row], values_of: ValuesOf, budget: Budget
) -> tuple[dict[str, _Values], dict[str, list[str]]]:
    """The values of each row that has some, and the reasons of the others."""
    left_out = defaultdict(list)
    found: dict[str, _Values] = {}
    for row in rows:
        values = _values(row, values_of, budget)
        if isinstance(values, str):
            left_out[values].append(row.label)
        else:
            found[row.label] = values
    return found, left_out


def _values(row: Row, values_of: ValuesOf, budget: Budget) -> _Values | str:
    """The values of a row within a budget, or why it is not compared."""
    if row.cells[0].sees_test:
        return "they see the test"
    seeds: list[tuple[Ints, dict[str, Floats]]] = []
    for cell in row.cells:
        number = budget.most(cell.points)
        if number is None:
            return "no setting costs so little"
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
    measure: str, found: dict[str, _Values], budget: Budget, reasons: dict[str, list[str]]
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
    """A matrix for each comparison."""
    return [_matrix(comparison, rows) for comparison in comparisons]


def lead_text(lead: Ahead | None) -> str:
    """A lead as boards print it, such as ``+2.7 * (0.3 … 5.1) 5/5``."""
    if lead is None:
        return NONE
    mean, low, high, _ = lead.points
    mark = " *" if lead.is_significant else " °" if lead.n_seeds == 1 else ""
    of_seeds = f" {lead.ahead}/{lead.n_seeds}" if lead.n_seeds > 1 else ""
    return f"{mean:+.1f}{mark} ({low:.1f} … {high:.1f}){of_seeds}"


def _matrix(comparison: Comparison, rows: list[Row]) -> Board:
    labels = comparison.labels
    points = {row.label: chosen_points(row, at(comparison.budget)) for row in rows}
    shares = {label: shares_text(found) for label, found in points.items() if found}
    table = [
        [
            label,
            shares[label],
            *(lead_text(comparison.pairs.get((row, other))) for other in range(1, len(labels))),
        ]
        for row, label in enumerate(labels)
    ]
    n_tested = sum(lead.n_seeds > 1 for lead in comparison.pairs.values())
    few = ""
    if comparison.n_known < MIN_PAIRS:
        few = f" Fewer than {MIN_PAIRS} queries are too few for one, and to rank rows by."
    notes = [
        f"By how many points the row is ahead of the column, over {comparison.n_known:,} queries "
        "and the seeds that both have. In brackets the 95 % interval over seeds and queries; "
        "behind it the number of seeds in which the row is ahead. An asterisk marks "
        f"p < {ALPHA} with Holm's correction over the {n_tested} pairs of this board that have "
        "several seeds; ° marks one seed, whose interval is over queries alone and of these runs. "
        f"{SHARES_NOTE}{few}",
        *(f"Not compared, as {why}: {', '.join(of)}." for why, of in comparison.left_out.items()),
    ]
    title = f"Ahead by, {comparison.title} {comparison.budget.at}"
    return Board(title, ["method", "visited / work %", *labels[1:]], table, notes)
