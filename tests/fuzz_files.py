"""Odd changes of a file's bytes and of a table's columns, for the fuzz of what is read."""

import contextlib
import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.fuzz import NUMBERS, SCALARS

TOKENS = st.one_of(
    st.sampled_from(["", "null", "true", "NaN", "-Infinity", "1e999", "0x10", "1_0", "-1", "0", "3",
                     "2147483648", "9" * 25, "1.5", "1e2", "{}", "[]", "[" * 3000, '{"a":' * 3000,
                     '"', "'", ",", "\t", " ", "\n", "\r\n", "\r", "\0", "\ufeff", "\u2028", "\x85",
                     "\x0b", "\xa0", "e\u0301", "\u202e", "\U0010ffff", "\\ud800", "\\", "#", "=",
                     "../..", "/etc/passwd", "x" * 140_000]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
).map(str.encode)  # fmt: skip
BYTES = st.one_of(TOKENS, st.binary(max_size=4), st.sampled_from([b"\xff\xfe", b"\xed\xa0\x80"]))


@dataclass(frozen=True)
class Edit:
    """One change of a file's bytes: at a place of it, of one kind, with bytes to put there."""

    kind: str
    at: int
    other: int
    put: bytes

    def __call__(self, content):
        return EDITS[self.kind](content, self.at, self.other, self.put)


def _pieces(pattern, change):
    """An edit of the pieces between the matches of a pattern; matches are pieces too."""

    def edit(content, at, other, put):
        pieces = re.split(pattern, content)
        at, other = at % len(pieces), other % len(pieces)
        change(pieces, at, other, put)
        return b"".join(pieces)

    return edit


def _swap(pieces, at, other, _put):
    pieces[at], pieces[other] = pieces[other], pieces[at]


def _put(pieces, at, _other, put):
    pieces[at] = put


def _drop(pieces, at, _other, _put):
    del pieces[at]


def _repeat(pieces, at, other, _put):
    pieces.insert(other, pieces[at])


LINE, FIELD = rb"(?<=\n)", rb'([\t ,:"\[\]{}=|\n]+)'
EDITS = {
    "cut": lambda content, at, _other, _put: content[: at % (len(content) + 1)],
    "drop": lambda content, at, other, _put: content[: at % (len(content) + 1)]
    + content[at % (len(content) + 1) + 1 + other % 9 :],
    "insert": lambda content, at, _other, put: content[: at % (len(content) + 1)]
    + put
    + content[at % (len(content) + 1) :],
    "zero": lambda content, at, other, _put: content[: at % (len(content) + 1)]
    + bytes(len(content[at % (len(content) + 1) :][: 1 + other % 512]))
    + content[at % (len(content) + 1) + 1 + other % 512 :],
    "flip": lambda content, at, other, _put: bytes(
        byte ^ (1 << other % 8) if place == at % len(content) else byte
        for place, byte in enumerate(content)
    ),
    "append": lambda content, _at, _other, put: content + put,
    "prepend": lambda content, _at, _other, put: put + content,
    "CRLF": lambda content, _at, _other, _put: content.replace(b"\n", b"\r\n"),
    "UTF-16": lambda content, _at, _other, _put: content.decode("latin-1").encode("utf-16"),
    "twice": lambda content, _at, _other, _put: content + content,
    **{
        f"{name} {what}": _pieces(pattern, change)
        for what, pattern in (("line", LINE), ("field", FIELD))
        for name, change in (("swap", _swap), ("put", _put), ("drop", _drop), ("repeat", _repeat))
    },
}  # fmt: skip
FILE_EDITS = st.lists(
    st.builds(
        Edit,
        st.one_of(st.sampled_from(sorted(EDITS)), st.just("put field")),
        st.integers(0, 5000),
        st.integers(0, 5000),
        BYTES,
    ),
    min_size=1,
    max_size=3,
)


@dataclass(frozen=True)
class Column:
    """A change of one column of a Parquet file."""

    kind: str
    column: int
    row: int
    value: Any

    def __call__(self, path):
        table = pq.read_table(path)
        place = self.column % table.num_columns
        name, column = table.column_names[place], table.column(place)
        if self.kind == "drop":
            table = table.remove_column(place)
        elif self.kind == "rename":
            names = [f"{each}x" if each == name else each for each in table.column_names]
            table = table.rename_columns(names)
        elif self.kind == "no rows":
            table = table.slice(0, self.row % (len(table) + 1))
        elif self.kind == "twice":
            table = pa.concat_tables([table, table])
        elif len(table):
            with contextlib.suppress(pa.ArrowException, OverflowError, TypeError, ValueError):
                table = table.set_column(place, name, self._changed(column))
        pq.write_table(table, path)

    def _changed(self, column):
        values = column.to_pylist()
        if self.kind == "value":
            values[self.row % len(values)] = self.value
            return pa.array(values, column.type)
        if self.kind == "inner value":
            values = [value if value is None else list(value) for value in values]
            long = [value for value in values if value]
            long[self.row % len(long)][0] = self.value
            return pa.array(values, column.type)
        if self.kind in ANEW:
            return ANEW[self.kind](column, values, self.value)
        return column.cast(self.kind)


ANEW = {
    "free value": lambda _column, values, value: pa.array(
        [value if row % 2 else old for row, old in enumerate(values)]
    ),
    "nulls": lambda column, values, _value: pa.nulls(len(values), column.type),
    "dictionary": lambda column, _values, _value: column.dictionary_encode(),
    "list": lambda _column, values, _value: pa.array([[each] for each in values]),
}
COLUMN_CHANGES = st.builds(
    Column,
    st.sampled_from(
        ["drop", "rename", "no rows", "twice", "nulls", "dictionary", "list", "int8", "int64",
         "uint64", "float32", "float64", "string", "large_string", "binary", "bool"]
        + ["value", "free value", "inner value"] * 4
    ),
    st.integers(0, 9),
    st.integers(0, 50),
    st.one_of(NUMBERS, SCALARS),
)  # fmt: skip
