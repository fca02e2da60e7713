"""How seconds and memory grow with the corpus: 10,000, 100,000 and 1,000,000 documents.

Cells of `zero-shot-de+faiss-ivf` on generated vectors of 64 dimensions with WordNet's clusters, one
after another: indexing, searching 2,000 queries at all operating points, exact search of the same
queries, everything else (start, task, measures, files), the process's peak memory and the size of
the index. By default leaves are laid out for five numbers of them, about the square root of the
corpus, and the best on validation is kept: each document is compared with more centroids the more
documents there are. With 1,000 leaves, whatever the size, it is not. The exponent e of size^e is
fitted to the three by least squares over logarithms; in brackets from each size to the next, as
what a process takes to begin weighs most in the smallest. The time of exact search over all pairs,
a query for each document, would have one more.
"""

from __future__ import annotations

import math
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bench
from bench.errors import InputError
from bench.store.cell import Cost, Status
from bench.system.terminal import say
from studies.geometry.search import slope
from studies.speed.ratio import Row, Spread, in_seconds, told
from studies.speed.record import Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.method import Value

METHOD = "zero-shot-de+faiss-ivf"
AIM = 1.05


class Sizes(NamedTuple):
    """How much is measured.

    Attributes:
        documents: of each corpus.
        queries: that are asked, validation included.
        memory_bytes: ceiling of each cell.
        nlist: leaves, where their number does not grow.
    """

    documents: tuple[int, ...]
    queries: int
    memory_bytes: int
    nlist: int


FULL = Sizes((10_000, 100_000, 1_000_000), 2200, 8 << 30, 1000)


def measure(data_dir: Path | None, sizes: Sizes = FULL) -> Measured:
    """Measure a cell of each size in a folder that is thrown away.

    Raises:
        InputError: a cell failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        costs = [_cost(n, sizes, sizes.queries, {}, out, data_dir) for n in sizes.documents]
        fixed, few = {"nlist": sizes.nlist}, sizes.queries // 10
        held = [_cost(n, sizes, few, fixed, out, data_dir).index_s for n in sizes.documents]
    amounts: dict[str, tuple[Callable[[Cost], float], Callable[[float], str]]] = {
        "index, leaves about the square root": (lambda cost: cost.index_s, in_seconds),
        "search, all operating points": (lambda cost: cost.choose_s + cost.search_s, in_seconds),
        "exact search": (lambda cost: cost.exact_s, in_seconds),
        "harness and measures": (lambda cost: cost.harness_s, in_seconds),
        "peak memory": (lambda cost: cost.peak_mb, _in_megabytes),
        "size of the index": (lambda cost: cost.index_bytes / 1e6, _in_megabytes),
    }
    rows = [
        _row(what, sizes.documents, [amount(cost) for cost in costs], tell)
        for what, (amount, tell) in amounts.items()
    ]
    leaves = f"index, {sizes.nlist:,} leaves"
    rows.insert(1, _row(leaves, sizes.documents, held, in_seconds))
    return Measured(rows, [])


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The e of values ~ sizes^e by least squares over logarithms.

    Args:
        sizes: at least two different ones, above 0.
        values: seconds or bytes at each size, above 0.
    """
    return slope([math.log(size) for size in sizes], [math.log(value) for value in values]).value


def _cost(
    n: int,
    sizes: Sizes,
    queries: int,
    settings: Mapping[str, Value],
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
        memory_bytes=sizes.memory_bytes,
        out=out,
        data_dir=data_dir,
    )
    if cell.status is not Status.OK or cell.cost is None:
        raise InputError(f"{cell.method} on {cell.task} is {cell.status}: {cell.reason}")
    return cell.cost


def _row(
    what: str, sizes: Sequence[int], values: Sequence[float], tell: Callable[[float], str]
) -> Row:
    """The exponent beside what it was fitted to."""
    points = list(zip(sizes, values, strict=True))
    steps = [exponent(*zip(*each, strict=True)) for each in pairwise(points)]
    fitted = exponent(sizes, values)
    return Row(
        what=f"{what}: exponent",
        ours=", ".join(map(tell, values)),
        measured=Spread(middle=fitted, low=min(steps), high=max(steps)),
        at_least=False,
        aim=AIM,
    )


def _in_megabytes(megabytes: float) -> str:
    return f"{told(megabytes)} MB"
