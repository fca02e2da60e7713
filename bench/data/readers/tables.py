"""Tables of text: lines of values, read as strings, with errors that name the line."""

from __future__ import annotations

import csv
import io
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from bench.data.readers.jsonl import opened
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MOST_BYTES = 1 << 30
"""Bytes of a table: a small gzipped file can unpack to one that fills memory."""
_BETWEEN = {",": "commas", "\t": "tabs", None: "blanks"}


def read_table(
    path: Path,
    columns: Sequence[str],
    separator: str | None,
    *,
    header: Sequence[str] | None = None,
    also: Mapping[str, str] = MappingProxyType({}),
    quotes: bool = False,
    longer: bool = False,
) -> pd.DataFrame:
    """Read the named columns as strings without blanks around; the index is the number of the line.

    Blank lines are skipped, and so are other columns.

    Args:
        path: the file, in UTF-8; one named ``.gz`` is unpacked.
        columns: the columns that are read; each line needs a value in each.
        separator: the text between values: a comma, a tab, or None for any number of blanks.
        header: the names of all columns, for a file without a header; None: the first line has
            them.
        also: other name of a column -> its name, for files that have the other names.
        quotes: whether a value may be in double quotes; else the quotes are part of it.
        longer: whether a line may have more values than the header has names.

    Raises:
        InputError: the file cannot be read, is not UTF-8 or lacks a column; a line has too few or
            too many values, or no value in a column that is read.
    """
    rows = _rows(path, separator, quotes=quotes)
    form = f"{', '.join(columns)} with {_BETWEEN[separator]} between"
    numbers, read = [], []
    names = header or next(rows, (1, []))[1]
    if not set(columns) <= set(names):
        names = [also.get(name, name) for name in names]
    missing = [column for column in columns if column not in names]
    if missing:
        raise InputError(
            f"{path}, line 1 has no column {' and no column '.join(missing)}; it must name the "
            f"columns {form}, it is {(separator or ' ').join(names)[:100]!r}"
        )
    places = [names.index(column) for column in columns]
    for number, values in rows:
        if len(values) <= 1 and not any(values):
            continue
        is_valid = max(places) < len(values) and (longer or not any(values[len(names) :]))
        if not is_valid:
            raise InputError(
                f"{path}, line {number} has {len(values)} values for the {len(names)} columns "
                f"{', '.join(names)[:100]}; it needs {form}"
            )
        chosen = [values[place] for place in places]
        if not all(chosen):
            raise InputError(f"{path}, line {number}: a value is missing; it needs {form}")
        numbers.append(number)
        read.append(chosen)
    return pd.DataFrame(read, numbers, list(columns), str)


def read_text(path: Path) -> str:
    """The content of a file in UTF-8; one named ``.gz`` is unpacked.

    Raises:
        InputError: it cannot be read, is not UTF-8, or is longer than what is read at once.
    """
    try:
        with opened(path) as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InputError(f"{path} has more than {MOST_BYTES:,} bytes; it is read at once")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line} is not UTF-8: {error.reason}") from error


def _rows(path: Path, separator: str | None, *, quotes: bool) -> Iterator[tuple[int, list[str]]]:
    """The number and the values of each line."""
    lines = io.StringIO(read_text(path), newline="")
    if separator is None:
        yield from enumerate(map(str.split, lines), start=1)
        return
    reader = csv.reader(
        lines,
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    number = 1
    try:
        for values in reader:
            if reader.line_num > number:  # a value over several lines
                raise csv.Error("the line ends within quotes")
            yield number, [value.strip() for value in values]
            number += 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {number}: {error}; a value in double quotes ends with a quote on the "
            "same line, and a quote within it is written twice"
        ) from error
