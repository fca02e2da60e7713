"""What each query came to, small enough for the page: two bytes a value."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.data.cards import card_of_task
from bench.data.load import dataset_of, load_dataset

if TYPE_CHECKING:
    from bench.report.comparison import Comparison
    from bench.store.cell import Cell
    from bench.types import Floats, Ints

KEPT_QUERIES = 5_000
"""Tasks of more queries are compared on the page by their means and distances alone."""
LARGEST, NONE = 65_534, 65_535
"""What stands for 1, and for no value."""


def comparisons_json(cell: Cell, comparisons: list[Comparison]) -> dict[str, Any]:
    """The comparisons of a task; values of queries, and their names, where they are few."""
    found: dict[str, Any] = {"measures": [_comparison_json(each) for each in comparisons]}
    if comparisons and len(comparisons[0].queries) <= KEPT_QUERIES:
        queries = comparisons[0].queries
        found["numbers"] = queries.tolist()
        found["names"] = _names(cell, queries)
    return found


def packed(values: Floats) -> str:
    """Values from 0 to 1 in steps of 1/65534, NaN kept: little-endian 16 bits each, in base64."""
    steps = np.where(np.isnan(values), NONE, np.rint(np.nan_to_num(values) * LARGEST))
    return base64.b64encode(steps.astype("<u2").tobytes()).decode()


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    pairs = [
        [
            a,
            b,
            *(round(float(figure), 2) for figure in difference[:3]),
            float(f"{difference.p:.2g}"),
        ]
        for (a, b), difference in comparison.pairs.items()
    ]
    found: dict[str, Any] = {
        "title": comparison.title,
        "labels": comparison.labels,
        "n": comparison.n_known,
        "pairs": pairs,
    }
    if len(comparison.queries) <= KEPT_QUERIES:
        found["values"] = [packed(column) for column in comparison.values.T]
    return found


def _names(cell: Cell, queries: Ints) -> list[str] | None:
    """Names of the queries, of a dataset that comes with Treeline and is still the same."""
    card = card_of_task(cell.task)
    if card is None or card.folder or card.takes_path:
        return None
    task = load_dataset(dataset_of(cell.task))
    if task.digest != cell.task_digest:
        return None
    return [task.query_names[query] for query in queries.tolist()]
