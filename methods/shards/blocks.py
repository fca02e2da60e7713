"""A corpus in shards: where they are cut, exact search of one, and rankings of several made one.

Faiss multiplies queries with blocks of documents. Shards are made of whole blocks, so that a score
is summed alike in whichever shard a document lies.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import faiss
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.types import Floats, Ints

BLOCK = 4096
"""Documents; a multiple of the blocks of 1024 and 4096 rows that Faiss multiplies."""
AT_ONCE = 16 * BLOCK
"""Documents in single precision at once, of vectors that are kept in half precision."""


def cuts(n_documents: int, shards: int) -> list[slice]:
    """Shards as slices of the corpus, of nearly as many blocks each; no more than blocks."""
    n_blocks = max(1, -(-n_documents // BLOCK))
    ends = np.linspace(0, n_blocks, min(shards, n_blocks) + 1).round().astype(int) * BLOCK
    return [slice(int(begin), int(min(end, n_documents))) for begin, end in pairwise(ends)]


def pieces(documents: Floats) -> Iterator[tuple[int, Floats]]:
    """Documents in single precision, with the number of the first: all, or some after another."""
    step = max(1, len(documents)) if documents.dtype == np.float32 else AT_ONCE
    for begin in range(0, len(documents), step):
        yield begin, np.ascontiguousarray(documents[begin : begin + step], np.float32)


def exact_top_k(queries: Floats, documents: Floats, k: int) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, k], of the k largest dot products; -1 past the corpus."""
    found = []
    for begin, piece in pieces(documents):
        scores, ids = faiss.knn(queries, piece, k, metric=faiss.METRIC_INNER_PRODUCT)
        found.append((scores, numbered(ids, begin)))
    return merged(found, k)


def numbered(ids: Ints, first: int) -> Ints:
    """Numbers in the corpus of documents of a shard that begins at ``first``; -1 stays."""
    placed: Ints = np.where(ids < 0, ids, ids + first)
    return placed


def merged(found: Iterable[tuple[Floats, Ints]], k: int) -> tuple[Floats, Ints]:
    """One ranking of the rankings of shards.

    Of documents that score the same the last comes first, as Faiss orders them. Which of those that
    tie for the last place are kept depends on the shards; with Faiss, on what it saw before.

    Args:
        found: scores and numbers [n, k] of each shard, -1 where there are fewer.
        k: how many are kept.
    """
    pairs = list(found)
    if len(pairs) == 1:
        return pairs[0]
    scores, ids = (np.concatenate(parts, axis=1) for parts in zip(*pairs, strict=True))
    order = np.lexsort((-ids, -scores, ids < 0), axis=1)[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)
