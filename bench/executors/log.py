"""The output of a cell on disk: its start and its end, of any length."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEPT_BYTES = 500_000
"""Bytes kept of the start, and as many of the end."""
END_BYTES = 64_000
"""Bytes kept in memory: enough for Python's report on all threads when it crashes."""


class CellLog:
    """A log file of about a megabyte at most; a full disk is no failure."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._room = KEPT_BYTES
        self._end = bytearray()
        self._left_out = 0
        self._write(b"", "wb")

    def add(self, block: bytes) -> None:
        """Add some output."""
        start, rest = block[: self._room], block[self._room :]
        if start:
            self._room -= len(start)
            self._write(start)
        self._end += rest
        if len(self._end) > 2 * KEPT_BYTES:
            self._drop(len(self._end) - KEPT_BYTES)

    def close(self) -> None:
        """Write the end of the output."""
        self._drop(len(self._end) - KEPT_BYTES)
        if self._left_out:
            self._write(f"\n[... {self._left_out:,} bytes left out ...]\n".encode())
        self._write(self._end)

    def end_of_output(self) -> str:
        """The end of the output."""
        if self._end:
            return self._end[-END_BYTES:].decode(errors="replace")
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            return file.read()[-END_BYTES:].decode(errors="replace")
        return ""

    def _drop(self, n_bytes: int) -> None:
        if n_bytes > 0:
            del self._end[:n_bytes]
            self._left_out += n_bytes

    def _write(self, content: bytes | bytearray, mode: str = "ab") -> None:
        with contextlib.suppress(OSError), self._path.open(mode) as file:
            file.write(content)
