"""Judgements (qrels) of a split: relevant documents, their gains, and the rank of the cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from bench.measures.ranking import MAIN, MEASURES, gains_of_rankings, without
from bench.measures.recall import found_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Judgements:
    """The judgements of a split.

    Attributes:
        relevance: the relevant documents; queries without any are not searched. Numbers beyond
            the corpus stand for judged documents that are not there.
        removed: documents taken out of a query's ranking first (training pairs of a held-out
            task, a query's own document), or None.
        cut: rank at which rankings are cut, or None for |S|, the number of relevant documents.
        gains: gain of a document at distance 0, 1, …, for nDCG; whole numbers.
        least_gain: gain from which a document counts as relevant for recall@k and MRR.
        seen: [n_pairs] whether a pair's answer was in training, or None: not known for this task.
        groups: name -> [n_pairs] whether a pair is in a group that is measured apart.
        reach: number of documents of each ranking that are read for the measures of groups.
    """

    relevance: Relevance
    removed: Relevance | None = None
    cut: int | None = None
    gains: tuple[int, ...] = (1,)
    least_gain: int = 1
    seen: Bools | None = None
    groups: dict[str, Bools] = field(default_factory=dict)
    reach: int = 0

    @property
    def depth(self) -> Ints:
        """[n_queries] how deep a ranking is read, with room for what is removed first."""
        counts = self.relevance.counts
        cuts = counts if self.cut is None else np.full_like(counts, self.cut)
        room = 0 if self.removed is None else self.removed.counts
        return np.where(counts > 0, np.maximum(cuts + room, self.reach), 0)

    @property
    def pair_gains(self) -> Floats:
        """[n_pairs] gain of each relevant document."""
        return np.asarray(self.gains, np.float64)[self.relevance.distances]

    def hashed(self) -> Iterator[bytes]:
        """All but the relevant documents, for the hash of a task."""
        if self.cut is not None:
            yield f"{self.cut} {self.gains} {self.least_gain}".encode()
        if self.seen is not None:
            yield np.packbits(self.seen).tobytes()
        for name, pairs in self.groups.items():
            yield f"{name}:{self.reach}".encode()
            yield np.packbits(pairs).tobytes()

    def rows(self, queries: Ints) -> Judgements:
        """The judgements of the given queries alone."""
        removed = self.removed.rows(queries) if self.removed else None
        judged = self.of_pairs(self.relevance.pair_numbers(queries))
        return replace(judged, relevance=self.relevance.rows(queries), removed=removed)

    def of_pairs(self, kept: Ints | Bools) -> Judgements:
        """The same with what is said of single pairs for some of them alone, by number or mask."""
        seen = None if self.seen is None else np.asarray(self.seen)[kept]
        groups = {name: np.asarray(pairs)[kept] for name, pairs in self.groups.items()}
        return replace(self, seen=seen, groups=groups)

    def found(self, ids: Ints) -> Bools:
        """[n_pairs] which relevant documents stand above the cut of their query's ranking."""
        return found_at(ids, self.relevance, self.removed, self.cut)

    def ranked(self, ids: Ints) -> Ints:
        """[n_queries, cut] the rankings as they are judged: what is removed has left them."""
        kept = ids if self.removed is None else without(ids, self.removed)
        return kept[:, : self.cut]

    def score(self, ids: Ints) -> float:
        """One number to choose by: nDCG@10 where rankings are cut at a rank, else recall@|S|.

        Args:
            ids: [n_queries, depth] rankings of all the queries, best first.
        """
        if self.cut is None:
            return float(self.found(ids).mean())
        ranked = gains_of_rankings(self.ranked(ids), self.relevance, self.pair_gains)
        return float(MEASURES[MAIN].of(ranked).mean())
