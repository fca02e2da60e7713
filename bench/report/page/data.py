"""The page's data on a task: its boards, rows with their curves, and values of queries."""

from __future__ import annotations

import math
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bench.data.cards import card_of_task
from bench.data.load import dataset_of, load_dataset
from bench.measures.budget import UNLIMITED, Budget
from bench.registry import about
from bench.report.boards.against import measures_of
from bench.report.boards.xray import xrayed
from bench.report.charts.curves import curve_of, strata_of, xray_values
from bench.report.columns import key_column, meaning
from bench.report.markdown import cell_path

if TYPE_CHECKING:
    from bench.measures.differences import Lead
    from bench.report.boards.all import TaskReport
    from bench.report.boards.paired import Comparison
    from bench.report.rows import PointMeasure, Row
    from bench.report.table import Board
    from bench.store.cell import Cell
    from bench.types import Floats, Ints

Json: TypeAlias = dict[str, Any]

KEPT_QUERIES = 1_500
"""Tasks of more queries are compared on the page by their means and distances alone."""
LARGEST, NONE = 4094, 4095
"""Codes of the value 1, and of no value."""
DIGITS = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8
)
"""The digits of a code, two for each value."""


def task_json(report: TaskReport, places: list[Json], sentences: list[str]) -> Json:
    """The data of a task.

    Names of queries are read from datasets that are part of the project.

    Args:
        report: the report of the task.
        places: commits, machines and versions that cells were measured with, each once; those of
            this task are added.
        sentences: what columns mean, each once; those of this task are added.
    """
    first = report.cells[0]
    measures = measures_of(report.rows) if report.rows else {}
    card = card_of_task(first.task)
    facts = {} if card is None else card.model_dump(include={"title", "citation", "licence"})
    points = report.rows[0].cells[0].points if report.rows else []
    strata = points[0].recall_by_distance if points else []
    return facts | {
        "name": first.task,
        "digest": first.task_digest,
        "id": f"{first.task}-{first.task_digest[:8]}",
        "queries": first.n_queries,
        "documents": first.n_documents,
        "pairs": bool(first.similarity),
        "notes": first.notes,
        "cut": first.cut,
        "strata": [[each.distance, each.n] for each in strata],
        "measures": list(measures),
        "boards": [board_json(board, sentences) for board in report.boards],
        "limits": {name: each.limit for name, each in _budgets(report.budget).items()},
        "rows": [_row_json(row, report.budget, measures, places) for row in report.rows],
        "compare": _comparisons_json(first, report.budget, report.shown),
    }


def board_json(board: Board, sentences: list[str]) -> Json:
    """A board with the column that it is about, and the number of the sentence on each column."""
    means = [meaning(board.title, column) for column in board.header]
    sentences += dict.fromkeys(text for text in means if text not in sentences)
    numbers = [sentences.index(text) for text in means]
    return asdict(board) | {"key": key_column(board), "means": numbers}


def _row_json(
    row: Row, budget: Budget, measures: dict[str, PointMeasure], places: list[Json]
) -> Json:
    first = row.cells[0]
    at = {name: strata_of(row, limit) for name, limit in _budgets(budget).items()}
    found = {
        "label": row.label,
        "method": first.method,
        **about(first.method, first.plugin)._asdict(),
        "sees": first.sees_test,
        "params": first.params,
        "set": sorted({*first.changed, *row.differing_params}),
        "command": command_of(row),
        "seeds": [_seed_json(cell, places) for cell in row.cells],
        "curve": curve_of(row, measures)._asdict() if first.points else None,
        "at": {name: strata._asdict() for name, strata in at.items() if strata is not None},
    }
    bars = [bar for shown in xrayed([row], budget) for bar in xray_values(shown)]
    if bars:
        # Every bar is of this row, with its terms in this order.
        found["xray"] = [[bar["distance"], bar["why"], bar["missed"]] for bar in bars]
    return found


def _seed_json(cell: Cell, places: list[Json]) -> Json:
    place = cell.provenance.model_dump(mode="json", exclude={"date"})
    if place not in places:
        places.append(place)
    return {
        "seed": cell.seed,
        "path": cell_path(cell),
        "date": cell.provenance.date,
        "place": places.index(place),
    }


def command_of(row: Row) -> str:
    """The command that measures a row again, in a checkout of its commit, quoted for a shell."""
    cell = row.cells[0]
    settings = cell.changed | {name: cell.params[name] for name in row.differing_params}
    words = ["python", "run_bench.py", "--methods", cell.method]
    words += ["--plugin", cell.plugin] if cell.plugin else []
    words += ["--dataset", cell.dataset] if cell.dataset else dataset_option(cell.task)
    words += ["--seeds", ",".join(str(each.seed) for each in row.cells)]
    if "k" in settings and "k" not in cell.params:
        words += ["--k", str(settings.pop("k"))]
    for name, value in settings.items():
        words += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    return shlex.join(words)


def dataset_option(task: str) -> list[str]:
    """``--datasets NAME``, or ``--dataset`` with the arguments or the path of a task's name."""
    dataset = dataset_of(task)
    return ["--dataset" if ":" in dataset else "--datasets", dataset]


def _budgets(budget: Budget) -> dict[str, Budget]:
    """The budgets of a report, by the names that the page has for them."""
    return {"budget": budget, "other": budget.other, "all": UNLIMITED}


def _comparisons_json(cell: Cell, budget: Budget, comparisons: list[Comparison]) -> Json:
    """Comparisons of the rows of a task; with values and names of queries, if they are few."""
    compared = [each for each in comparisons if each.has_pairs]
    found: Json = {"measures": [_comparison_json(each, budget) for each in compared]}
    if compared and len(compared[0].queries) <= KEPT_QUERIES:
        queries = compared[0].queries
        found |= {"numbers": queries.tolist(), "names": _names(cell, queries)}
    return found


def _comparison_json(comparison: Comparison, budget: Budget) -> Json:
    names = {each: name for name, each in _budgets(budget).items()}
    found: Json = {
        "title": f"{comparison.title} {comparison.budget.at}",
        "at": names[comparison.budget],
        "labels": comparison.labels,
        "n": comparison.n_known,
        "pairs": [_lead_json(pair, lead) for pair, lead in comparison.pairs.items()],
        "out": comparison.left_out,
    }
    # Values of queries are most of the page: they are there for one budget.
    if comparison.budget == budget and len(comparison.queries) <= KEPT_QUERIES:
        found["values"] = [packed(column) for column in comparison.values.T]
    return found


def _lead_json(pair: tuple[int, int], lead: Lead) -> list[float | bool | None]:
    """Numbers of two rows; mean, interval and p-value, each or null; a star; numbers of seeds."""
    *figures, p = map(float, lead.difference)
    p_value = float(f"{p:.2g}") if lead.is_tested else None
    rounded = [None if math.isinf(figure) else round(figure, 2) for figure in figures]
    seeds = (lead.ahead, lead.behind, lead.n_seeds)
    return [*pair, *rounded, p_value, lead.is_significant, *seeds]


def packed(values: Floats) -> str:
    """Values from 0 to 1 in steps of 1/4094, NaN kept: two digits of ``DIGITS`` for each."""
    steps = np.where(np.isnan(values), NONE, np.rint(np.nan_to_num(values) * LARGEST)).astype(int)
    text: str = DIGITS[np.column_stack([steps // 64, steps % 64])].tobytes().decode()
    return text


def _names(cell: Cell, queries: Ints) -> list[str] | None:
    """Names of the queries, if the dataset is part of Treeline and unchanged."""
    card = card_of_task(cell.task)
    if card is None or card.folder:
        return None
    task = load_dataset(dataset_of(cell.task))
    if task.digest != cell.task_digest:
        return None
    return [task.query_names[query] for query in queries.tolist()]
