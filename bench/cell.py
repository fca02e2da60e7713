"""A cell: what was measured of one (task, method, hyper-parameters, seed), and its JSON form."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from bench.method import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


class Status(StrEnum):
    """How a cell ended."""

    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    SKIPPED = "skipped"


WARNING = "warning: "
"""How the phase of a cell begins that is no phase, but something to be told at once."""


class _Model(BaseModel):
    """Strict: an unknown field in a file is an error, not a loss."""

    model_config = ConfigDict(extra="forbid")


class Stratum(_Model):
    """Recall of the pairs at one distance, with a 95 % bootstrap interval over queries."""

    distance: int
    n: int
    recall: float
    low: float
    high: float


class Interval(_Model):
    """A mean over queries, with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


class PartResult(_Model):
    """What one operating point gave on a part of the relevant documents.

    Attributes:
        n_queries, n_pairs: size of the part.
        recall: over its pairs.
        recall_by_distance, ranking: as for the whole.
    """

    n_queries: int
    n_pairs: int
    recall: float
    recall_by_distance: list[Stratum]
    ranking: dict[str, Interval] = {}


class Correlation(_Model):
    """Spearman's rho between a score of word pairs and the human one.

    Attributes:
        score: how a pair was scored: ``score`` as the method gives it, ``log-rank``.
        subset: which of the pairs.
        n: how many they are.
        rho, low, high: with a 95 % bootstrap interval over pairs; None where all scores are equal.
    """

    score: str
    subset: str
    n: int
    rho: float | None
    low: float | None
    high: float | None


class PointResult(_Model):
    """What one operating point gave. Shares are fractions.

    Attributes:
        visited: mean share of the corpus whose vectors were scored for a query.
        self_reported: whether ``visited`` is the method's own count.
        routing: document dot products spent on the way, for each query.
        work: ``visited`` and routing together, as a share of the corpus.
        recall, low, high: over all pairs, with its interval.
        macro: mean over queries.
        min: smallest over distances of at least 30 pairs.
        ranking: nDCG@10, MRR@10, R@10 … by name, where rankings are cut at a rank.
        seen, unseen: of relevant documents that were seen in training, and of the others.
    """

    point: dict[str, Value]
    visited: float
    self_reported: bool
    routing: float
    work: float
    queries_per_second: float
    recall: float
    low: float
    high: float
    macro: float
    min: float
    recall_by_distance: list[Stratum]
    ranking: dict[str, Interval] = {}
    seen: PartResult | None = None
    unseen: PartResult | None = None


def dearest_within(points: Sequence[PointResult], budget: float) -> int | None:
    """Number of the operating point that visits most within a share of the corpus, or None."""
    within = [number for number, point in enumerate(points) if point.visited <= budget]
    return max(within, key=lambda number: points[number].visited, default=None)


class Leaves(_Model):
    """How evenly documents lie in leaves: see :class:`bench.leaves.LeafHealth`.

    Attributes:
        training: the same, each time that the method looked while it was trained.
    """

    leaves: int
    empty: int
    largest: float
    gini: float
    entropy: float
    expected: float
    even: float
    training: list[Leaves] = []


class Cost(_Model):
    """Seconds, megabytes (10^6) and bytes.

    Attributes:
        fit_s: of training, as measured when it was done; ``fit_shared`` if in an earlier cell.
        encode_s: of the test queries, if that was not done before; q/s leave it out.
        search_s: over all operating points.
        harness_s: everything else in the cell's process: start, task, measures, the run file.
        peak_mb: largest unique set size of the cell's process, sampled.
    """

    fit_s: float
    fit_shared: bool
    index_s: float
    encode_s: float = 0.0
    search_s: float
    harness_s: float
    peak_mb: float
    index_bytes: int


class Provenance(_Model):
    """Where a cell was measured."""

    git: str | None
    dirty: bool | None
    versions: dict[str, str]
    machine: dict[str, Any]
    threads: int
    date: str


class Cell(_Model):
    """One cell, as stored in ``cell.json``.

    Attributes:
        cut: rank at which rankings are cut, None for |S|.
        seen_means: what it means here that a pair's answer was seen in training.
        changed: the parameters that were set by hand.
        points: of what was searched; similarity: of pairs that were scored.
        leaves: of a method that parts the corpus.
        run_sha256: of ``run.parquet``, None where nothing was searched.
    """

    schema_: int = Field(default=1, alias="schema")
    key: str
    status: Status
    reason: str | None = None
    task: str
    task_digest: str
    notes: list[str] = []
    n_queries: int
    n_documents: int
    cut: int | None = None
    seen_means: str = ""
    method: str
    params: dict[str, Value]
    changed: dict[str, Value]
    sees_test: bool = False
    seed: int
    k: int
    points: list[PointResult] = []
    similarity: list[Correlation] = []
    leaves: Leaves | None = None
    cost: Cost | None = None
    run_sha256: str | None = None
    provenance: Provenance

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @property
    def identity(self) -> tuple[str, str, str, str, int, int]:
        """What a newer cell of other code takes the place of."""
        params = repr(sorted(self.params.items()))
        return self.task, self.task_digest, self.method, params, self.seed, self.k


class CellSpec(_Model):
    """What the process of a cell is told to do.

    Attributes:
        root: the results folder.
        task_folder: where the task's arrays lie.
        memory_bytes: how much the process may allocate.
        fits_from: states fitted before this time (seconds since 1970) are fitted again.
        launched: when the cell's process was started (seconds since 1970).
        blank: the cell with everything but its outcome.
    """

    root: str
    task_folder: str
    plugins: list[str]
    memory_bytes: int
    fits_from: float
    launched: float = 0.0
    blank: Cell
