"""Markdown: tables, and links to sections and to the cells behind a board."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench.store.folder import CELL
from bench.system.terminal import NO_ROW, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.report.table import Board
    from bench.store.cell import Cell


class Markdown(str):
    """A text that is markdown by now, such as a link; any other may be of a stranger."""

    __slots__ = ()


_STRUCTURE = re.compile(r"[\\\[\]]|<(?=[A-Za-z/!?])")
"""What a tag, a link, a picture or the end of a cell begins with."""


def entity(sign: str) -> str:
    """A sign that stands for nothing but itself."""
    return f"&#{ord(sign)};"


def escaped(text: str) -> Markdown:
    """A text in one line, without a tag, link or picture; emphasis and code in it stay."""
    if isinstance(text, Markdown):
        return text
    one_line = " ".join(visible(text).split())
    plain = _STRUCTURE.sub(lambda sign: entity(sign[0]), one_line)
    return Markdown(plain.replace("|", "\\|"))


def link(text: str, target: str) -> Markdown:
    """A link to a file of the results folder or to a section."""
    return Markdown(f"[{escaped(text)}]({target})")


def pipe_table(header: list[str], rows: list[list[str]]) -> str:
    """A table in markdown, without padding; what is not markdown by now is escaped.

    A table without rows is a sentence.
    """
    if not rows:
        return NO_ROW
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


def linked(board: Board, targets: Mapping[str, str]) -> Board:
    """A board whose rows have links, by the text of their first column."""
    table = [
        [link(name, targets[name]) if name in targets else name, *texts]
        for name, *texts in board.rows
    ]
    return replace(board, rows=table)
