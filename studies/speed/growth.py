"""How seconds and memory grow with the corpus: 10,000, 100,000 and 1,000,000 documents.

Cells of `zero-shot-de+faiss-ivf` on generated vectors of 64 dimensions with WordNet's clusters, one
after another: indexing, searching 2,000 queries at all operating points, exact search of the same
queries, everything else (start, task, measures, files), the process's peak memory and the size of
the index. By default the number of leaves is chosen among five, about the square root of the
corpus: each document is compared with more centroids the more documents there are. With 1,000
leaves, whatever the size, it is not. The exponent e of size^e is fitted to the three by least
squares over logarithms; in brackets from each size to the next, as what a process takes to begin
weighs most in the smallest. The time of exact search over all pairs, a query for each document,
would have one more.
"""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import bench
from bench.errors import InputError
from bench.store.cell import Cost, Status
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, Spread, format_number, in_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.method import Value

METHOD = "zero-shot-de+faiss-ivf"
AIM = 1.05


def measure(
    data_dir: Path | None,
    *,
    documents: Sequence[int] = (10_000, 100_000, 1_000_000),
    queries: int = 2200,
    memory_bytes: int = 8 << 30,
    nlist: int = 1000,
) -> Findings:
    """Measure a cell of each size in a folder that is thrown away.

    Args:
        data_dir: the folder that is searched for data first.
        documents: the number of documents of each corpus.
        queries: the number of queries, including validation.
        memory_bytes: the ceiling of each cell.
        nlist: the number of leaves of the cells in which it does not grow.

    Raises:
        InputError: a cell failed.
    """
    fixed, few = {"nlist": nlist}, queries // 10
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        costs = [_cost(n, queries, {}, memory_bytes, out, data_dir) for n in documents]
        held = [_cost(n, few, fixed, memory_bytes, out, data_dir).index_s for n in documents]
    amounts: dict[str, tuple[Callable[[Cost], float], Callable[[float], str]]] = {
        "index, leaves about the square root": (lambda cost: cost.index_s, in_seconds),
        "search, all operating points": (lambda cost: cost.choose_s + cost.search_s, in_seconds),
        "exact search": (lambda cost: cost.exact_s, in_seconds),
        "harness and measures": (lambda cost: cost.harness_s, in_seconds),
        "peak memory": (lambda cost: cost.peak_mb, _in_megabytes),
        "size of the index": (lambda cost: cost.index_bytes / 1e6, _in_megabytes),
    }
    rows = [
        _row(what, documents, [amount(cost) for cost in costs], text)
        for what, (amount, text) in amounts.items()
    ]
    rows.insert(1, _row(f"index, {nlist:,} leaves", documents, held, in_seconds))
    return Findings(rows, [])


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The e of values ~ sizes^e by least squares over logarithms.

    Args:
        sizes: at least two different ones, above 0.
        values: seconds or bytes at each size, above 0.
    """
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def _cost(
    n: int,
    queries: int,
    settings: Mapping[str, Value],
    memory_bytes: int,
    out: Path,
    data_dir: Path | None,
) -> Cost:
    changed = "".join(f" {name}={value}" for name, value in settings.items())
    say(f"    {n:,} documents{changed}")
    dataset = f"clusters:n={n},queries={queries}"
    (cell,) = bench.run(
        METHOD,
        dataset,
        settings=settings,
        memory_bytes=memory_bytes,
        out=out,
        data_dir=data_dir,
    )
    if cell.status is not Status.OK or cell.cost is None:
        raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
    return cell.cost


def _row(
    what: str, sizes: Sequence[int], values: Sequence[float], text: Callable[[float], str]
) -> SpeedRow:
    """The exponent beside the values that it was fitted to."""
    points = list(zip(sizes, values, strict=True))
    steps = [exponent(*zip(*each, strict=True)) for each in pairwise(points)]
    fitted = exponent(sizes, values)
    return SpeedRow(
        what=f"{what}: exponent",
        ours=", ".join(map(text, values)),
        measured=Spread(middle=fitted, low=min(steps), high=max(steps)),
        at_least=False,
        aim=AIM,
    )


def _in_megabytes(megabytes: float) -> str:
    return f"{format_number(megabytes)} MB"
