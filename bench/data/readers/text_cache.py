"""Texts that were read once, as memory-mapped files in the user's cache: none is parsed again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.arrays.strings import Strings, StringsWriter
from bench.errors import InputError
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.types import Ints

_MARKER = "complete.json"
_HASHED_AT_ONCE = 2_000_000
"""Names beyond which a hash table of all would be the largest thing in memory."""

_STALE_S = 24 * 3600
"""Age from which a folder that was not finished is taken for the leavings of a killed process."""


class Texts(NamedTuple):
    """The documents or the queries of a dataset.

    Attributes:
        names: [n] their names, each once.
        texts: [n] their texts; may be empty.
    """

    names: Strings
    texts: Strings

    @classmethod
    def open(cls, folder: Path, kind: str) -> Self:
        """Map what a ``TextsWriter`` wrote."""
        return cls(Strings.open(folder / f"{kind}.names"), Strings.open(folder / f"{kind}.texts"))


class TextsWriter:
    """Writes names and texts to disk as they come: memory does not grow with their number."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._names = StringsWriter(folder / f"{kind}.names")
        self._texts = StringsWriter(folder / f"{kind}.texts")
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self._names)
        self._open.enter_context(self._texts)
        return self

    def append(self, names: pa.Array | pa.ChunkedArray, texts: pa.Array | pa.ChunkedArray) -> None:
        """Add Arrow columns of strings without nulls.

        Raises:
            ValueError: their lengths differ.
        """
        if len(names) != len(texts):
            raise ValueError(f"{len(names)} names for {len(texts)} texts")
        self._names.append(names)
        self._texts.append(texts)

    def __exit__(self, *error: object) -> None:
        self._open.close()


def require_distinct(names: Strings, source: Path) -> None:
    """Refuse names that come twice.

    Raises:
        InputError: naming the first that does.
    """
    column = names.to_arrow()
    for place in _parts(names):
        part = column.take(pa.array(place)) if len(place) < len(names) else column
        if len(pc.unique(part)) < len(part):
            break
    else:
        return
    first = pc.index_in(column, value_set=column).to_numpy()
    again = int(np.flatnonzero(first != np.arange(len(names)))[0])
    raise InputError(
        f"{source} has the id {names[again]!r} twice, as entries {first[again] + 1:,} and "
        f"{again + 1:,}; each must be there once"
    )


def _parts(names: Strings) -> Iterator[Ints]:
    """Places of names that can be the same: all, or, of many, those that end with the same byte."""
    ends = np.zeros(len(names), np.uint8)
    if len(names) > _HASHED_AT_ONCE:
        some = names.lengths > 0
        ends[some] = names.data[names.offsets[1:][some] - 1]
    for end in np.unique(ends):
        yield np.flatnonzero(ends == end)


def cached(sources: Sequence[Path], recipe: str, write: Callable[[Path], None]) -> Path:
    """The folder that ``write`` fills from ``sources``, made once.

    It is made again where a source's path, size or time of change differs, or the recipe does. It
    is written under a temporary name; its marker, which lists the other files, comes last.

    Args:
        sources: the files that are read.
        recipe: name of the format and all options that change what is written.
        write: fills the folder it is given.

    Raises:
        InputError: a source is not there, or the cache cannot be written.
    """
    facts = [recipe, *map(_identity, sources)]
    target = cache_folder() / "texts" / hashlib.sha256("\n".join(facts).encode()).hexdigest()
    if _is_whole(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_stale(target.parent)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
        try:
            write(partial)
            sizes = {path.name: path.stat().st_size for path in partial.iterdir()}
            (partial / _MARKER).write_text(json.dumps(sizes), encoding="utf-8")
            _move(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"cannot keep the texts of {sources[0]} in {target.parent}: {error.strerror or error}; "
            "make room there or name another folder with TREELINE_CACHE"
        ) from error
    return target


def _identity(source: Path) -> str:
    try:
        status = source.stat()
    except OSError as error:
        raise InputError(f"cannot read {source}: {error.strerror}; put the file there") from error
    return f"{source.resolve()} {status.st_size} {status.st_mtime_ns}"


def _is_whole(folder: Path) -> bool:
    """Whether a folder has its marker and every file at its size."""
    try:
        sizes = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _move(partial: Path, target: Path) -> None:
    """Rename into place, over what is damaged but not over what another process finished."""
    try:
        partial.rename(target)
    except OSError:
        if not _is_whole(target):
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)


def _clear_stale(folder: Path) -> None:
    for left in folder.glob(".partial-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)
