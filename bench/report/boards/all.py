"""All boards over the cells of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.boards.choice import choice_board
from bench.report.boards.cost import costs, unmeasured
from bench.report.boards.hierarchy import hierarchy_boards
from bench.report.boards.leaves import leaf_board
from bench.report.boards.paired import paired_boards
from bench.report.boards.ranking import ranking_boards
from bench.report.boards.word_pairs import similarity_boards
from bench.report.boards.xray import xray_boards
from bench.report.comparison import compare
from bench.report.rows import NONE, Board, earlier_note, rows_of
from bench.store.cell import Cell, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.data.cards import Reported
    from bench.report.comparison import Comparison, ValuesOf


def boards_of(
    cells: Sequence[Cell], values_of: ValuesOf, comparisons: list[Comparison] | None = None
) -> list[Board]:
    """All boards over the cells of one task.

    Args:
        cells: of one task.
        values_of: gives what each query came to in a cell, or None where that is not kept.
        comparisons: of the cells' rows, where they were made before; it takes seconds.
    """
    rows = rows_of(cells)
    boards = []
    if rows:
        first = rows[0].cells[0]
        if first.similarity:
            boards = similarity_boards(rows)
        else:
            boards = hierarchy_boards(rows) if first.cut is None else ranking_boards(rows)
        if comparisons is None:
            comparisons = compare(rows, values_of)
        boards += paired_boards(rows, comparisons)
        boards += choice_board(rows)
        boards += xray_boards(rows)
        boards += leaf_board(rows)
        boards.append(costs(rows))
    if boards:
        boards[0].notes.extend(earlier_note(rows))
    skipped = [cell for cell in cells if cell.status is not Status.OK]
    if skipped:
        boards.append(unmeasured(skipped))
    return boards


def reported_board(reported: Sequence[Reported]) -> Board:
    """Rows that papers published, apart from what was measured."""
    n_distances = max(len(row.recall_by_distance) for row in reported)
    names = list(dict.fromkeys(name for row in reported for name in row.values))
    whole = [name for name in ("overall", "min") if any(getattr(row, name) for row in reported)]
    header = ["method (reported)", "source", *whole, *names, *map(str, range(n_distances))]
    table = []
    for row in reported:
        found = [getattr(row, name) for name in whole] + [row.values.get(name) for name in names]
        strata = [*row.recall_by_distance, *[None] * (n_distances - len(row.recall_by_distance))]
        table.append([row.method, row.source, *map(_figure, found), *map(_figure, strata)])
    comments = [f"{row.method}: {row.comment}." for row in reported if row.comment]
    notes = ["*Reported* by the papers, not measured here.", *comments]
    return Board("Reported", header, table, notes)


def _figure(value: float | None) -> str:
    """As printed: per cent with one digit, correlations below 1 with three."""
    if value is None:
        return NONE
    return f"{value:.3f}" if abs(value) < 1 else f"{value:.1f}"
