"""Indexes that divide the corpus into leaves and scan a few; and the choice of their number."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from methods.indexes.base import Index

if TYPE_CHECKING:
    from bench.method import Point
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

BUDGETS = (0.01, 0.02, 0.05, 0.08, 0.09, 0.1, 0.18, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of the corpus for which there are operating points.

They are close together below 10 and 20 %: if the test visits a little more than the sample did, the
board then falls back a little and not by half.
"""
STAND_INS = 1000
MET = 1 << 24
"""Pairs of a query and a document held in memory at once, if documents lie in several leaves."""
FACTORS = (0.25, 0.5, 1, 2, 4)
"""Numbers of leaves that are tried, in square roots of the corpus."""


@dataclass
class LeafIndex(Index):
    """An index with leaves, whose operating points keep to shares of the corpus."""

    @abstractmethod
    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] all leaves in each query's order of probing."""

    @abstractmethod
    def partition(self) -> Ints:
        """[n_documents] the leaf of each document, or [n_documents, r] its leaves."""

    def measure(self, queries: Floats) -> None:
        """Measure the visits of queries: leaves are unequal, so 10 % of them do not hold 10 %."""
        self._visited = visited_shares(self.rank_leaves(queries), self.partition())

    @property
    def least_visited(self) -> float:
        """Mean share of the corpus in the first leaf of a query."""
        return float(self._visited[0])

    def probes_within(self, budget: float) -> int:
        """The largest nprobe that keeps the mean visited share within ``budget``, at least 1."""
        return max(1, affordable(self._visited, budget))

    def operating_points(self) -> list[Point]:
        """The largest nprobe that keeps the mean visited share within each of ``BUDGETS``."""
        # The sample is not the test: stay 1 % below each budget but the last.
        probes = {affordable(self._visited, 0.99 * budget) for budget in BUDGETS[:-1]}
        total = len(self._visited)
        return [{"nlist": total, "nprobe": n} for n in sorted(probes | {total}) if n]


@dataclass
class ClusteredLeaves(LeafIndex):
    """Leaves by clustering; their number is the best on validation.

    Each number of leaves is tried at the setting that visits most while visited and routing cost
    together stay within ``budget``: without the routing cost, more leaves would always seem better.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ("nlist",)
    shares: ClassVar[tuple[str, ...]] = ("budget",)

    nlist: int = 0  # leaves; 0: chosen on validation, at `budget`
    budget: float = 0.1  # share of the corpus, documents and centroids, at which nlist is chosen

    @abstractmethod
    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Divide vectors [n_documents, dim] into ``nlist`` leaves, ready to be searched."""

    def build(self, documents: Floats, guide: Guide) -> None:
        """Divide the documents, and measure the visits of a sample of queries.

        Raises:
            InputError: more leaves are asked for than there are documents.
        """
        n_documents = len(documents)
        if self.nlist > n_documents:
            raise InputError(
                f"nlist={self.nlist} asks for more leaves than there are documents, {n_documents}; "
                "give at most as many, or 0, which chooses their number on validation"
            )
        if not len(guide.vectors):
            nlist = self.nlist or max(1, round(math.sqrt(n_documents)))
            self.lay_out(documents, nlist, guide)
            self.measure(stand_ins(documents))
            return
        candidates = [self.nlist] if self.nlist else _candidates(n_documents)
        scores = []
        for nlist in candidates:
            self._lay_out_and_measure(documents, nlist, guide)
            scores.append(self._score_within_budget(guide) if len(candidates) > 1 else 0.0)
        best = candidates[int(np.argmax(scores))]
        if best != candidates[-1]:  # the last one is still in place
            self._lay_out_and_measure(documents, best, guide)

    def _lay_out_and_measure(self, documents: Floats, nlist: int, guide: Guide) -> None:
        self.lay_out(documents, min(nlist, len(documents)), guide)
        self.measure(guide.vectors)

    def _score_within_budget(self, guide: Guide) -> float:
        """The score of validation rankings at the setting that visits most within the budget."""
        work = self._visited + len(self._visited) / len(self.partition())
        nprobe = affordable(work, self.budget)
        if not nprobe:
            return -math.inf
        return guide.score(self.search(guide.vectors, guide.depth, {"nprobe": nprobe}).ids)


def stand_ins(documents: Floats) -> Floats:
    """Documents in place of queries, if there is no validation."""
    return np.asarray(documents[:: max(1, len(documents) // STAND_INS)], np.float32)


def visited_shares(ranked: Ints, leaf: Ints) -> Floats:
    """[nlist] mean share of the corpus that queries visit by probing 1, 2 … leaves.

    Args:
        ranked: [n, nlist] leaves in each query's order of probing.
        leaf: [n_documents] or [n_documents, r] the leaves of each document.
    """
    nlist = ranked.shape[1]
    if leaf.ndim == 1:
        sizes = np.bincount(leaf, minlength=nlist)
        shares: Floats = sizes[ranked].cumsum(axis=1).mean(axis=0) / sizes.sum()
        return shares
    counts = np.zeros(nlist, np.int64)
    block = max(1, MET // len(leaf))
    for begin in range(0, len(ranked), block):
        rows = ranked[begin : begin + block]
        place = np.empty(rows.shape, np.int32)
        np.put_along_axis(place, rows, np.arange(nlist, dtype=np.int32)[None], axis=1)
        # A document is visited at the first of its leaves.
        first = place[:, leaf[:, 0]]
        for column in leaf.T[1:]:
            np.minimum(first, place[:, column], out=first)
        counts += np.bincount(first.ravel(), minlength=nlist)
    within: Floats = counts.cumsum() / counts.sum()
    return within


def affordable(cost: Floats, most: float) -> int:
    """The number of leaves that may be probed; ``cost`` [nlist] grows with it."""
    return int(np.searchsorted(cost, most, side="right"))


def _candidates(n_documents: int) -> list[int]:
    """Numbers about the square root of the corpus, where routing costs as much as one leaf."""
    numbers = {max(1, round(factor * math.sqrt(n_documents))) for factor in FACTORS}
    return sorted(number for number in numbers if number <= n_documents)
