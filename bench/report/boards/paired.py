"""Rows compared seed by seed and query by query, within the same budget."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.differences import ALPHA, Lead, differences, mean_squares
from bench.measures.recall import MIN_PAIRS
from bench.report.points import SHARES_NOTE, at, shares_text
from bench.report.rows import chosen_points
from bench.report.table import NONE, Board
from bench.report.task_report import COMPARED, Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.measures.budget import Budget
    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.query_values import QueryValues
    from bench.types import Bools, Floats, Ints

    ValuesOf = Callable[[Cell], QueryValues | None]


class RowValues(NamedTuple):
    """Values of the queries of a row at one point of each seed: measure -> seed -> [n_queries]."""

    queries: Ints
    n_seeds: int
    by_measure: dict[str, dict[int, Floats]]


def compare(rows: list[Row], values_of: ValuesOf, budget: Budget) -> list[Comparison]:
    """A comparison for each measure that a row has; the first is by the main measure.

    Args:
        rows: the rows of one task.
        values_of: a function that gives the values of each query of a cell, or None if not kept.
        budget: the largest cost of a row.

    Returns:
        Comparisons with fewer than two rows too, which say why the others are left out; one
        without a row, if no row has values.
    """
    found, left_out = _gathered(rows, values_of, budget)
    measured = [
        measure for measure in COMPARED if any(measure in v.by_measure for v in found.values())
    ]
    return [_compared(measure, found, budget, left_out) for measure in measured] or [
        Comparison("", budget, [], np.zeros(0, int), np.zeros((0, 0)), 0, {}, left_out)
    ]


def why_not(comparison: Comparison) -> str:
    """A sentence on why a comparison has no two rows."""
    reasons = [f"{', '.join(labels)}, as {why}" for why, labels in comparison.left_out.items()]
    by = f" by {comparison.title}" if comparison.title else ""
    alone = f"; that leaves {', '.join(comparison.labels)}" if comparison.labels else ""
    at = comparison.budget.at
    return f"No two rows are compared{by} {at}. Left out: {'; '.join(reasons) or NONE}{alone}."


def _gathered(
    rows: list[Row], values_of: ValuesOf, budget: Budget
) -> tuple[dict[str, RowValues], dict[str, list[str]]]:
    """The values of each row that has some, and the reasons of the others."""
    left_out = defaultdict(list)
    found: dict[str, RowValues] = {}
    for row in rows:
        values = values_at(row, values_of, budget)
        if isinstance(values, str):
            left_out[values].append(row.label)
        else:
            found[row.label] = values
    return found, left_out


def values_at(row: Row, values_of: ValuesOf, budget: Budget) -> RowValues | str:
    """The values of a row within a budget, or why it is not compared."""
    if row.sees_test:
        return "they see the test"
    seeds: list[tuple[Ints, dict[str, Floats]]] = []
    for cell in row.cells:
        number = budget.most(cell.points)
        if number is None:
            if row.is_brought:
                return "no file tells their cost"
            known = [point.visited for point in row.cells[0].points]
            unscored = budget.by == "visited" and None in known
            return "they score no document" if unscored else "no setting costs so little"
        values = values_of(cell)
        if values is None or number not in values.points:
            return "no values of queries are kept there"
        seeds.append((values.queries, values.points[number]))
    queries, _ = seeds[0]
    if not all(np.array_equal(queries, other) for other, _ in seeds):
        return "their seeds have different queries"
    by_measure: dict[str, dict[int, Floats]] = defaultdict(dict)
    for cell, (_, columns) in zip(row.cells, seeds, strict=True):
        for measure, column in columns.items():
            by_measure[measure][cell.seed] = column.astype(np.float64)
    return RowValues(queries, len(seeds), by_measure)


def _compared(
    measure: str, found: dict[str, RowValues], budget: Budget, reasons: dict[str, list[str]]
) -> Comparison:
    left_out = defaultdict(list, {reason: [*labels] for reason, labels in reasons.items()})
    having = [each.queries for each in found.values() if measure in each.by_measure]
    # Those that most rows have.
    queries = max(having, key=lambda one: sum(np.array_equal(one, other) for other in having))
    seeds: dict[str, dict[int, Floats]] = {}
    for label, values in found.items():
        if len(values.by_measure.get(measure, ())) < values.n_seeds:
            left_out["they lack the measure, or a seed of them does"].append(label)
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


def _leads(rows: list[dict[int, Floats]], known: Bools) -> dict[tuple[int, int], Lead]:
    """The leads of pairs of rows, of which each seed has the values of all queries."""
    every = combinations(enumerate(rows), 2)
    return leads({(a, b): (first, second) for (a, first), (b, second) in every}, known)


def leads(
    rows: Mapping[tuple[int, int], tuple[Mapping[int, Floats], Mapping[int, Floats]]], known: Bools
) -> dict[tuple[int, int], Lead]:
    """The leads of the first rows of pairs over the second, tested together.

    Args:
        rows: by the numbers of two rows, the values of each of their seeds, [n_queries].
        known: [n_queries] the queries that have a value in every row.

    Returns:
        The lead of each pair with a seed in common, by the same numbers.
    """
    pairs = {}
    for numbers, (first, second) in rows.items():
        common = sorted(first.keys() & second.keys())
        if common and known.any():
            points = 100 * np.array([first[seed] - second[seed] for seed in common])[:, known]
            ahead, behind = ((sign * points.mean(axis=1) > 0).sum() for sign in (1, -1))
            pairs[numbers] = mean_squares(points), len(common), int(ahead), int(behind)
    several = [pair for pair, (_, n_seeds, *_) in pairs.items() if n_seeds > 1]
    n_rows = len({row for pair in several for row in pair})
    found = differences([pair for pair, *_ in pairs.values()], n_rows)
    if known.sum() < MIN_PAIRS:
        found = [each._replace(p=math.nan) for each in found]
    return {
        pair: Lead(points, *seeds)
        for (pair, (_, *seeds)), points in zip(pairs.items(), found, strict=True)
    }


def paired_boards(rows: list[Row], comparisons: list[Comparison]) -> list[Board]:
    """A matrix for each comparison that has two rows."""
    return [_matrix(each, rows) for each in comparisons if each.has_pairs]


def lead_text(lead: Lead | None) -> str:
    """A lead as boards print it, such as ``+2.7 * (0.3 … 5.1) 5/5``."""
    if lead is None:
        return NONE
    mean, low, high, _ = lead.difference
    mark = " *" if lead.is_significant else "" if lead.is_tested else " °"
    of_seeds = f" {lead.ahead}/{lead.n_seeds}" if lead.n_seeds > 1 else ""
    interval = NONE if math.isinf(low) else f"{low:.1f} … {high:.1f}"
    return f"{mean:+.1f}{mark} ({interval}){of_seeds}"


def _alike(comparison: Comparison) -> list[list[str]]:
    """The rows of equal values together, the shortest name first: indexes that are read whole."""
    by_values = defaultdict(list)
    for label, values in zip(comparison.labels, comparison.values.T, strict=True):
        by_values[values.tobytes()].append(label)
    return [sorted(labels, key=lambda label: (len(label), label)) for labels in by_values.values()]


def _matrix(comparison: Comparison, rows: list[Row]) -> Board:
    points = {row.label: chosen_points(row, at(comparison.budget)) for row in rows}
    shares = {label: shares_text(found) for label, found in points.items() if found}
    alike = _alike(comparison)
    stand_ins = {first for first, *_ in alike}
    shown = [row for row, label in enumerate(comparison.labels) if label in stand_ins]
    labels = [comparison.labels[row] for row in shown]
    equal = [f"{first} for {', '.join(others)}" for first, *others in alike if others]
    table = [
        [
            label,
            shares[label],
            *(lead_text(comparison.pairs.get((row, other))) for other in shown[1:]),
        ]
        for row, label in zip(shown, labels, strict=True)
    ]
    apart = len(comparison.pairs) < math.comb(len(comparison.labels), 2)
    n_tested = sum(lead.is_tested for lead in comparison.pairs.values())
    few = ""
    if comparison.n_known < MIN_PAIRS:
        few = f" Fewer than {MIN_PAIRS} queries are too few for a test, and to rank rows by."
    notes = [
        f"By how many points the row is ahead of the column, over {comparison.n_known:,} queries "
        "and the seeds that both have. In brackets the 95 % interval over seeds and queries; "
        "behind it the number of seeds in which the row is ahead. An asterisk marks "
        f"p < {ALPHA} with Holm's correction over the tested pairs of this board ({n_tested}); "
        "seeds are taken to vary at least as those of the board do on average. ° marks an "
        "untested pair, of one seed or few queries: the interval of one seed is over queries alone "
        f"and of these runs. {SHARES_NOTE}{few}",
        *(["A dash above the diagonal: no seed in common."] if apart else []),
        *([f"Rows of equal values are shown once: {'; '.join(equal)}."] if equal else []),
        *(f"Not compared, as {why}: {', '.join(of)}." for why, of in comparison.left_out.items()),
    ]
    title = f"Ahead by, {comparison.title} {comparison.budget.at}"
    return Board(title, ["method", "visited / work %", *labels[1:]], table, notes)
