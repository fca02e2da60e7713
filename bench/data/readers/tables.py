"""Tables of text: lines of values, read as strings, with errors that name the line."""

from __future__ import annotations

import codecs
import csv
import io
import re
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
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PREAMBLE = re.compile(r"\A(?:\"?sep=.\"?\s*?\n|# [^\n]*\n|\s*\n)*")
_BETWEEN = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "pipes", None: "blanks"}


def read_table(
    path: Path,
    columns: Sequence[str],
    separator: str | None,
    *,
    header: Sequence[str] | None = None,
    also: Mapping[str, str] = MappingProxyType({}),
    optional: Sequence[str] = (),
    quotes: bool = False,
    longer: bool = False,
) -> pd.DataFrame:
    """Read the named columns as strings without blanks around; the index is the number of the line.

    Lines without a value, comments that begin with ``# `` and other columns are skipped.

    Args:
        path: the file, in UTF-8 or UTF-16; one named ``.gz`` is unpacked.
        columns: the columns that are read; each line needs a value in each.
        separator: the text between values: a comma, a tab, a semicolon, a pipe, or None for any
            number of blanks.
        header: the names of all columns, for a file without a header; None: the first line has
            them.
        also: other name of a column -> its name, for files that have the other names.
        optional: further columns that are read, in which a line may have no value.
        quotes: whether a value may be in double quotes; else the quotes are part of it.
        longer: whether a line may have more values than the header has names.

    Raises:
        InputError: the file cannot be read, is not UTF-8 or lacks a column; a line has too few or
            too many values, or no value in a column that is read.
    """
    rows = rows_of(path, separator, quotes=quotes)
    form = f"{', '.join(columns)} with {_BETWEEN[separator]} between"
    numbers, read = [], []
    first_number, first_line = (1, header) if header else next(rows, (1, []))
    names = first_line
    wanted = [*columns, *optional]
    if not set(wanted) <= set(names):
        names = [also.get(name, name) for name in names]
    missing = [column for column in wanted if column not in names]
    if missing:
        line = (separator or " ").join(first_line)[:100]
        needed = [*columns, *(column for column in missing if column not in columns)]
        raise InputError(
            f"{path}, line {first_number} has no column {' and no column '.join(missing)}; it must "
            f"name the columns {', '.join(needed)} with {_BETWEEN[separator]} between, it is "
            f"{line!r}"
        )
    places = [names.index(column) for column in wanted]
    for number, values in rows:
        is_comment = len(values) < len(names) and values[:1] and values[0].startswith("# ")
        if is_comment or not any(values):
            continue
        is_valid = max(places) < len(values) and (longer or not any(values[len(names) :]))
        if not is_valid:
            raise InputError(
                f"{path}, line {number} has {len(values)} values for the {len(names)} columns "
                f"{', '.join(names)[:100]}; it needs {', '.join(wanted)[:100]} with "
                f"{_BETWEEN[separator]} between{_other_separators(values, separator)}"
            )
        chosen = [values[place] for place in places]
        if not all(chosen[: len(columns)]):
            raise InputError(f"{path}, line {number}: a value is missing; it needs {form}")
        numbers.append(number)
        read.append(chosen)
    return pd.DataFrame(read, numbers, wanted, str)


def read_text(path: Path) -> str:
    """The content of a file in UTF-8; one named ``.gz`` is unpacked.

    Raises:
        InputError: it cannot be read, is not UTF-8, or is too large.
    """
    return decoded(path, content_of(path))


def _other_separators(values: Sequence[str], separator: str | None) -> str:
    """What is said of a line that has the separators of other files."""
    others = {sign: name for sign, name in _BETWEEN.items() if sign and sign != separator}
    found = [name for sign, name in others.items() if sign in "".join(values)]
    return f", and has {' and '.join(found)}" if separator and found else ""


def content_of(path: Path) -> bytes:
    """The bytes of a file; one named ``.gz`` is unpacked.

    Raises:
        InputError: it cannot be read, or is too large.
    """
    with opened(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InputError(f"{path} has more than {MOST_BYTES:,} bytes; it is read at once")
    return content


def decoded(path: Path, content: bytes) -> str:
    """The text of a file's content.

    Raises:
        InputError: it is neither UTF-8 nor UTF-16 that says so in its first two bytes.
    """
    try:
        return content.decode("utf-16" if content[:2] in UTF_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in content:
            raise InputError(
                f"{path} holds bytes of zero, as spreadsheets (.xlsx) and UTF-16 without its mark "
                "do; save it as text in UTF-8"
            ) from error
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line} is not UTF-8: {error.reason}; save the file as UTF-8, "
            "as does `iconv -f WINDOWS-1252 -t UTF-8`"
        ) from error


def rows_of(path: Path, separator: str | None, *, quotes: bool) -> Iterator[tuple[int, list[str]]]:
    """The number and the values of each line.

    Lines before all others that begin with ``# `` are comments, and spreadsheets write one such as
    ``sep=;``.
    """
    text = read_text(path)
    if separator is None:
        yield from enumerate(map(str.split, io.StringIO(text, newline="")), start=1)
        return
    rest = _PREAMBLE.sub("", text)
    reader = csv.reader(
        io.StringIO(rest, newline=""),
        delimiter=separator,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        skipinitialspace=True,
        strict=True,
    )
    above = text.count("\n", 0, len(text) - len(rest)) + 1
    number = above
    try:
        for values in reader:
            if above + reader.line_num > number + 1:  # a value over several lines
                raise csv.Error("the line ends within quotes")
            yield number, [value.strip() for value in values]
            number += 1
    except csv.Error as error:
        raise InputError(
            f"{path}, line {number}: {error}; a value in double quotes ends with a quote on the "
            "same line, and a quote within it is written twice"
        ) from error
