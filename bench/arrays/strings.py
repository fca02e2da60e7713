"""Texts by the million: one buffer of UTF-8 on disk or in memory, not a list of objects."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self, overload

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from bench.types import Ints

_CHUNK = 65_536


class Strings(Sequence[str]):
    """A read-only sequence of strings.

    Attributes:
        offsets: [n + 1] int64, where each string begins in ``data``.
        data: [bytes] uint8, all strings in UTF-8 one after the other.
    """

    def __init__(self, offsets: Ints, data: Ints) -> None:
        self.offsets = offsets
        self.data = data
        for array in (offsets, data):
            array.flags.writeable = False

    @classmethod
    def of(cls, values: Iterable[str]) -> Strings:
        """Make them of strings in memory."""
        if isinstance(values, Strings):
            return values
        encoded = [str.encode(value) for value in values]  # pa.array would first import pandas
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return cls(offsets, np.frombuffer(b"".join(encoded), np.uint8))

    @classmethod
    def from_arrow(cls, column: pa.Array | pa.ChunkedArray) -> Strings:
        """Make them of an Arrow column of strings without nulls."""
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        column = column.cast(_TYPE)
        if not len(column):
            return cls(np.zeros(1, np.int64), np.zeros(0, np.uint8))
        offsets, data = _buffers(column)
        return cls(offsets - offsets[0], data[offsets[0] : offsets[-1]])

    @classmethod
    def open(cls, prefix: Path) -> Strings:
        """Map the files that ``save`` or a ``StringsWriter`` wrote; nothing is read yet."""
        offsets = np.memmap(_offsets_file(prefix), np.int64, "r")
        file = _data_file(prefix)
        data = np.memmap(file, np.uint8, "r") if file.stat().st_size else np.zeros(0, np.uint8)
        return cls(offsets, data)

    def save(self, prefix: Path) -> None:
        """Write to two files whose names begin with ``prefix``."""
        self.offsets.tofile(_offsets_file(prefix))
        self.data.tofile(_data_file(prefix))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Strings: ...
    def __getitem__(self, place: int | slice) -> str | Strings:
        if isinstance(place, slice):
            return self.take(np.arange(len(self))[place])
        place = range(len(self))[place]  # from the end, and out of bounds, as a list does
        return bytes(self.data[self.offsets[place] : self.offsets[place + 1]]).decode()

    def __iter__(self) -> Iterator[str]:
        arrow = self.to_arrow()
        for start in range(0, len(self), _CHUNK):
            yield from arrow[start : start + _CHUNK].to_pylist()

    def take(self, rows: Ints) -> Strings:
        """The strings of ``rows`` in that order; only they are read."""
        starts, ends = self.offsets[rows], self.offsets[np.asarray(rows) + 1]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(ends - starts, out=offsets[1:])
        data = np.empty(offsets[-1], np.uint8)
        for i, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            data[offsets[i] : offsets[i + 1]] = self.data[start:end]
        return Strings(offsets, data)

    @property
    def lengths(self) -> Ints:
        """[n] bytes of each string."""
        return np.diff(self.offsets)

    @cached_property
    def digest(self) -> str:
        """Hash of the strings and of their beginnings."""
        digest = hashlib.sha256((self.offsets - self.offsets[0]).data)
        digest.update(np.ascontiguousarray(self.data).data)
        return digest.hexdigest()

    def to_arrow(self) -> pa.Array:
        """The same memory as an Arrow column."""
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(_TYPE, len(self), buffers)


class Taken(Sequence[str]):
    """A selection of a sequence's strings, each read when it is asked for."""

    def __init__(self, strings: Sequence[str], rows: Ints) -> None:
        """``rows`` [n]: numbers of the strings, in the order of the selection."""
        self._strings = strings
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Taken: ...
    def __getitem__(self, place: int | slice) -> str | Taken:
        if isinstance(place, slice):
            return Taken(self._strings, self._rows[place])
        return self._strings[int(self._rows[place])]


class StringsWriter:
    """Writes strings to disk as they come: memory does not grow with their number."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        self._offsets = _offsets_file(prefix).open("wb")
        self._data = _data_file(prefix).open("wb")
        self._end = 0
        self._offsets.write(np.zeros(1, np.int64).data)

    def __enter__(self) -> Self:
        return self

    def append(self, column: pa.Array | pa.ChunkedArray) -> None:
        """Add an Arrow column of strings without nulls."""
        strings = Strings.from_arrow(column)
        self._offsets.write((strings.offsets[1:] + self._end).data)
        self._data.write(np.ascontiguousarray(strings.data).data)
        self._end += int(strings.offsets[-1])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._offsets.close()
        self._data.close()


_TYPE = pa.large_string()


def _buffers(column: pa.Array) -> tuple[Ints, Ints]:
    """Offsets and bytes of an Arrow column, over the same memory."""
    _, offsets, data = column.buffers()
    begin, end = column.offset, column.offset + len(column) + 1
    values = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.frombuffer(offsets, np.int64)[begin:end], values


def _offsets_file(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.offsets")


def _data_file(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.utf8")
