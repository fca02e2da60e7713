"""Exact search against the better of two peers: Faiss `IndexFlatIP`, and PyTorch.

The 100 best of all documents of WordNet for a batch of 4,096 queries, through `search` of a
method with the index `exact`, by random vectors. PyTorch multiplies and takes `topk`, 512 queries
at a time. The peer of a round is the one that was faster in it. That all three find the same
documents is checked.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bench.data.load import load_dataset
from bench.errors import MethodError
from bench.evaluation.preparation import prepare
from bench.evaluation.search import BATCH
from bench.method import Workspace
from bench.registry import Registry
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, alternate, faster, in_seconds, seconds_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.method import Method
    from bench.task import Queries, Task
    from bench.types import Floats, Ints

METHOD = "standard-de+exact"
AIM = 1
BLOCK = 512
"""Queries that PyTorch scores at once."""
SAME = 0.999
"""Share of answers that must agree; nearly equal scores may change places."""


def measure(
    data_dir: Path | None,
    *,
    dataset: str = "wordnet",
    dims: Sequence[int] = (64, 384),
    queries: int = BATCH,
    k: int = 100,
    repeats: int = 5,
) -> Findings:
    """Search with all three.

    Args:
        data_dir: the folder that is searched for data first.
        dataset: the dataset whose number of documents is taken.
        dims: the dimensions of the vectors, one row each.
        queries: the number of queries in the batch.
        k: the number of documents for each query.
        repeats: the number of rounds.

    Raises:
        MethodError: they do not find the same documents.
    """
    task = load_dataset(dataset, data_dir)
    asked = task.queries(task.test.relevance.answered[:queries])
    rows = []
    for dim in dims:
        say(f"    {dim} dimensions")
        rows.append(_row(task, asked, dim, k, repeats))
    return Findings(rows, [])


def _row(task: Task, asked: Queries, dim: int, k: int, repeats: int) -> SpeedRow:
    import faiss

    method = Registry().resolve(METHOD)(dim=dim, steps=0)
    prepare(method, task, workspace=Workspace(device="cpu"))
    (point,) = method.operating_points()
    q, documents = vectors_of(method, asked)
    flat = faiss.IndexFlatIP(dim)
    flat.add(documents)
    k = min(k, len(documents))

    ours = method.search(asked, k, point).ids
    for name, ids in (("Faiss", flat.search(q, k)[1]), ("PyTorch", _by_torch(q, documents, k))):
        same = float((ours == ids).mean())
        if same < SAME:
            raise MethodError(f"{METHOD} and {name} agree on {same:.2%} of the answers alone")
    searched, by_faiss, by_product = alternate(
        repeats,
        lambda: seconds_of(lambda: method.search(asked, k, point)),
        lambda: seconds_of(lambda: flat.search(q, k)),
        lambda: seconds_of(lambda: _by_torch(q, documents, k)),
    )
    peer = list(map(min, by_faiss, by_product))
    better = "Faiss" if median(by_faiss) <= median(by_product) else "PyTorch"
    other = max(median(by_faiss), median(by_product))
    what = f"{len(q):,} queries over {len(documents):,} x {dim}, k = {k}"
    row = faster(what, (searched, peer), AIM, in_seconds)
    return row.model_copy(update={"peer": f"{row.peer} ({better}; the other {in_seconds(other)})"})


def vectors_of(method: Method, queries: Queries) -> tuple[Floats, Floats]:
    """[n, dim] and [n_documents, dim] vectors that a fitted method of tables searches with."""
    encoder = cast("Any", method).encoder
    return encoder.encode_queries(queries), encoder.encode_documents(None)


def _by_torch(queries: Floats, documents: Floats, k: int) -> Ints:
    """[n, k] documents of each query."""
    import torch

    q, x = torch.from_numpy(queries), torch.from_numpy(documents)
    found = [(q[at : at + BLOCK] @ x.T).topk(k).indices for at in range(0, len(q), BLOCK)]
    return np.asarray(torch.cat(found))
