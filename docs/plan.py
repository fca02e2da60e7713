"""Writes the plan for large corpora into ``docs/scale.md``, from stored cells: ``make docs``.

Seconds of a cell of 100,000 vectors are divided by what it computed; the quotients are multiplied
with what a larger corpus would compute. It is assumed that the costs of adding a document to HNSW
and of a query grow as the logarithm of the corpus, and that ScaNN clusters as Faiss does. Bytes
are counted.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.measures.budget import UNLIMITED
from bench.report.markdown import pipe_table
from bench.report.news import PASSAGES_PER_S
from bench.store.folder import Store
from methods.indexes import kmeans
from methods.indexes.leaves import FACTORS, SAMPLE, WHOLE
from studies.parts import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.measures.records import PointResult
    from bench.store.cell import Cell, Cost

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scale.md"
TASK = "clusters-n=100000,dim=384"
SIZES = {"8,841,823": 8_841_823, "1,000,000,000": 1_000_000_000}
METHODS = ("zero-shot-de", *(f"zero-shot-de+{index}" for index in ("faiss-ivf", "scann", "hnsw")))
TB = 1e12
TENTH_SECOND = 0.1
HOURS_WHOLE = 10
"""Core-hours from which no decimal is shown."""
ONE_BY_ONE = 4
"""Seconds of comparing a document with a centroid in its cluster, over those in a whole product."""


def compared(n: int, nlist: float) -> float:
    """Pairs of a document and a centroid that laying out leaves compares, as in whole products."""
    drawn = min(n, max(kmeans.PER_LEAF * nlist, kmeans.AT_LEAST))
    if nlist < kmeans.NESTED:
        return (kmeans.ROUNDS * drawn + n) * nlist
    root = math.sqrt(nlist)
    nested = kmeans.ITERATIONS * drawn * root
    if nlist < kmeans.TWO_LEVELS:
        return nested + (kmeans.ROUNDS_NESTED * drawn + n) * nlist
    training, filling = kmeans.PROBED_IN_TRAINING, kmeans.PROBED
    probed = kmeans.ROUNDS_NESTED * drawn * training + n * filling
    return nested + ONE_BY_ONE * probed * root


def compared_in(cell: Cell) -> float:
    """The pairs of a cell, with those of choosing the number of leaves.

    Raises:
        ValueError: the cell has no leaves.
    """
    if cell.leaves is None:
        raise ValueError(f"the cell of {cell.method} has no leaves")
    n = cell.n_documents
    sample = n if n <= WHOLE else round(SAMPLE * math.sqrt(n))
    choice = sum(compared(sample, factor * math.sqrt(n)) for factor in FACTORS)
    kept = sample == n and cell.leaves.leaves == round(FACTORS[-1] * math.sqrt(n))
    return choice + (0 if kept else compared(n, cell.leaves.leaves))


def within(cell: Cell, budget: float) -> PointResult:
    """The operating point that visits most within a share of the corpus, or the cheapest."""
    fitting = [point for point in cell.points if UNLIMITED.cost(point) <= budget]
    return max(fitting or cell.points[:1], key=UNLIMITED.cost)


def speed(point: PointResult) -> float:
    """Queries a second of a point that was measured."""
    if point.queries_per_second is None:
        raise ValueError("a run from a file tells no speed")
    return point.queries_per_second


class Plan:
    """The cost of corpora of other sizes, from stored cells."""

    def __init__(self, cells: dict[str, Cell]) -> None:
        """``cells``: the cells of the task, by method.

        Raises:
            InputError: a cell is missing.
        """
        missing = [method for method in METHODS if method not in cells]
        if missing:
            raise InputError(
                f"results/ lacks cells of {', '.join(missing)} on {TASK}: python run_bench.py "
                f"--methods {','.join(METHODS)} --dataset clusters:n=100000,dim=384 --out results"
            )
        self._cells = cells
        self._cores = cells["zero-shot-de"].provenance.threads
        self._measured = cells["zero-shot-de"].n_documents
        self._dim = 384

    def rows(self, n: int) -> Iterator[list[str]]:
        """A row for each method: memory, disk, hours to index, seconds a query, share visited."""
        vectors = 2 * self._dim * n  # in half precision
        exact = self._cells["zero-shot-de"]
        scored = speed(exact.points[-1]) * self._measured
        yield ["exact", "any", size_text(vectors), "–", seconds(n / scored), "100 %"]
        ivf = self._cells["zero-shot-de+faiss-ivf"]
        ivf_bytes = n * (4 * self._dim + 8)
        rate = compared_in(ivf) / self._cost(ivf).index_s
        build = compared(n, math.sqrt(n)) / rate
        for share in (0.1, 0.01):
            point = within(ivf, share)
            each = 1 / (speed(point) * UNLIMITED.cost(point) * self._measured)
            yield [
                "faiss-ivf, nlist √n",
                "any",
                size_text(vectors + ivf_bytes),
                self.hours(build),
                seconds(each * share * n),
                f"{100 * share:g} %",
            ]
        for name in ("scann", "hnsw"):
            cell = self._cells[f"zero-shot-de+{name}"]
            memory = n * (4 * self._dim + self._cost(cell).index_bytes / self._measured)
            grows = math.log(n) / math.log(self._measured)
            if name == "scann":
                build = self._cost(cell).index_s * compared(n, math.sqrt(n))
                build /= compared_in(cell)
                point = within(cell, 0.1)
                query = n / (speed(point) * self._measured)
                visited = f"{100 * UNLIMITED.cost(point):.1f} %"
            else:
                build = self._cost(cell).index_s * n / self._measured * grows
                point = cell.points[-1]
                query = grows / speed(point)
                visited = f"{UNLIMITED.cost(point) * self._measured * grows:,.0f} documents"
            yield [
                name,
                size_text(memory),
                size_text(vectors),
                self.hours(build),
                seconds(query),
                visited,
            ]

    def hours(self, amount: float) -> str:
        """Seconds on the cells' cores as core-hours."""
        spent = self._cores * amount / 3600
        return f"{spent:,.1f}" if spent < HOURS_WHOLE else f"{spent:,.0f}"

    @staticmethod
    def _cost(cell: Cell) -> Cost:
        if cell.cost is None:
            raise ValueError(f"the cell of {cell.method} has no cost")
        return cell.cost


def size_text(n_bytes: float) -> str:
    """Bytes as text."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes < TB else f"{n_bytes / TB:,.1f} TB"


def seconds(amount: float) -> str:
    """Seconds of a query as text."""
    if amount >= 1:
        return f"{amount:,.1f} s"
    return f"{1000 * amount:.{0 if amount >= TENTH_SECOND else 1}f} ms"


def section() -> str:
    """The tables."""
    store = Store(ROOT / "results")
    cells = {cell.method: cell for cell in store.cells() if cell.task == TASK}
    plan = Plan(cells)
    lines = []
    header = ["index", "memory", "disk", "core-hours to index", "a query", "visited"]
    for name, n in SIZES.items():
        encoding = plan.hours(n / PASSAGES_PER_S)
        lines += [
            f"**{name} documents** of 384 dimensions; encoding them: {encoding} core-hours.",
            "",
            pipe_table(header, list(plan.rows(n))),
            "",
        ]
    return "\n".join(lines).rstrip()


def page() -> str:
    """The page with its plan made again.

    Raises:
        InputError: a cell is missing.
    """
    return filled(PAGE, "docs/plan.py", {"plan": section()})


if __name__ == "__main__":
    try:
        PAGE.write_text(page(), encoding="utf-8")
    except InputError as error:
        sys.exit(str(error))
