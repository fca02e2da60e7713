"""Vectors in chunks: searching a corpus that does not fit into memory.

Faiss multiplies queries with blocks of documents. A chunk is made of whole blocks, so that a score
is summed in the same order whichever chunk a document lies in.
"""

from __future__ import annotations

import mmap
import tempfile
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.method import Workspace
    from bench.types import Floats, Ints

BLOCK = 4096
"""Documents in a block: a multiple of the 1024 and 4096 rows that Faiss multiplies at once."""
AROUND = 1 << 16
"""Bytes of a file that the system maps around a byte that is read."""
DEFAULT_MEMORY = 2 << 30
"""Bytes of memory to plan with if no ceiling is known."""


def cuts(n_documents: int, parts: int) -> list[slice]:
    """Slices of the corpus, of nearly as many blocks each; at most as many slices as blocks."""
    n_blocks = max(1, -(-n_documents // BLOCK))
    ends = np.linspace(0, n_blocks, min(parts, n_blocks) + 1).round().astype(int) * BLOCK
    return [slice(int(begin), int(min(end, n_documents))) for begin, end in pairwise(ends)]


def chunks(documents: Floats, ceiling: int = 0) -> Iterator[tuple[int, Floats]]:
    """Documents in single precision, in chunks, each with the number of its first document.

    Documents in memory in single precision are one chunk. If they are mapped from a file or in half
    precision, a chunk takes an eighth of the ceiling, and the pages of a file that is larger than a
    chunk are dropped after each.

    Args:
        documents: [n, dim] float32 or float16.
        ceiling: bytes that the process may allocate; 0: not known.
    """
    n_documents, dim = documents.shape
    mapped = mapping(documents)
    step = max(1, n_documents)
    if mapped is not None or documents.dtype != np.float32:
        step = max(1, (ceiling or DEFAULT_MEMORY) // 8 // (4 * dim * BLOCK)) * BLOCK
    for begin in range(0, n_documents, step):
        yield begin, np.ascontiguousarray(documents[begin : begin + step], np.float32)
        if mapped is not None and len(mapped) > step * documents.strides[0]:
            drop_pages(mapped)


def rows_of(documents: Floats, rows: Ints, ceiling: int = 0) -> Floats:
    """[n, dim] float32 copies of some rows, in the order of ``rows``.

    A file larger than a quarter of the ceiling is read in parts of a sixteenth of the ceiling, and
    its pages are dropped after each.
    """
    copied = np.empty((len(rows), documents.shape[1]), np.float32)
    mapped = mapping(documents)
    is_large = mapped is not None and len(mapped) > (ceiling or DEFAULT_MEMORY) // 4
    in_place = np.argsort(rows, kind="stable")  # in the order of the file
    at_once = max(1, (ceiling or DEFAULT_MEMORY) // 16 // (AROUND + documents.strides[0]))
    for start in range(0, len(rows), at_once if is_large else max(1, len(rows))):
        some = in_place[start : start + at_once] if is_large else in_place
        copied[some] = documents[rows[some]]
        if mapped is not None and is_large:
            drop_pages(mapped)
    return copied


def room_for(shape: tuple[int, int], workspace: Workspace) -> Floats:
    """An array of float32 to be filled; in a file if it would take a quarter of the memory."""
    n_bytes = 4 * shape[0] * shape[1]
    if workspace.scratch is None or n_bytes <= (workspace.memory_bytes or DEFAULT_MEMORY) // 4:
        return np.empty(shape, np.float32)
    with tempfile.NamedTemporaryFile(dir=workspace.scratch) as file:  # removed with the array
        kept: Floats = np.memmap(file, np.float32, "w+", shape=shape)
    return kept


def mapping(array: Floats) -> mmap.mmap | None:
    """The mapping of the file that an array lies in, or None if it is in memory."""
    base: object = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, mmap.mmap) else None


def drop_pages(mapped: mmap.mmap) -> None:
    """Drop a file's pages from this process's memory; the file keeps them."""
    if hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def numbered(ids: Ints, first: int) -> Ints:
    """Numbers in the corpus of documents of a part that begins at ``first``; -1 stays."""
    placed: Ints = np.where(ids < 0, ids, ids + first)
    return placed


def merged(found: Iterable[tuple[Floats, Ints]], k: int) -> tuple[Floats, Ints]:
    """One ranking from the rankings of parts of the corpus; two are in memory at a time.

    Among documents of the same score the last comes first, as in Faiss. The documents kept among
    those tied for the last place depend on the parts; in Faiss, on those it saw before.

    Args:
        found: scores and numbers [n, k] of each part, -1 if there are fewer.
        k: number of documents kept.
    """
    parts = iter(found)
    scores, ids = next(parts)
    for more in parts:
        both = np.concatenate([scores, more[0]], axis=1), np.concatenate([ids, more[1]], axis=1)
        order = np.lexsort((-both[1], -both[0], both[1] < 0), axis=1)[:, :k]
        scores, ids = (np.take_along_axis(values, order, 1) for values in both)
    return scores, ids
