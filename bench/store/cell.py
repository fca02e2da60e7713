"""A cell: the results of one (task, method, hyper-parameters, seed), and their JSON form."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, NonNegativeInt, model_validator

from bench.errors import in_one_line
from bench.measures.choice import Chosen
from bench.measures.records import Correlation, Leaves, PointResult
from bench.method.workspace import Resources
from bench.system.provenance import Provenance
from bench.system.records import Amount, Columns, Figure, Record, ShareEnd, Text, added
from bench.types import Value

if TYPE_CHECKING:
    from collections.abc import Sequence


class Status(StrEnum):
    """The state of a cell: planned, which means not measured yet; or how it ended."""

    PLANNED = "planned"
    OK = "ok"
    FAILED = "failed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    SKIPPED = "skipped"


class Cost(Record):
    """Seconds, megabytes (10^6) and bytes.

    Attributes:
        fit_s: training, as measured when it was done; ``fit_shared`` if in an earlier cell.
        index_s: indexing, with the operating points and the leaves.
        encode_s: encoding the test queries, if that was not done before; not part of q/s.
        choose_s: searching validation queries, to choose an operating point.
        search_s: searching test queries, at all operating points.
        exact_s: exact search, for the X-ray.
        latency_s: searching single queries, for the latency; None: not measured.
        waited: by the names of the seconds before, the share of each in which threads could compute
            and had no core; one that is not known is absent.
        harness_s: everything else in the cell's process: start, task, measures, the run file.
        peak_mb: largest memory of the cell's process and its descendants, sampled.
        ceiling_mb: megabytes that the process was allowed to allocate; None: not known.
    """

    fit_s: Amount
    fit_shared: bool
    index_s: Amount
    encode_s: Amount = 0.0
    choose_s: Amount = 0.0
    search_s: Amount
    exact_s: Amount = 0.0
    latency_s: Amount | None = added()
    waited: dict[str, ShareEnd] | None = added()
    harness_s: Amount
    peak_mb: Amount
    ceiling_mb: Figure | None = None
    index_bytes: int

    @property
    def rest_s(self) -> float:
        """Seconds of the cell without its training."""
        work = self.index_s + self.encode_s + self.choose_s + self.search_s + self.exact_s
        return work + (self.latency_s or 0.0) + self.harness_s


class Brought(Record):
    """The file that a run was brought from (``--run``); nothing else of its search is known.

    Attributes:
        file: its path.
        sha256: hash of its content.
        tag: the name of the system in it.
        unanswered: number of the test's queries that it has no ranking of; they score 0.
    """

    file: Text
    sha256: str
    tag: Text
    unanswered: NonNegativeInt


class Cell(Record):
    """One cell, as stored in ``cell.json``.

    Attributes:
        dataset: where the task was read from, as ``--dataset`` takes it; None if its name tells it.
        plugin: what brought the method, as ``--plugin`` takes it; a list where several brought its
            parts; None for a method that is built in or installed.
        cut: rank at which rankings are cut, None for |S|.
        seen_means: the meaning of "seen" on this task, in words: a pair's answer was in training.
        brought: the file that its run was brought from; None: it was measured.
        changed: the parameters that were set by hand.
        code: versions that the results depend on; see :func:`bench.versions.keys.code_of`.
        chosen: the operating point that validation chose before the test was opened.
        points: figures of searches; similarity: figures of word pairs that were scored.
        leaves: statistics of the leaves, for a method that has them.
        run_sha256, queries_sha256: hashes of ``run.parquet`` and ``queries.parquet``; None if
            nothing was searched.
        sha256: hash of the text of ``cell.json`` with this field null.
    """

    schema_: Literal[1, 2] = Field(default=2, alias="schema")
    key: str
    status: Status
    reason: Text | None = None
    task: str
    task_digest: str
    dataset: str | None = added()
    notes: list[str] = Field(default_factory=list)
    n_queries: int
    n_documents: int
    cut: int | None = None
    seen_means: str = ""
    method: str
    plugin: str | list[str] | None = added()
    brought: Brought | None = added()
    params: dict[str, Value]
    changed: dict[str, Value]
    sees_test: bool = False
    code: list[str] = Field(default_factory=list)
    seed: int
    k: int
    chosen: Chosen | None = None
    points: Columns[PointResult] = Field(default_factory=list)
    similarity: Columns[Correlation] = Field(default_factory=list)
    leaves: Leaves | None = None
    cost: Cost | None = None
    run_sha256: str | None = None
    queries_sha256: str | None = None
    sha256: str | None = None
    provenance: Provenance

    @model_validator(mode="after")
    def _has_the_chosen_point(self) -> Cell:
        chosen, n = self.chosen, len(self.points)
        if chosen is None or not n:
            return self
        if chosen.number is not None and chosen.number >= n:
            raise ValueError(f"it chose operating point {chosen.number} of {n}")
        if chosen.tried is not None and len(chosen.tried) != n:
            raise ValueError(f"it tried {len(chosen.tried)} of {n} operating points")
        return self

    def ended(
        self,
        status: Status,
        reason: str | None,
        provenance: Provenance | None = None,
        **outcome: Any,  # noqa: ANN401 - fields of each its own type
    ) -> Cell:
        """This planned cell, with its status and its results."""
        line = None if reason is None else in_one_line(reason)
        update = {"status": status, "reason": line, **outcome}
        if provenance is not None:
            update["provenance"] = provenance
        return self.model_copy(update=update)

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that brought the method or its parts."""
        if self.plugin is None:
            return ()
        return (self.plugin,) if isinstance(self.plugin, str) else tuple(self.plugin)

    def of_plugins(self, plugins: Sequence[str]) -> Cell:
        """This planned cell, with the plugins that brought its method or its parts."""
        one_or_none = plugins[0] if plugins else None
        plugin = list(plugins) if len(plugins) > 1 else one_or_none
        return self.model_copy(update={"plugin": plugin})

    @property
    def title(self) -> str:
        """The cell in a few words."""
        return f"{self.task} · {self.method} · seed {self.seed}"

    @property
    def place(self) -> str:
        """The folder of the cell within the runs of a store: ``<task>/<method>/<key>``."""
        return f"{self.task}/{self.method}/{self.key}"

    @property
    def identity(self) -> tuple[str, str, str, str, int, int]:
        """The fields that a cell shares with the older one that it replaces, of other code."""
        params = repr(sorted(self.params.items()))
        return self.task, self.task_digest, self.method, params, self.seed, self.k


class CellSpec(Record):
    """All that the process of a cell needs to know.

    Attributes:
        root: the results folder.
        task_folder: the folder of the task's arrays.
        fits: the folder of fitted states that cells share.
        resources: the resources that the cell needs on a node of a cluster.
        memory_bytes: bytes that the process may allocate; 0: there is no ceiling.
        fits_from: states fitted and texts encoded before this time (seconds since 1970) are
            made again.
        launched: when the cell's process was started (seconds since 1970).
        supervisor: number of the process that adopts what the cell's process leaves behind.
        planned: the cell to be measured.
    """

    root: str
    task_folder: str
    fits: str
    resources: Resources = Resources()
    memory_bytes: int
    fits_from: float
    launched: float = 0.0
    supervisor: int | None = None
    planned: Cell
