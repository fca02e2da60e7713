"""Links of what is published: to the cells that a board is made of, and to sections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench.report.rows import Board
from bench.store.folder import CELL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.report.rows import Row
    from bench.store.cell import Cell


def cell_path(cell: Cell) -> str:
    """A link to a cell from a file in its results folder."""
    return quote(f"runs/{cell.place}/{CELL}", safe="/+=,")


def linked(board: Board, rows: Iterable[Row]) -> Board:
    """A board with the seeds of its rows told one by one, each a link to its cell.

    The name of a row leads to its first cell.
    """
    cells = {row.label: row.cells for row in rows}
    seeds = board.header.index("seeds") if "seeds" in board.header else None
    table = []
    for row in board.rows:
        texts = list(row)
        if (found := cells.get(texts[0])) is not None:
            texts[0] = f"[{texts[0]}]({cell_path(found[0])})"
            if seeds is not None:
                texts[seeds] = " ".join(f"[{cell.seed}]({cell_path(cell)})" for cell in found)
        table.append(texts)
    return Board(board.title, board.header, table, board.notes)


def anchor(heading: str) -> str:
    """Of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
