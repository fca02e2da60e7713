"""How far an export that encodes its own queries agrees with its cell, query by query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.system.terminal import counted

if TYPE_CHECKING:
    from bench.types import Bools, Ints

FIRST = 10
"""First ranks that are compared as a set, too, where the order differs."""


class EndToEnd(NamedTuple):
    """What the export's own encoder and its search find together.

    Attributes:
        n: the queries that were encoded.
        in_order: those that find what the cell found in the same order, as deep as they are judged.
        same_set: those with the same ``FIRST`` documents in any order.
        same_first: those with the same best document.
        cosine: least cosine of a query's vector to the method's own.
        threads: the threads that it computed on.
    """

    n: int
    in_order: int
    same_set: int
    same_first: int
    cosine: float
    threads: int

    @property
    def text(self) -> str:
        """The outcome in a sentence."""
        on = f"encoded by `encode` on {counted(self.threads, 'thread')}"
        if self.in_order == self.n:
            return f"{on}, {self.n:,} of {self.n:,} queries find the same again"
        return (
            f"{on}, {self.in_order:,} of {self.n:,} queries find the same in the "
            f"same order, {self.same_set:,} the same first {FIRST}, and {self.same_first:,} the "
            f"same best one (cosines to the cell's vectors ≥ {self.cosine:.5f})"
        )


def judged(found: Ints, depth: Ints) -> Bools:
    """[n, k] the ranks that are judged."""
    inside: Bools = np.arange(found.shape[1]) < depth[: len(found), None]
    return inside


def end_to_end(expected: Ints, found: Ints, depth: Ints, cosine: float, threads: int) -> EndToEnd:
    """How far two lists of documents agree.

    Args:
        expected: [n, k] what the cell found.
        found: [n, k] what the export finds.
        depth: [at least n] the ranks of each query that are judged.
        cosine: least cosine of the vectors of the queries.
        threads: the threads that they were encoded on.
    """
    differs = (expected != found) & judged(found, depth)
    first = [np.sort(np.where(judged(ids, depth), ids, -1)[:, :FIRST]) for ids in (expected, found)]
    return EndToEnd(
        len(found),
        int((~differs.any(axis=1)).sum()),
        int((first[0] == first[1]).all(axis=1).sum()),
        int((expected[:, 0] == found[:, 0]).sum()),
        cosine,
        threads,
    )
