"""Figures that pages quote from tables: in a sentence, or as an excerpt of tables.

A figure in a sentence stands behind a comment that says where it is from, and before an empty one::

    <!-- results/boards/wordnet.md > Recall by distance > masked-de dim=16 > min -->95.9<!-- -->

that is file, heading, row and column; a fifth part, such as ``> 2``, takes the second number of
that field. A figure from elsewhere names its source, ``<!-- printed: arXiv 1705.08039 -->0.512``;
one of a trial names what was run, ``<!-- tried: examples/popularity.py on tree -->41.3``. Sections
of trials (*What was tried*) and of arithmetic (*A worked example*) say so in their headings.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.report.markdown import pipe_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ELSEWHERE = ("printed: ", "tried: ")
"""Begin the source of a figure that no table here has."""
_QUOTED = re.compile(
    r"(<!-- ([^<>]+(?: > [^<>]+)+|(?:printed|tried): [^<>]+) -->)([^<]*)(<!-- -->)"
)
_NUMBER = re.compile(r"(?<![\w.-])[-−]?\d[\d,]*(?:\.\d+)?")
_DECIMAL = re.compile(r"(?<![\w.-])\d*\.\d+(?![\w.]*\d)")
_VERSION = re.compile(r"(?:arXiv|WordNet|Python|CUDA|BEIR|p <) [\d.]+")
_COMPUTED = re.compile(r"<!-- \w+: made by \S+ -->.*?<!-- end -->", re.DOTALL)
_CODE = re.compile(r"^```.*?^```|^ {4}.*?$|`[^`]*`", re.DOTALL | re.MULTILINE)
_ADDRESS = re.compile(r"\]\([^)]*\)")
_LINK = re.compile(r"\[(.*?)\]\([^)]*\)")
_DECLARED = re.compile(
    r"^(#+) (?:What was tried|A worked example).*?(?=^(?!\1#)#+ |\Z)", re.DOTALL | re.MULTILINE
)
_FRAME = re.compile(r"[`*]")
METHOD = "method"
"""The first column of a board."""
AGED = " †"
"""Ends the label of a row that an earlier version of its code measured."""


class Table(NamedTuple):
    """A table of a page.

    Attributes:
        heading: the nearest heading above it.
        columns: their names.
        rows: the fields of each row.
    """

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def row(self, name: str) -> tuple[str, ...] | None:
        """The first row that begins with this label, or with these, such as ``95 % / 4 / 5``.

        A row of an earlier version stands in where there is none of today's.
        """
        labels = tuple(name.split(" / "))
        for row in sorted(self.rows, key=lambda row: row[0].endswith(AGED)):
            today = (row[0].removesuffix(AGED), *row[1:])
            if today[0] == name or today[: len(labels)] == labels:
                return row
        return None


class Column(NamedTuple):
    """A column of an excerpt: its title there, and the heading and the column it is from."""

    title: str
    heading: str
    column: str


def quoted(text: str, root: Path) -> str:
    """The text with each figure as its table has it today.

    Raises:
        InputError: a table, row or column is not there.
    """

    def of_today(match: re.Match[str]) -> str:
        begin, source, shown, end = match.groups()
        if source.startswith(ELSEWHERE):
            return match[0]
        page, heading, row, column, *nth = (part.strip() for part in source.split(" > "))
        numbers = _NUMBER.findall(field(root / page, heading, row, column))
        place = int(nth[0]) if nth else 1
        if len(numbers) < place:
            raise InputError(f"{source}: it shows {numbers or 'no number'}, and quoted is {shown}")
        return f"{begin}{numbers[place - 1].replace('-', '−')}{end}"

    return _QUOTED.sub(of_today, text)


def excerpt(page: Path, rows: Sequence[str], columns: Sequence[Column]) -> str:
    """A table of some rows and columns of a page's tables.

    Raises:
        InputError: a table, row or column is not there.
    """
    table = []
    for row in rows:
        label = field(page, columns[0].heading, row, METHOD)
        fields = (field(page, each.heading, row, each.column) for each in columns)
        table.append([f"`{row}`{label.removeprefix(row)}", *fields])
    return pipe_table([METHOD, *(each.title for each in columns)], table)


def without_source(text: str) -> list[str]:
    """The decimal numbers that are neither quoted, nor computed, nor code, nor of a trial."""
    for aside in (_COMPUTED, _CODE, _DECLARED, _QUOTED, _ADDRESS, _VERSION):
        text = aside.sub("", text)
    return _DECIMAL.findall(text)


def field(page: Path, heading: str, row: str, column: str) -> str:
    """A field of the first table below a heading that has this row and column."""
    below = [table for table in _tables(page.read_text("utf-8")) if table.heading == heading]
    for table in below:
        if column in table.columns and (found := table.row(row)):
            return found[table.columns.index(column)]
    rows = sorted({row[0] for table in below for row in table.rows})
    columns = sorted({name for table in below for name in table.columns})
    raise InputError(
        f"{page}: no table below {heading!r} has row {row!r} and column {column!r}; "
        f"rows: {', '.join(rows) or 'none'}; columns: {', '.join(columns) or 'none'}"
    )


def tables_of(text: str) -> Iterator[Table]:
    """The tables of a page in their order; marks of a label, as of age, are left out."""
    heading = ""
    for block in re.split(r"\n\s*\n|(?=^#)", text, flags=re.MULTILINE):
        lines = block.strip().splitlines()
        if lines and lines[0].startswith("#"):
            heading = _plain(lines[0].lstrip("#"))
        table = [_fields(line) for line in lines if line.startswith("|")]
        if table:
            columns, _, *rows = table
            yield Table(heading, columns, rows)


@lru_cache
def _tables(text: str) -> tuple[Table, ...]:
    """The tables of a page, which are asked for once for each figure."""
    return tuple(tables_of(text))


def _fields(line: str) -> tuple[str, ...]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return tuple(_plain(part) for part in parts)


def _plain(text: str) -> str:
    return _FRAME.sub("", _LINK.sub(r"\1", text.strip())).replace("\\|", "|").strip()
