"""Files of vectors in any form of numbers, made searchable once; and their nearest documents."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.vectors import UNREADABLE, Vectors, new_file
from bench.errors import InputError
from bench.system.files import sha256_of
from bench.system.kept import made_once
from bench.system.paths import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints

_VERSION = 1
"""Version of what is written; raise it when it changes."""
KEPT = (np.dtype(np.float32), np.dtype(np.float16))
"""Types of numbers that are searched as they are."""
COPY = "vectors.npy"
AT_ONCE = 65_536
ASKED_AT_ONCE = 256
"""Documents and queries that are converted or compared at once."""


def searchable(path: Path) -> tuple[Vectors, str]:
    """The vectors of a file, and a sentence on what was done with them; empty if nothing was.

    Other numbers than float32 and float16, as integers and float64 are, become float32; other
    orders of bytes or of the array, those of this machine and of C. The file stays as it is: the
    converted one is in the cache.

    Raises:
        InputError: it holds no vectors, or one that float32 cannot hold.
    """
    given = Vectors(path, sha256_of(path))
    try:
        array = given.array
    except UNREADABLE:
        given.check()
        raise
    kind = array.dtype.newbyteorder("=")
    wanted = kind if kind in KEPT else KEPT[0]
    as_it_is = wanted == array.dtype and array.flags.c_contiguous
    if as_it_is or array.ndim != 2 or not array.size or kind.kind not in "iuf":  # noqa: PLR2004
        given.check()
        half = f"{path.name} holds float16, which is searched as it is, in half the memory."
        return given, half if wanted == KEPT[1] else ""
    folder = made_once(
        cache_folder() / "vectors" / f"{given.digest[:24]}-{_VERSION}",
        lambda made: _convert(array, made / COPY, wanted, path),
        f"{array.size * wanted.itemsize / 1e6:,.0f} MB of vectors",
    )
    converted = Vectors(folder / COPY, given.digest)
    converted.check()
    of_bytes = "" if array.dtype.isnative else " in another machine's order of bytes"
    of_array = "" if array.flags.c_contiguous else ", column by column (Fortran order)"
    found = f"{path.name} holds {kind}{of_bytes}{of_array}"
    return converted, f"{found}; a copy in {wanted}, row by row, is searched."


def _convert(array: Floats, target: Path, wanted: np.dtype[np.floating], path: Path) -> None:
    """Write an array with other numbers, block by block."""
    made = new_file(target, wanted, array.shape)
    for start in range(0, len(array), AT_ONCE):
        block = array[start : start + AT_ONCE]
        with np.errstate(over="ignore"):
            made[start : start + AT_ONCE] = block
        wrong = np.argwhere(~np.isfinite(made[start : start + AT_ONCE]))
        if len(wrong):
            row, column = wrong[0]
            raise InputError(
                f"{path}: row {start + row} holds {block[row, column]}, which is no finite number "
                f"in {wanted}; leave the row out, or scale all vectors"
            )
    made.flush()


def nearest_documents(documents: Vectors, queries: Vectors, n: int) -> Ints:
    """[n_queries, n] the documents with the largest dot products, found once by exact search.

    Args:
        documents: vectors of the documents.
        queries: vectors of the queries.
        n: number of documents of each query, at most that of all.
    """
    content = f"nearest {_VERSION} {n} {documents.digest} {queries.digest}"
    digest = hashlib.sha256(content.encode()).hexdigest()
    folder = made_once(
        cache_folder() / "vectors" / digest[:24],
        lambda made: np.save(made / "answers.npy", _searched(documents.array, queries.array, n)),
        "the nearest documents",
    )
    answers: Ints = np.load(folder / "answers.npy")
    return answers


def _searched(documents: Floats, queries: Floats, n: int) -> Ints:
    best = np.full((len(queries), n), -np.inf, np.float32)
    found = np.full((len(queries), n), -1, np.int64)
    for start in range(0, len(documents), AT_ONCE):
        block = np.asarray(documents[start : start + AT_ONCE], np.float32).T
        numbers = np.arange(start, start + block.shape[1])
        for first in range(0, len(queries), ASKED_AT_ONCE):
            rows = slice(first, first + ASKED_AT_ONCE)
            scores = np.asarray(queries[rows], np.float32) @ block
            top = np.argpartition(-scores, min(n, scores.shape[1]) - 1, axis=1)[:, :n]
            both = np.hstack([best[rows], np.take_along_axis(scores, top, axis=1)])
            ids = np.hstack([found[rows], numbers[top]])
            order = np.argsort(-both, axis=1, kind="stable")[:, :n]
            best[rows] = np.take_along_axis(both, order, axis=1)
            found[rows] = np.take_along_axis(ids, order, axis=1)
    return found
