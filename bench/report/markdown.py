"""Markdown: tables, and links to sections and to the cells behind a board."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench.store.folder import CELL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.report.rows import Row
    from bench.report.table import Board
    from bench.store.cell import Cell


def pipe_table(header: list[str], rows: list[list[str]]) -> str:
    """A table in markdown, with escaped bars and without padding."""
    table = [header, ["---" for _ in header], *rows]
    escaped = [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in table]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def read_tables(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Every row of the tables in a text, each with the header of its table."""
    header: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
        cells = [part.strip().replace("\\|", "|") for part in parts]
        if not set(line) - set("|:- "):
            header = above
        elif header:
            yield header, cells
        above = cells


def anchor(heading: str) -> str:
    """The anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def cell_path(cell: Cell) -> str:
    """A link to a cell from a file in its results folder."""
    return quote(f"runs/{cell.place}/{CELL}", safe="/+=,")


def linked(board: Board, rows: Iterable[Row]) -> Board:
    """A board with the seeds of its rows, each with a link to its cell.

    The name of a row links to its first cell.
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
    return replace(board, rows=table)
