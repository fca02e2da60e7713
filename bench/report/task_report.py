"""All that is told of one task, made once for every form in which it is told."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import card_of_task
from bench.report.boards.all import boards_of, reported_board
from bench.report.comparison import compare
from bench.report.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.report.comparison import Comparison, ValuesOf
    from bench.report.rows import Board, Row
    from bench.store.cell import Cell


class TaskReport(NamedTuple):
    """One task: its cells, their rows, how these compare query by query, and the boards."""

    cells: list[Cell]
    rows: list[Row]
    comparisons: list[Comparison]
    boards: list[Board]


def by_task(cells: Iterable[Cell]) -> list[list[Cell]]:
    """Cells grouped by task; a task whose data changed is another task.

    Datasets come by name, those of arguments (``tree-H=3,W=3``) after the others.
    """
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.task, cell.task_digest].append(cell)
    return [groups[key] for key in sorted(groups, key=lambda key: ("=" in key[0], key))]


def report_of(cells: list[Cell], values_of: ValuesOf) -> TaskReport:
    """The report of one task, the papers' rows last of its boards."""
    rows = rows_of(cells)
    comparisons = compare(rows, values_of)
    boards = boards_of(cells, values_of, comparisons)
    card = card_of_task(cells[0].task)
    if card is not None and card.reported and card.name == cells[0].task:
        boards.append(reported_board(card.reported))
    return TaskReport(cells, rows, comparisons, boards)
