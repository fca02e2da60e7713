"""Data that was read or generated once, as memory-mapped files in the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from bench.arrays.strings import Strings, StringsWriter
from bench.errors import InputError
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.types import Ints

Column: TypeAlias = pa.Array | pa.ChunkedArray

_MARKER = "complete.json"


class Texts(NamedTuple):
    """The documents or the queries of a dataset.

    Attributes:
        names: [n] their names, each different.
        texts: [n] their texts; may be empty.
        untitled: [n] bytes at the end of each text that are not its title; None: no text has one.
    """

    names: Strings
    texts: Strings
    untitled: Ints | None = None

    @classmethod
    def open(cls, folder: Path, kind: str) -> Self:
        """Map the files that a ``texts_writer`` wrote, and ``KIND.untitled.npy`` if it is there."""
        untitled = folder / f"{kind}.untitled.npy"
        return cls(
            Strings.open(folder / f"{kind}.names"),
            Strings.open(folder / f"{kind}.texts"),
            np.load(untitled, mmap_mode="r") if untitled.exists() else None,
        )


@contextlib.contextmanager
def texts_writer(folder: Path, kind: str) -> Iterator[Callable[[Column, Column], None]]:
    """Write names and texts to disk as they come: memory does not grow with their number.

    Yields:
        A function to be called with Arrow columns of names and of texts, equally long and without
        nulls.
    """
    names, texts = (StringsWriter(folder / f"{kind}.{part}") for part in ("names", "texts"))

    def append(new_names: Column, new_texts: Column) -> None:
        names.append(new_names)
        texts.append(new_texts)

    with names, texts:
        yield append


def require_distinct(names: Strings, source: Path) -> None:
    """Refuse duplicate names.

    They are sorted, not hashed: a hash table of all would be the largest thing in memory.

    Raises:
        InputError: a name occurs twice; the message has it.
    """
    column = names.to_arrow()
    order = pc.array_sort_indices(column)
    ordered = column.take(order)
    again = pc.index(pc.equal(ordered[1:], ordered[:-1]), True).as_py()
    if again >= 0:
        one, other = (entry.as_py() + 1 for entry in order[again : again + 2])
        raise InputError(
            f"{source} has the id {ordered[again].as_py()!r} twice, as entries {one:,} and "
            f"{other:,}; each must be there once"
        )


def cached(sources: Sequence[Path], recipe: str, write: Callable[[Path], None]) -> Path:
    """The folder of texts that ``write`` fills from ``sources``, made once.

    It is filled again if the path, size or time of a source changed, or the recipe did.

    Args:
        sources: the files that are read.
        recipe: name of the format and all options that change what is written.
        write: a function that fills the folder that it is given.

    Raises:
        InputError: a source is missing, or the cache cannot be written.
    """
    facts = [recipe]
    for source in sources:
        try:
            status = source.stat()
        except OSError as error:
            raise InputError(
                f"cannot read {source}: {error.strerror}; put the file there"
            ) from error
        facts.append(f"{source.resolve()} {status.st_size} {status.st_mtime_ns}")
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
    return made_once(cache_folder() / "texts" / digest, write, f"the texts of {sources[0]}")


def made_once(folder: Path, write: Callable[[Path], None], what: str) -> Path:
    """Fill a folder of the cache, whole or not at all, unless it is there; one process at a time.

    It is written under a temporary name; its marker, which lists the other files, comes last.

    Args:
        folder: the folder to fill and to return.
        write: a function that fills the folder that it is given.
        what: a name for its content, for the error.

    Raises:
        InputError: the cache cannot be written.
    """
    if _is_whole(folder):
        return folder
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if _is_whole(folder):  # another process made it
                return folder
            for left in (folder, partial):  # damaged, or left by a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            partial.mkdir()
            try:
                write(partial)
                sizes = {path.name: path.stat().st_size for path in partial.iterdir()}
                (partial / _MARKER).write_text(json.dumps(sizes), encoding="utf-8")
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"cannot keep {what} in {folder.parent}: {error.strerror or error}; make room there "
            "or name another folder with TREELINE_CACHE"
        ) from error
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether a folder has its marker, and every file has its size."""
    try:
        sizes = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False
