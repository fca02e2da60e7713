"""Data that was read or generated once, as memory-mapped files in the user's cache."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.arrays.strings import Strings, StringsWriter
from bench.errors import InputError
from bench.system.files import sha256_of, stamp_of
from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.types import Ints

Column: TypeAlias = pa.Array | pa.ChunkedArray
T = TypeVar("T")


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

    def followed_by(self, others: Self) -> Texts:
        """These texts and then others, in memory; both are queries, which have no title."""
        names, texts = ([*first, *then] for first, then in zip(self[:2], others[:2], strict=True))
        return Texts(Strings.of(names), Strings.of(texts))


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
    repeated = pc.indices_nonzero(pc.equal(ordered[1:], ordered[:-1]))
    if len(repeated):
        first = repeated[0].as_py()
        one, other = (entry.as_py() + 1 for entry in order[first : first + 2])
        raise InputError(
            f"{source} has the id {ordered[first].as_py()!r} twice, as entries {one:,} and "
            f"{other:,}; each must be there once"
        )


def cached(sources: Sequence[Path], recipe: str, write: Callable[[Path], None]) -> Path:
    """The folder of texts that ``write`` fills from ``sources``, made once.

    Files are known by their content: it is filled again if a byte of a source or the recipe
    changed.

    Args:
        sources: the files that are read.
        recipe: name of the format and all options that change what is written.
        write: a function that fills the folder that it is given.

    Raises:
        InputError: a source is missing or changes while it is read, or the cache cannot be written.
    """
    stamps = _of_each(sources, stamp_of)
    hashes = _of_each(sources, sha256_of)
    # The ending of a name says how a file is read.
    known = [f"{source.name} {sha256}" for source, sha256 in zip(sources, hashes, strict=True)]
    digest = hashlib.sha256("\n".join([recipe, *known]).encode()).hexdigest()

    def write_known(folder: Path) -> None:
        write(folder)
        for source, before, now in zip(sources, stamps, _of_each(sources, stamp_of), strict=True):
            if before != now:
                raise InputError(f"{source} changed while it was read; run the same command again")

    folder = cache_folder() / "texts" / digest
    return made_once(folder, write_known, f"the texts of {sources[0]}")


def _of_each(sources: Sequence[Path], fact: Callable[[Path], T]) -> list[T]:
    """A fact of each file."""
    found = []
    for source in sources:
        try:
            found.append(fact(source))
        except OSError as error:
            raise InputError(
                f"cannot read {source}: {error.strerror}; put the file there"
            ) from error
    return found
