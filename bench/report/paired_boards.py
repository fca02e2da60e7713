"""Who beats whom: paired differences within the same share of documents visited."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from bench.measured import dearest_within
from bench.measures.significance import difference_intervals, holm, paired_p_values
from bench.report.board import NONE, Board, chosen_points, within_tenth

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cell import Cell
    from bench.query_values import QueryValues
    from bench.report.board import Row
    from bench.types import Floats

    ValuesOf = Callable[[Cell], QueryValues | None]

ALPHA = 0.05
MEASURES = {
    "nDCG@10": "nDCG@10",
    "R@100": "R@100",
    "unseen R@100": "R@100 of unseen documents",
    "recall": "recall (macro)",
}


def paired_boards(rows: list[Row], values_of: ValuesOf) -> list[Board]:
    """A matrix for each measure, over the rows that have a point within 10 % visited."""
    found = {row.label: _at_tenth(row, values_of) for row in rows if not row.cells[0].sees_test}
    looked = {row.label: _looked_at(row) for row in rows}
    boards = []
    for measure, title in MEASURES.items():
        compared = {
            label: values[measure]
            for label, values in found.items()
            if values is not None and measure in values
        }
        if len(compared) > 1:
            boards.append(_matrix(compared, looked, title))
    return boards


def _at_tenth(row: Row, values_of: ValuesOf) -> dict[str, Floats] | None:
    """[n_queries] values of a row at its dearest point within 10 %, mean over seeds."""
    of_seeds = []
    for cell in row.cells:
        number, values = dearest_within(cell.points, 0.1), values_of(cell)
        if number is None or values is None:
            return None
        of_seeds.append(values.points[number])
    return {
        name: np.mean([each[name] for each in of_seeds], axis=0)
        for name in MEASURES
        if name in of_seeds[0]
    }


def _looked_at(row: Row) -> str:
    """Mean shares visited and worked at these points, in per cent."""
    points = chosen_points(row, within_tenth) or []
    shares = [(point.visited, point.work) for point in points]
    return " / ".join(f"{100 * fmean(share):.1f}" for share in zip(*shares, strict=True))


def _matrix(values: dict[str, Floats], looked: dict[str, str], title: str) -> Board:
    labels = sorted(values, key=lambda label: -float(np.nanmean(values[label])))
    pairs = list(combinations(range(len(labels)), 2))
    differences = np.column_stack([values[labels[a]] - values[labels[b]] for a, b in pairs])
    means = 100 * np.nanmean(differences, axis=0)
    adjusted = holm(paired_p_values(differences))
    low, high = (100 * end for end in difference_intervals(differences))
    text = {
        pair: f"{mean:+.1f}{' *' if p < ALPHA else ''} ({least:.1f} … {most:.1f})"
        for pair, mean, p, least, most in zip(pairs, means, adjusted, low, high, strict=True)
    }
    table = [
        [label, looked[label]] + [text.get((row, column), NONE) for column in range(1, len(labels))]
        for row, label in enumerate(labels)
    ]
    n_queries = int((~np.isnan(differences[:, 0])).sum())
    note = (
        f"By how many points the row is ahead of the column, over {n_queries:,} queries, each the "
        "mean over seeds, at the dearest point of each within 10 % visited; the second column has "
        "the share that a row did visit, and with its routing cost. In brackets a bootstrap 95 % "
        "interval over queries. An asterisk marks p < "
        f"{ALPHA} by a paired randomisation test with Holm's correction over the "
        f"{len(pairs)} pairs of this board."
    )
    return Board(
        f"Ahead by, {title} at ≤ 10 % visited",
        ["method", "visited / work %", *labels[1:]],
        table,
        [note],
    )
