"""What an index is: vectors in, ranked documents and the leaves they were looked for in out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.part import Part

if TYPE_CHECKING:
    from bench.method import Point, SearchResult
    from bench.types import Floats, Ints

BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of the corpus that an index with leaves offers operating points for."""


@dataclass
class Index(Part, ABC):
    """Searches document vectors by dot product; its fields are its hyper-parameters."""

    requires: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self, documents: Floats, sample: Floats) -> None:
        """Index [n_documents, dim] vectors; ``sample`` [n, dim] are validation queries."""

    @abstractmethod
    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """The k best documents of each query vector."""

    @abstractmethod
    def memory_bytes(self) -> int:
        """Size of the index in memory."""

    def operating_points(self) -> list[Point]:
        """Settings of the search effort, cheapest first."""
        return [{}]

    def partition(self) -> Ints | None:
        """[n_documents] the leaf of each document."""
        return None


def default_nlist(n_documents: int) -> int:
    """About the square root of the corpus: routing then costs what one leaf costs."""
    return max(1, round(math.sqrt(n_documents)))


def nprobe_for_budgets(ranked_leaves: Ints, sizes: Ints) -> list[Point]:
    """The largest nprobe that keeps the mean visited share within each of ``BUDGETS``.

    Leaves are of unequal size, so 10 % of the leaves are not 10 % of the documents; the share is
    measured on a sample of queries.

    Args:
        ranked_leaves: [n, nlist] all leaves in each sample query's order of probing.
        sizes: [nlist] documents in each leaf.
    """
    share = sizes[ranked_leaves].cumsum(axis=1).mean(axis=0) / sizes.sum()
    # A sample is not the test: stay 1 % below each budget but the last.
    nprobe = [int(np.searchsorted(share, 0.99 * budget, side="right")) for budget in BUDGETS[:-1]]
    return [{"nprobe": n} for n in sorted({n for n in nprobe if n > 0} | {len(sizes)})]
