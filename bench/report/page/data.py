"""The page's data on a task: its boards, rows with their curves, and values of queries."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.data.cards import card_of_task
from bench.measures.budget import UNLIMITED
from bench.registry import About, about
from bench.report.boards.against import measures_of
from bench.report.boards.xray import xrayed
from bench.report.charts.curves import curve_of, curves_of_seeds, strata_of, xray_values
from bench.report.columns import key_column, meaning
from bench.report.markdown import cell_path
from bench.report.page.command import SCRIPT, command_of
from bench.report.page.compared import compared_measures, comparisons_json, each_once, name_of
from bench.store.query_values import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.data.cards import Card
    from bench.measures.budget import Budget
    from bench.report.charts.curves import Curve
    from bench.report.points import PointMeasure
    from bench.report.rows import Row
    from bench.report.table import Board
    from bench.report.task_report import TaskReport
    from bench.store.cell import Brought, Cell

Json: TypeAlias = dict[str, Any]


def task_json(
    report: TaskReport,
    places: list[Json],
    sentences: list[str],
    *,
    texts: bool = False,
    run: Sequence[str] = SCRIPT,
) -> Json:
    """The data of a task.

    Args:
        report: the report of the task.
        places: commits, machines and versions that cells were measured with, each once; those of
            this task are added.
        sentences: notes, what columns mean and what methods are, each once; those of this task
            are added.
        texts: whether texts of queries are read from data on this machine.
        run: the words that begin the command of a row.
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
        "group": report.group,
        "pairs": report.is_word_pairs,
        "notes": first.notes,
        "cut": first.cut,
        "strata": [each.distance for each in strata],
        "measures": list(measures),
        "boards": [board_json(board, sentences) for board in report.boards],
        "budget": name_of(report.budget),
        "limits": {name_of(each): each.limit for each in _budgets(report)},
        "rows": [_row_json(row, report, measures, places, sentences, run) for row in report.rows],
        "reported": reported_rows(card, first.task),
        "compare": comparisons_json(report, texts=texts),
    }


def _budgets(report: TaskReport) -> list[Budget]:
    """Those by visited before those by work, the least first, without a limit last."""
    every = {report.budget, report.budget.other, *KEPT}
    return sorted(every, key=lambda each: (each == UNLIMITED, each.by, each.share))


def board_json(board: Board, sentences: list[str]) -> Json:
    """A board with the column that it is about; notes and what columns mean by their numbers."""
    means = [meaning(board.title, column) for column in board.header]
    return asdict(board) | {
        "key": key_column(board),
        "means": numbered(means, sentences),
        "notes": numbered(board.notes, sentences),
    }


def numbered(texts: Iterable[str], sentences: list[str]) -> list[int]:
    """The places of texts in a list that has each once; those that it has not are added."""
    sentences += dict.fromkeys(text for text in texts if text not in sentences)
    return [sentences.index(text) for text in texts]


def _row_json(
    row: Row,
    report: TaskReport,
    measures: dict[str, PointMeasure],
    places: list[Json],
    sentences: list[str],
    run: Sequence[str],
) -> Json:
    first = row.cells[0]
    known = about(first.method, first.plugins) if first.brought is None else _about(first.brought)
    has_curve = bool(first.points) and not row.is_brought
    compared = [*compared_measures(first).values()]
    strata = {name_of(each): strata_of(row, each, compared) for each in _budgets(report)}
    at, strata_once = each_once({name: found for name, found in strata.items() if found})
    found = {
        "label": row.label,
        "method": first.method,
        "kind": known.kind,
        "summary": numbered([known.summary], sentences)[0],
        "sees": first.sees_test,
        "claimed": any(point.self_reported for cell in row.cells for point in cell.points),
        "params": first.params,
        "set": sorted({*first.changed, *row.differing_params}),
        "command": command_of(row, run),
        "seeds": [_seed_json(cell, places) for cell in row.cells],
        "curve": _curve_json(curve_of(row, measures)) if has_curve else None,
        "curves": [*map(_curve_json, curves_of_seeds(row, measures) if has_curve else ())],
        "strata": [each._asdict() for each in strata_once],
        "at": at,
    }
    bars = [bar for shown in xrayed([row], report.budget) for bar in xray_values(shown)]
    if bars:
        # Every bar is of this row, with its terms in this order.
        found["xray"] = [[bar["distance"], bar["why"], bar["missed"]] for bar in bars]
    return found


def _about(brought: Brought) -> About:
    """What the page says of a run that was brought from a file."""
    lacks = f" It lacks {brought.unanswered:,} of the queries, which score 0 here."
    return About(
        "other",
        f"A run brought from a file, {Path(brought.file).name} (sha256 {brought.sha256[:12]}, "
        f"system {brought.tag!r}): documents visited, seconds and memory were not measured."
        + lacks
        * (brought.unanswered > 0),
    )


def _curve_json(curve: Curve) -> Json:
    """A curve, with its measures in the order of the task's."""
    return curve._asdict() | {"measures": [*curve.measures.values()]}


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


def reported_rows(card: Card | None, task: str) -> list[Json]:
    """The rows of papers that a chart can show: by distance, or for a share of the documents."""
    rows = card.reported if card is not None and card.name == task else []
    return [
        {
            "method": row.method,
            "source": row.source,
            "recall": row.recall_by_distance,
            "visited": row.visited,
            "values": row.values,
        }
        for row in rows
        if row.recall_by_distance or row.visited is not None
    ]
