"""Records of a cell's results: the figures of its operating points, and their JSON form."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from bench.system.records import (
    ROUNDED,
    Amount,
    Columns,
    End,
    Figure,
    Record,
    Share,
    ShareEnd,
    added,
)
from bench.types import Value

MET_AT_MOST = 2
"""How often a library's counter may count one document: a graph scores some on several levels."""
QUIET = 0.05
"""The largest share of the time without a core up to which a machine counts as quiet."""
_RHO = Field(ge=-1 - ROUNDED, le=1 + ROUNDED)


class Stratum(Record):
    """Recall of the pairs at one distance, with a 95 % bootstrap interval over queries."""

    distance: NonNegativeInt
    n: NonNegativeInt
    recall: Share
    low: ShareEnd
    high: ShareEnd


class Interval(Record):
    """A mean over queries, with its 95 % bootstrap interval."""

    mean: Share
    low: ShareEnd
    high: ShareEnd


class PartResult(Record):
    """The figures of one operating point on a part of the relevant documents.

    Attributes:
        n_queries, n_pairs: size of the part.
        recall: recall over the pairs of the part.
        recall_by_distance, ranking: the same measures as for all relevant documents.
    """

    n_queries: NonNegativeInt
    n_pairs: NonNegativeInt
    recall: Share
    recall_by_distance: Columns[Stratum]
    ranking: dict[str, Interval] = Field(default_factory=dict)


class Correlation(Record):
    """Spearman's rho between a score of word pairs and the human one.

    Attributes:
        score: the way of scoring a pair: ``score`` as the method gives it, or ``log-rank``.
        subset: name of the subset of the pairs.
        n: number of pairs.
        rho, low, high: rho with its 95 % bootstrap interval over pairs; None if all scores are
            equal.
    """

    score: str
    subset: str
    n: NonNegativeInt
    rho: Annotated[Figure, _RHO] | None
    low: Annotated[End, _RHO] | None
    high: Annotated[End, _RHO] | None


class LossShares(Record):
    """The shares of relevant documents lost; 1 - recall = encoder + routing + scoring - gain.

    Shares of the pairs at one distance, or of all.

    Attributes:
        encoder: exact search over the same vectors misses them.
        routing: exact search finds them, but they were not visited.
        scoring: the document was visited, but is not among the best that were returned.
        gain: exact search misses them, but the documents ranked above were not visited.
    """

    n: NonNegativeInt
    encoder: ShareEnd
    routing: ShareEnd
    scoring: ShareEnd
    gain: ShareEnd


class XRay(Record):
    """The losses of an operating point: see :class:`Loss`.

    Attributes:
        overall: the losses over all pairs.
        by_distance: the losses at each distance that occurs.
        undivided: whether visits are not known, so that ``routing`` includes the loss in scoring.
    """

    overall: LossShares
    by_distance: dict[int, LossShares]
    undivided: bool


class Latency(Record):
    """Milliseconds of single queries, one after another on one thread, with their routing.

    Texts are encoded before. A query counts with the median of its times.

    Attributes:
        p50_ms, p99_ms: percentiles over the queries that were timed.
        queries: number of these queries, the first of one random order of the test's.
        rounds: how often each was searched, once in a round.
        waited: share of the time in which threads could compute and had no core; None: not known.
    """

    p50_ms: Annotated[Amount, Field(ge=0)]
    p99_ms: Annotated[Amount, Field(ge=0)]
    queries: PositiveInt
    rounds: PositiveInt
    waited: ShareEnd | None


class PointResult(Record):
    """The figures of one operating point. Shares are fractions.

    A run that was brought from a file tells no cost: ``visited``, ``routing``, ``work`` and
    ``queries_per_second`` are None then; ``visited`` alone where no document's vector is scored.

    Attributes:
        visited: mean share of the corpus whose vectors were scored for a query.
        self_reported: whether ``visited`` is the method's own count.
        routing: cost of routing a query, in document dot products.
        work: ``visited`` and routing together, as a share of the corpus.
        recall, low, high: over all pairs, with its interval.
        macro: mean over queries.
        min: smallest over distances of at least 30 pairs.
        ranking: nDCG@10, MRR@10, R@10 … by name, where rankings are cut at a rank.
        seen, unseen: the same over relevant documents seen in training, and over the others.
        groups: the same over other groups of relevant documents, by name; None: there are none.
        xray: the losses, for a method that can search exactly; else None.
        waited: share of the time of ``queries_per_second`` in which threads could compute and had
            no core; None: not known.
        tied: share of queries where equal scores decide which document is the last that counts.
        latency: the time of single queries; None: not measured.
        query_load: queries at the leaf of a random probe, over an even share; None: not known.
    """

    point: dict[str, Value]
    visited: Annotated[Figure, Field(ge=0, le=MET_AT_MOST)] | None
    self_reported: bool
    routing: Annotated[End, Field(ge=0)] | None
    work: Annotated[Figure, Field(ge=0)] | None
    queries_per_second: Annotated[Amount, Field(gt=0)] | None
    recall: Share
    low: ShareEnd
    high: ShareEnd
    macro: Share
    min: Share
    recall_by_distance: Columns[Stratum]
    ranking: dict[str, Interval] = Field(default_factory=dict)
    seen: PartResult | None = None
    unseen: PartResult | None = None
    xray: XRay | None = None
    waited: ShareEnd | None = added()
    tied: Share | None = added()
    latency: Latency | None = added()
    groups: dict[str, PartResult] | None = added()
    query_load: Annotated[Figure, Field(ge=0)] | None = added()

    def part(self, name: str) -> PointResult | PartResult | None:
        """This point as a whole, or its results over a part: ``seen``, ``unseen``, or a group."""
        return self.parts().get(name) if name else self

    def parts(self) -> dict[str, PartResult]:
        """The results over parts of the relevant documents, by name."""
        halves = {"seen": self.seen, "unseen": self.unseen}
        return {name: part for name, part in halves.items() if part} | (self.groups or {})

    def mean(self, measure: str, part: str = "") -> float | None:
        """Mean of a ranking measure over the queries of a part; None if it was not measured."""
        found = self.part(part)
        interval = None if found is None else found.ranking.get(measure)
        return None if interval is None else interval.mean

    @model_validator(mode="after")
    def _has_each_distance(self) -> PointResult:
        distances = {stratum.distance for stratum in self.recall_by_distance}
        if self.xray is not None and self.xray.by_distance.keys() != distances:
            raise ValueError("its X-ray has other distances than its recall")
        return self


class Leaves(Record):
    """How evenly documents lie in leaves: see :class:`bench.leaves.LeafHealth`.

    Attributes:
        purity, by_chance: how far they follow a hierarchy: see
            :class:`bench.measures.purity.Purity`; None: there is none, or it was not measured.
        training: the same figures at several times of the training.
    """

    leaves: NonNegativeInt
    empty: NonNegativeInt
    largest: ShareEnd
    gini: ShareEnd
    entropy: ShareEnd
    expected: Annotated[End, Field(ge=0)]
    even: Annotated[End, Field(ge=0)]
    training: Columns[Leaves] = Field(default_factory=list)
    purity: Share | None = added()
    by_chance: Share | None = added()
