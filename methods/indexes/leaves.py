"""Indexes that divide the corpus into leaves and scan a few; and the choice of their number."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from methods.chunks import DEFAULT_MEMORY, rows_of
from methods.indexes.base import Index
from methods.indexes.budgets import affordable, settings_within_budgets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.method import Point
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

MET = 1 << 24
"""Pairs of a query and a document held in memory at once, if documents lie in several leaves."""
FACTORS = (0.25, 0.5, 1, 2, 4)
"""Numbers of leaves that validation chooses from, in square roots of the corpus."""
WHOLE = 1 << 17
"""Documents up to which this number is chosen on all, and the leaves that were best are kept: those
of WordNet find far more where the ancestors of all queries are in one small leaf by chance."""
SAMPLE = 64
"""Documents that it is chosen on in a larger corpus, in square roots of it: 16 for each of the most
leaves."""


@dataclass
class LeafIndex(Index):
    """An index with leaves, whose operating points use up shares of the corpus."""

    @abstractmethod
    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] all leaves in each query's order of probing."""

    @abstractmethod
    def partition(self) -> Ints:
        """[n_documents] the leaf of each document, or [n_documents, r] its leaves."""

    def routing(self, nlist: int) -> Floats:
        """[nlist] dot products of ranking the leaves, where 1, 2 … of them are to be probed."""
        return np.full(nlist, nlist, np.float64)

    def measure(self, queries: Floats, n_documents: int = 0) -> None:
        """Measure the cost of queries: leaves are unequal, so 10 % of them do not hold 10 %.

        Args:
            queries: [n, dim] a sample of queries.
            n_documents: size of the corpus that routing is a share of; 0: those in the leaves.
        """
        leaf = self.partition()
        self._visited = visited_shares(self.rank_leaves(queries), leaf)
        self._work = self._visited + self.routing(len(self._visited)) / (n_documents or len(leaf))

    @property
    def least_visited(self) -> float:
        """Mean share of the corpus in the first leaf of a query."""
        return float(self._visited[0])

    def probes_within(self, budget: float) -> int:
        """The largest nprobe that keeps the mean visited share within ``budget``, at least 1."""
        return max(1, affordable(self._visited, budget))

    def operating_points(self) -> list[Point]:
        """The largest nprobe within each budget, by visited documents and by work, and all."""
        total = len(self._visited)
        probes = settings_within_budgets(self._visited, self._work)
        return [{"nlist": total, "nprobe": nprobe} for nprobe in probes]


@dataclass
class ClusteredLeaves(LeafIndex):
    """Leaves by clustering; their number is the best on validation.

    Each number of leaves is tried at the setting that visits most while visited and routing cost
    together stay within ``budget``: without the routing cost, more leaves would always seem better.
    They are laid out over a sample of a large corpus, which has all documents that are judged; the
    whole corpus is then laid out once.
    """

    leaves_per_document: ClassVar[int] = 1
    may_be_zero: ClassVar[tuple[str, ...]] = ("nlist",)
    shares: ClassVar[tuple[str, ...]] = ("budget",)

    nlist: int = 0  # leaves; 0: chosen on validation, at `budget`
    budget: float = 0.1  # share of the corpus, documents and centroids, at which nlist is chosen

    @abstractmethod
    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Divide vectors [n_documents, dim] into ``nlist`` leaves, ready to be searched."""

    def build(self, documents: Floats, guide: Guide) -> None:
        """Divide the documents, and measure the cost of a sample of queries.

        Raises:
            InputError: there are fewer documents than leaves, or fewer leaves than hold a document.
        """
        self._require_possible(len(documents))
        factors = FACTORS if len(guide.vectors) else (1,)
        candidates = [self.nlist] if self.nlist else self._candidates(len(documents), factors)
        best, laid_out = candidates[0], False
        if len(candidates) > 1:
            best, laid_out = self._best_number(candidates, documents, guide)
        if not laid_out:
            self.lay_out(documents, best, guide)
            self.measure(guide.sample(documents))

    def _require_possible(self, n_documents: int) -> None:
        least = self.leaves_per_document
        if self.nlist > n_documents:
            raise InputError(
                f"nlist={self.nlist} asks for more leaves than there are documents, {n_documents}; "
                "give at most as many, or 0, which chooses their number on validation"
            )
        if min(self.nlist or n_documents, n_documents) < least:
            raise InputError(
                f"each document lies in {least} leaves: nlist must be {least} or more, and there "
                f"must be as many documents; got nlist={self.nlist} and {n_documents} documents"
            )

    def _candidates(self, n_documents: int, factors: Iterable[float]) -> list[int]:
        """Numbers about the square root of the corpus, where routing costs as much as a leaf."""
        least, root = self.leaves_per_document, math.sqrt(n_documents)
        numbers = {max(least, round(factor * root)) for factor in factors}
        return sorted(number for number in numbers if number <= n_documents)

    def _best_number(
        self, candidates: list[int], documents: Floats, guide: Guide
    ) -> tuple[int, bool]:
        """The best number of leaves, and whether all documents are laid out with it now."""
        n_documents = len(documents)
        rows = sample_to_choose_on(documents, guide)
        if len(rows) < n_documents:
            ceiling = guide.workspace.memory_bytes
            documents, guide = rows_of(documents, rows, ceiling), guide.among(rows)
        scores = []
        for nlist in candidates:
            self.lay_out(documents, nlist, guide)
            self.measure(guide.vectors, n_documents)
            scores.append(self._score_within_budget(guide))
        best = candidates[int(np.argmax(scores))]
        return best, best == candidates[-1] and len(documents) == n_documents

    def _score_within_budget(self, guide: Guide) -> float:
        """The score of validation rankings at the setting that visits most within the budget."""
        nprobe = affordable(self._work, self.budget)
        if not nprobe:
            return -math.inf
        return guide.score(self.search(guide.vectors, guide.depth, {"nprobe": nprobe}).ids)


def sample_to_choose_on(documents: Floats, guide: Guide) -> Ints:
    """Numbers of the documents that the number of leaves is chosen on, in rising order.

    Those that are drawn take an eighth of the memory at most; all that are judged come with them.
    """
    n_documents, dim = documents.shape
    if n_documents <= WHOLE:
        return np.arange(n_documents)
    room = (guide.workspace.memory_bytes or DEFAULT_MEMORY) // 8 // (4 * dim)
    n = min(round(SAMPLE * math.sqrt(n_documents)), room)
    judged = guide.judged.relevance.documents
    drawn = np.random.default_rng(guide.seed).choice(n_documents, n, replace=False)
    return np.union1d(drawn, judged[judged < n_documents])


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
