"""Who beats whom: paired differences at an equal share of documents visited."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from bench.measures.significance import holm, paired_p_values
from bench.query_values import told
from bench.report.board import NONE, Board, within_tenth

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
    "recall": "recall",
}


def paired_boards(rows: list[Row], values_of: ValuesOf) -> list[Board]:
    """A matrix for each measure, over the rows that have a point within 10 % visited."""
    found = {row.label: _at_tenth(row, values_of) for row in rows if not row.cells[0].sees_test}
    boards = []
    for measure, title in MEASURES.items():
        compared = {
            label: values[measure]
            for label, values in found.items()
            if values is not None and measure in values
        }
        if len(compared) > 1:
            boards.append(_matrix(compared, title))
    return boards


def _at_tenth(row: Row, values_of: ValuesOf) -> dict[str, Floats] | None:
    """[n_queries] values of a row at its dearest point within 10 %, mean over seeds."""
    of_seeds = []
    for cell in row.cells:
        point, values = within_tenth(cell), values_of(cell)
        if point is None or values is None:
            return None
        number = next(n for n in told(cell.points) if cell.points[n] is point)
        of_seeds.append(values.points[number])
    return {name: np.mean([each[name] for each in of_seeds], axis=0) for name in of_seeds[0]}


def _matrix(values: dict[str, Floats], title: str) -> Board:
    labels = sorted(values, key=lambda label: -float(np.nanmean(values[label])))
    pairs = list(combinations(range(len(labels)), 2))
    differences = np.column_stack([values[labels[a]] - values[labels[b]] for a, b in pairs])
    means = 100 * np.nanmean(differences, axis=0)
    adjusted = holm(paired_p_values(differences))
    text = {
        pair: f"{mean:+.1f}{' *' if p < ALPHA else ''}"
        for pair, mean, p in zip(pairs, means, adjusted, strict=True)
    }
    table = [
        [label, *(text.get((row, column), NONE) for column in range(1, len(labels)))]
        for row, label in enumerate(labels[:-1])
    ]
    n_queries = int((~np.isnan(differences[:, 0])).sum())
    note = (
        f"By how many points the row is ahead of the column, over {n_queries:,} queries, each the "
        "mean over seeds, at the dearest point of each within 10 % visited. An asterisk marks p < "
        f"{ALPHA} by a paired randomisation test with Holm's correction over the "
        f"{len(pairs)} pairs of this board."
    )
    return Board(f"Ahead by, {title} at ≤ 10 % visited", ["method", *labels[1:]], table, [note])
