"""Exact search against the better of two peers: Faiss `IndexFlatIP`, and PyTorch.

The 100 best of all documents of WordNet for a batch of 4,096 queries, through `search` of a
method with the index `exact`, by random vectors. PyTorch multiplies and takes `topk`, 512 queries
at a time. The peer of a round is the one that was faster in it. That all three find the same
documents is checked.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.data.load import load_dataset
from bench.errors import MethodError
from bench.evaluation.preparation import prepare
from bench.evaluation.search import BATCH
from bench.method import Workspace
from bench.registry import Registry
from bench.system.terminal import say
from studies.speed.ratio import Row, Timings, alternate, faster, in_seconds, seconds_of
from studies.speed.record import Measured
from studies.speed.tables import vectors_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Task
    from bench.types import Floats, Ints

METHOD = "standard-de+exact"
AIM = 1
BLOCK = 512
"""Queries that PyTorch scores at once."""
SAME = 0.999
"""Share of answers that must agree; scores that are nearly equal may change places."""


class Sizes(NamedTuple):
    """How much is measured.

    Attributes:
        dataset: of whose size the corpus is.
        dims: of the vectors.
        queries: of the batch.
        k: documents for each.
        repeats: rounds.
    """

    dataset: str
    dims: tuple[int, ...]
    queries: int
    k: int
    repeats: int


FULL = Sizes("wordnet", (64, 384), BATCH, 100, 5)


def measure(data_dir: Path | None, sizes: Sizes = FULL) -> Measured:
    """Search with all three.

    Raises:
        MethodError: they do not find the same.
    """
    task = load_dataset(sizes.dataset, data_dir)
    rows = []
    for dim in sizes.dims:
        say(f"    {dim} dimensions")
        rows.append(_row(task, dim, sizes))
    return Measured(rows, [])


def _row(task: Task, dim: int, sizes: Sizes) -> Row:
    import faiss

    method = Registry().resolve(METHOD)(dim=dim, steps=0)
    prepare(method, task, workspace=Workspace(device="cpu"))
    (point,) = method.operating_points()
    asked = task.queries(task.test.relevance.answered[: sizes.queries])
    vectors = vectors_of(method)
    q, documents = vectors.queries[asked.rows], vectors.documents
    flat = faiss.IndexFlatIP(dim)
    flat.add(documents)
    k = min(sizes.k, len(documents))

    ours = method.search(asked, k, point).ids
    for name, ids in (("Faiss", flat.search(q, k)[1]), ("PyTorch", _by_torch(q, documents, k))):
        same = float((ours == ids).mean())
        if same < SAME:
            raise MethodError(f"{METHOD} and {name} agree on {same:.2%} of the answers alone")
    searched, by_faiss, by_product = alternate(
        sizes.repeats,
        lambda: seconds_of(lambda: method.search(asked, k, point)),
        lambda: seconds_of(lambda: flat.search(q, k)),
        lambda: seconds_of(lambda: _by_torch(q, documents, k)),
    )
    peer = list(map(min, by_faiss, by_product))
    better = "Faiss" if median(by_faiss) <= median(by_product) else "PyTorch"
    other = max(median(by_faiss), median(by_product))
    what = f"{len(q):,} queries over {len(documents):,} x {dim}, k = {k}"
    row = faster(what, Timings(searched, peer), AIM, in_seconds)
    return row.model_copy(update={"peer": f"{row.peer} ({better}; the other {in_seconds(other)})"})


def _by_torch(queries: Floats, documents: Floats, k: int) -> Ints:
    """[n, k] documents of each query."""
    import torch

    q, x = torch.from_numpy(queries), torch.from_numpy(documents)
    found = [(q[at : at + BLOCK] @ x.T).topk(k).indices for at in range(0, len(q), BLOCK)]
    return np.asarray(torch.cat(found))
