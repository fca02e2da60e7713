"""Search time for each visited document, against Faiss's own `IndexIVFFlat.search`.

`faiss-ivf`: the index as the harness searches it (leaves chosen, handed over and reported) beside
a raw index with as many leaves and probes over the same random vectors. `ehi`: the learned tree,
after a short training, beside a raw index of the same vectors with as many leaves as hold
documents. Both probe a tenth of their leaves and search in batches of 4,096; what a query visits
is counted, and seconds are divided by it. Choosing leaves is part of a search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.data.load import load_dataset
from bench.evaluation.answers import Indexed
from bench.evaluation.preparation import prepare
from bench.evaluation.search import BATCH, Searcher
from bench.method import Workspace, no_progress
from bench.registry import Registry
from bench.system.terminal import say
from studies.speed.exact_search import vectors_of
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, alternate, seconds_of, slower

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.method import Value
    from bench.task import Queries, Task
    from bench.types import Floats

SHARE = 0.1
"""Share of the leaves that are probed."""


class Searched(NamedTuple):
    """A method whose search is compared.

    Attributes:
        method: name of the method.
        params: its hyper-parameters that differ from their defaults.
        aim: the largest ratio of its time to the peer's.
    """

    method: str
    params: dict[str, Value]
    aim: float


METHODS = (
    Searched("standard-de+faiss-ivf", {"dim": 64, "steps": 0, "nlist": 512}, 1.05),
    Searched("ehi", {"dim": 64, "steps": 200}, 1.2),
)


def measure(
    data_dir: Path | None,
    *,
    dataset: str = "wordnet",
    queries: int = 2 * BATCH,
    k: int = 100,
    repeats: int = 15,
    methods: Sequence[Searched] = METHODS,
) -> Findings:
    """Search through both methods and their peers.

    Args:
        data_dir: the folder that is searched for data first.
        dataset: the dataset whose queries and number of documents are taken.
        queries: the number of queries.
        k: the number of documents for each query.
        repeats: the number of rounds.
        methods: the methods that are compared.
    """
    task = load_dataset(dataset, data_dir)
    asked = task.queries(task.test.relevance.answered[:queries])
    return Findings([_row(task, asked, k, repeats, each) for each in methods], [])


def _row(task: Task, asked: Queries, k: int, repeats: int, searched: Searched) -> SpeedRow:
    say(f"    {searched.method}")
    method = Registry().resolve(searched.method)(**searched.params)
    prepare(method, task, workspace=Workspace(device="cpu"))
    indexed = Indexed(method, len(task.document_names))
    n_leaves = len(np.unique(np.asarray(method.partition())))
    point = max(
        (each for each in indexed.points if int(each["nprobe"]) <= SHARE * n_leaves),
        key=lambda each: int(each["nprobe"]),
        default=indexed.points[0],
    )
    k = min(k, indexed.n_documents)
    searcher = Searcher(indexed, asked, k)
    queries, documents = vectors_of(method, asked)
    raw = _Raw(documents, n_leaves, int(point["nprobe"]))
    visited: list[float] = []

    def ours() -> float:
        summary = searcher.run(point, no_progress).summary
        visited.append(summary.mean_visited)
        return summary.seconds / (summary.mean_visited * len(queries))

    theirs = raw.visited(queries)
    timed = alternate(repeats, ours, lambda: raw.seconds(queries, k) / (theirs * len(queries)))
    what = (
        f"{searched.method}, {n_leaves:,} leaves, nprobe {point['nprobe']}, "
        f"{visited[-1]:,.0f} visited of {len(documents):,} x {documents.shape[1]} "
        f"(the peer: {theirs:,.0f})"
    )
    return slower(what, timed, searched.aim, lambda seconds: f"{1e9 * seconds:.2f} ns")


class _Raw:
    """Faiss used without Treeline."""

    def __init__(self, documents: Floats, nlist: int, nprobe: int) -> None:
        """Cluster the documents and fill the lists."""
        import faiss

        dim = documents.shape[1]
        self._quantizer = faiss.IndexFlatIP(dim)
        self._ivf = faiss.IndexIVFFlat(self._quantizer, dim, nlist, faiss.METRIC_INNER_PRODUCT)
        self._ivf.cp.min_points_per_centroid = 1  # no warning on small corpora
        self._ivf.train(documents)
        self._ivf.add(documents)
        self._ivf.nprobe = nprobe

    def visited(self, queries: Floats) -> float:
        """Mean number of documents in the lists that a query probes."""
        lists = self._ivf.invlists
        sizes = np.array([lists.list_size(number) for number in range(self._ivf.nlist)])
        _, probed = self._quantizer.search(queries, self._ivf.nprobe)
        return float(sizes[probed].sum(axis=1).mean())

    def seconds(self, queries: Floats, k: int) -> float:
        """Seconds of searching all queries."""
        return sum(
            seconds_of(lambda at=at: self._ivf.search(queries[at : at + BATCH], k))  # type: ignore[misc]
            for at in range(0, len(queries), BATCH)
        )
