"""All boards over the cells of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.data.cards import card_of_task
from bench.measures.budget import DEFAULT, UNLIMITED, Budget
from bench.report.boards.against import against_boards
from bench.report.boards.choice import choice_boards
from bench.report.boards.cost import cost_board, leaf_board, unmeasured_board
from bench.report.boards.latency import latency_boards
from bench.report.boards.main import main_board
from bench.report.boards.paired import compare, paired_boards, why_not
from bench.report.boards.recall import recall_boards
from bench.report.boards.ties import tied_note
from bench.report.boards.word_pairs import word_pair_boards
from bench.report.boards.xray import xray_boards
from bench.report.rows import brought_note, earlier_note, rows_of, versions_note
from bench.report.table import NONE, Board
from bench.report.task_report import TaskReport
from bench.store.cell import Cell, Status
from bench.store.query_values import KEPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.data.cards import Reported
    from bench.report.boards.paired import ValuesOf
    from bench.report.rows import Row
    from bench.report.task_report import Comparison


MOST_ROWS = 50
"""More rows are compared within the dataset's budget and without a limit alone: pairs are many."""


def report_of(
    cells: list[Cell], values_of: ValuesOf, budget: Budget | None = None, name: str = ""
) -> TaskReport:
    """All boards over the cells of one task, the papers' rows last.

    Args:
        cells: the cells of one task.
        values_of: a function that gives the values of each query of a cell, or None if not kept.
        budget: the largest cost at which rows are compared; None: that of the dataset's card.
        name: the task's name among those of a results folder; empty: the one in its cells.
    """
    rows = rows_of(cells)
    card = card_of_task(cells[0].task)
    budget = budget or (DEFAULT if card is None else card.compared_at)
    budgets = (budget, budget.other, *(KEPT if len(rows) <= MOST_ROWS else (UNLIMITED,)))
    comparisons = _comparisons(rows, values_of, budgets)
    shown = [*comparisons[budget], *(comparisons[each][0] for each in (budget.other, UNLIMITED))]
    reported = card.reported if card is not None and card.name == cells[0].task else []
    boards = _measured_boards(rows, budget, shown, reported) if rows else []
    if sum(bool(row.cells[0].points) for row in rows) > 1:
        boards[0].notes.extend(why_not(each) for each in shown if not each.has_pairs)
    skipped = [cell for cell in cells if cell.status is not Status.OK]
    if skipped:
        boards.append(unmeasured_board(skipped))
    if reported:
        boards.append(_reported_board(reported))
    return TaskReport(name or cells[0].task, cells, rows, budget, comparisons, shown, boards)


def _comparisons(
    rows: list[Row], values_of: ValuesOf, budgets: Sequence[Budget]
) -> dict[Budget, list[Comparison]]:
    """The comparisons within each budget, made once where budgets choose the same points."""
    values = {cell.key: values_of(cell) for row in rows for cell in row.cells}
    made: dict[tuple[int | None, ...], list[Comparison]] = {}
    found = {}
    for budget in budgets:
        chosen = tuple(budget.most(cell.points) for row in rows for cell in row.cells)
        if chosen not in made:
            made[chosen] = compare(rows, lambda cell: values[cell.key], budget)
        found[budget] = [each._replace(budget=budget) for each in made[chosen]]
    return found


def _measured_boards(
    rows: list[Row],
    budget: Budget,
    comparisons: list[Comparison],
    reported: Sequence[Reported],
) -> list[Board]:
    if rows[0].cells[0].similarity:
        boards = word_pair_boards(rows, reported)
    else:
        boards = [main_board(rows, budget), *recall_boards(rows, budget), *against_boards(rows)]
    boards += paired_boards(rows, comparisons)
    boards += choice_boards(rows, budget)
    boards += xray_boards(rows, budget)
    boards += latency_boards(rows)
    boards += [board for board in (leaf_board(rows, budget),) if board.rows]
    boards.append(cost_board(rows, budget))
    boards[0].notes.extend([*tied_note(rows), *earlier_note(rows), *versions_note(rows)])
    boards[0].notes.extend(brought_note(rows))
    return boards


def _reported_board(reported: Sequence[Reported]) -> Board:
    """Rows that papers published, separate from measured rows."""
    n_distances = max(len(row.recall_by_distance) for row in reported)
    names = list(dict.fromkeys(name for row in reported for name in row.values))
    whole = [name for name in ("overall", "min") if any(getattr(row, name) for row in reported)]
    sizes = ["parameters"] if any(row.parameters for row in reported) else []
    header = ["method (reported)", "source", *sizes, *whole, *names, *map(str, range(n_distances))]
    table = []
    for row in reported:
        found = [getattr(row, name) for name in whole] + [row.values.get(name) for name in names]
        strata = [*row.recall_by_distance, *[None] * (n_distances - len(row.recall_by_distance))]
        size = [row.parameters or NONE for _ in sizes]
        table.append([row.method, row.source, *size, *map(_figure, [*found, *strata])])
    comments = [f"{row.method}: {row.comment}." for row in reported if row.comment]
    notes = ["*Reported* by the papers, not measured here.", *comments]
    return Board("Reported", header, table, notes)


def _figure(value: float | None) -> str:
    """A figure as printed: per cent with one digit, correlations below 1 with three."""
    if value is None:
        return NONE
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}"
