"""Markdown: tables, and links to sections and to the cells behind a board."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench.store.folder import CELL
from bench.system.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.report.rows import Row
    from bench.report.table import Board
    from bench.store.cell import Cell


class Markdown(str):
    """A text that is markdown by now, such as a link; any other may be of a stranger."""

    __slots__ = ()


_STRUCTURE = re.compile(r"[\\\[\]]|<(?=[A-Za-z/!?])")
"""What a tag, a link, a picture or the end of a cell begins with."""


def escaped(text: str) -> Markdown:
    """A text in one line, without a tag, link or picture; emphasis and code in it stay."""
    if isinstance(text, Markdown):
        return text
    one_line = " ".join(visible(text).split())
    plain = _STRUCTURE.sub(lambda sign: f"&#{ord(sign[0])};", one_line)
    return Markdown(plain.replace("|", "\\|"))


def link(text: str, target: str) -> Markdown:
    """A link to a file of the results folder or to a section."""
    return Markdown(f"[{escaped(text)}]({target})")


def pipe_table(header: list[str], rows: list[list[str]]) -> str:
    """A table in markdown, without padding; what is not markdown by now is escaped."""
    table = [header, ["---" for _ in header], *rows]
    return "\n".join(f"| {' | '.join(map(escaped, row))} |" for row in table)


def read_tables(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Every row of the tables in a text, each with the header of its table."""
    header: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
        cells = [html.unescape(part.strip().replace("\\|", "|")) for part in parts]
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
    return target_of(f"runs/{cell.place}/{CELL}")


def target_of(path: str) -> str:
    """The target of a link to a path in the results folder."""
    return quote(path, safe="/+=,")


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
            texts[0] = link(texts[0], cell_path(found[0]))
            if seeds is not None:
                of_seeds = (link(str(cell.seed), cell_path(cell)) for cell in found)
                texts[seeds] = Markdown(" ".join(of_seeds))
        table.append(texts)
    return replace(board, rows=table)
