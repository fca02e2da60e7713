"""The page's data on rows compared: their leads within every budget, and values of queries."""

from __future__ import annotations

import math
from itertools import combinations
from operator import methodcaller
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from bench.data.cards import card_of_task
from bench.data.load import dataset_of, load_dataset
from bench.errors import InputError
from bench.measures.budget import UNLIMITED
from bench.measures.ranking import MEASURES, titled
from bench.report.points import most_visited, parts_of
from bench.report.task_report import COMPARED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.measures.budget import Budget
    from bench.measures.differences import Lead
    from bench.report.points import PointMeasure
    from bench.report.task_report import Comparison, TaskReport
    from bench.store.cell import Cell
    from bench.types import Floats, Ints

Json: TypeAlias = dict[str, Any]
Each = TypeVar("Each")

KEPT_QUERIES = 1_500
"""Tasks of more queries are compared on the page by their means and distances alone."""
LARGEST, NONE = 4094, 4095
"""Codes of the value 1, and of no value."""
DIGITS = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8
)
"""The digits of a code, two for each value."""


def name_of(budget: Budget) -> str:
    """The name that the page and its addresses have for a budget: ``visited-10``, ``all``."""
    return "all" if budget == UNLIMITED else f"{budget.by}-{100 * budget.share:g}"


def each_once(values: Mapping[str, Each]) -> tuple[dict[str, int], list[Each]]:
    """The place of each name's value in a list that has every value once, and the list."""
    once: list[Each] = []
    for value in values.values():
        if value not in once:
            once.append(value)
    return {name: once.index(value) for name, value in values.items()}, once


def compared_measures(cell: Cell) -> dict[str, PointMeasure]:
    """The measures that rows are compared by, by the titles of comparisons, the main one first."""
    if not cell.points:
        return {}
    if cell.cut is None:
        return {COMPARED["recall"]: lambda point: point.macro}
    return {
        titled(name, part): methodcaller("mean", name, part)
        for name, measure in MEASURES.items()
        for part in measure.compared
        if part in parts_of(most_visited(cell))
    }


def comparisons_json(report: TaskReport, *, texts: bool) -> Json:
    """The rows of a task compared, with values and names of queries if these are few.

    ``at`` has for each budget its place in ``lists``, of a comparison for each measure of
    ``titles`` of which values were kept. Rows are told by their number, and columns of values by
    their place in ``columns``.

    Args:
        report: the report of the task.
        texts: whether texts of queries are read from data on this machine.
    """
    every = [each for of in report.comparisons.values() for each in of if each.has_pairs]
    queries = every[0].queries if every and len(every[0].queries) <= KEPT_QUERIES else None
    columns: dict[str, int] = {}
    numbers = {row.label: number for number, row in enumerate(report.rows)}
    at, lists = each_once(
        {
            name_of(budget): [_comparison_json(each, numbers, queries, columns) for each in of]
            for budget, of in report.comparisons.items()
        }
    )
    titles = [*compared_measures(report.rows[0].cells[0])] if report.rows else []
    found: Json = {"at": at, "lists": lists, "columns": [*columns], "titles": titles}
    if queries is not None:
        found |= {
            "numbers": queries.tolist(),
            "names": _names(report.cells[0], queries, texts=texts),
        }
    return found


def _comparison_json(
    comparison: Comparison, rows: dict[str, int], queries: Ints | None, columns: dict[str, int]
) -> Json:
    """A comparison; the values of its queries are added to the columns."""
    labels = comparison.labels
    pairs = combinations(range(len(labels)), 2)
    found: Json = {
        "title": comparison.title,
        "rows": [rows[label] for label in labels],
        "n": comparison.n_known,
        "leads": [_lead_json(comparison.pairs.get(pair)) for pair in pairs],
        "out": {why: [rows[each] for each in of] for why, of in comparison.left_out.items()},
    }
    if queries is not None and np.array_equal(queries, comparison.queries):
        texts = [packed(column) for column in comparison.values.T]
        found["values"] = [columns.setdefault(text, len(columns)) for text in texts]
    return found


def _lead_json(lead: Lead | None) -> list[float | None] | None:
    """Mean, interval, p-value (each or null), 1 for a star, numbers of seeds; null for no lead."""
    if lead is None:
        return None
    *figures, p = map(float, lead.difference)
    p_value = float(f"{p:.2g}") if lead.is_tested else None
    rounded = [None if math.isinf(figure) else round(figure, 2) for figure in figures]
    return [*rounded, p_value, int(lead.is_significant), lead.ahead, lead.behind, lead.n_seeds]


def packed(values: Floats) -> str:
    """Values from 0 to 1 in steps of 1/4094, NaN kept: two digits of ``DIGITS`` for each."""
    steps = np.where(np.isnan(values), NONE, np.rint(np.nan_to_num(values) * LARGEST)).astype(int)
    text: str = DIGITS[np.column_stack([steps // 64, steps % 64])].tobytes().decode()
    return text


def _names(cell: Cell, queries: Ints, *, texts: bool) -> list[str] | None:
    """Names of the queries where data is Treeline's own, or texts where their licence allows it.

    None for other data, for data that has changed and for data that is not on this machine.
    """
    card = card_of_task(cell.task)
    if card is None or (card.folder and not (texts and card.query_texts)):
        return None
    try:
        task = load_dataset(dataset_of(cell.task))
    except InputError:
        return None
    names: Sequence[str] = task.query_names
    if card.query_texts and task.query_texts is not None:
        names = task.query_texts
    return [names[query] for query in queries.tolist()] if task.digest == cell.task_digest else None
