"""Writes the plan for large corpora into ``docs/scale.md``, from stored cells: ``make docs``.

Seconds of a cell of 100,000 vectors are divided by what it computed; the quotients are multiplied
with what a larger corpus would compute. Everything else of the plan is counting.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from bench.report.markdown import pipe_table
from bench.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.cell import Cell, Cost
    from bench.measured import PointResult

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scale.md"
TASK = "clusters-n=100000,dim=384"
BEGIN, END = "<!-- plan: made by docs/plan.py -->", "<!-- end of the plan -->"
SIZES = {"8,841,823": 8_841_823, "1,000,000,000": 1_000_000_000}
PASSAGES_PER_S = 71.0
"""Texts of MS MARCO's passages that MiniLM encodes in a second, on the cores of the cells."""
CORES = 2
TB = 1e12
HOURS_WHOLE = 18_000
"""Seconds from which core-hours are told without a decimal."""
FACTORS = (0.25, 0.5, 1, 2, 4)
"""Of the square root of the corpus: numbers of leaves that an index in leaves tries."""
ROUNDS, PER_LEAF = 10, 256
"""Of Faiss's k-means, and documents for a leaf that it clusters at most."""


def products(n: int, factors: tuple[float, ...]) -> float:
    """Pairs of a document and a centroid that laying out leaves compares."""
    total = 0.0
    for factor in factors:
        nlist = factor * math.sqrt(n)
        total += (ROUNDS * min(n, PER_LEAF * nlist) + n) * nlist
    return total


def tried(cell: Cell) -> tuple[float, ...]:
    """The numbers of leaves that a cell laid out, over the square root of its corpus."""
    if cell.leaves is None:
        raise ValueError(f"the cell of {cell.method} has no leaves")
    n_leaves = cell.leaves.leaves
    chosen = min(FACTORS, key=lambda each: abs(each * cell.n_documents**0.5 - n_leaves))
    # The best is laid out again, unless it was the last.
    return FACTORS if chosen == FACTORS[-1] else (*FACTORS, chosen)


def within(cell: Cell, budget: float) -> PointResult:
    """The dearest operating point within a share of the corpus visited, or else the cheapest."""
    fitting = [point for point in cell.points if point.visited <= budget]
    return max(fitting or cell.points[:1], key=lambda point: point.visited)


class Plan:
    """What corpora of other sizes would take."""

    def __init__(self, cells: dict[str, Cell]) -> None:
        """``cells``: of the task, by method."""
        self._cells = cells
        self._measured = cells["zero-shot-de"].n_documents
        self._dim = 384

    def rows(self, n: int) -> Iterator[list[str]]:
        """A row a method: memory, disk, hours of indexing, seconds of a query, what it visits."""
        vectors = 2 * self._dim * n  # in half precision
        exact = self._cells["zero-shot-de"]
        scored = exact.points[-1].queries_per_second * self._measured
        yield ["exact", "any", told(vectors), "–", seconds(n / scored), "100 %"]
        ivf = self._cells["zero-shot-de+faiss-ivf"]
        ivf_bytes = n * (4 * self._dim + 8)
        rate = products(self._measured, tried(ivf)) / self._cost(ivf).index_s
        build = products(n, (1.0,)) / rate
        for share in (0.1, 0.01):
            point = within(ivf, share)
            each = 1 / (point.queries_per_second * point.visited * self._measured)
            yield [
                "faiss-ivf, nlist √n",
                "any",
                told(vectors + ivf_bytes),
                hours(build),
                seconds(each * share * n),
                f"{100 * share:g} %",
            ]
        for name in ("scann", "hnsw"):
            cell = self._cells[f"zero-shot-de+{name}"]
            memory = n * (4 * self._dim + self._cost(cell).index_bytes / self._measured)
            grows = math.log(n) / math.log(self._measured)
            if name == "scann":
                build = self._cost(cell).index_s * products(n, (1.0,))
                build /= products(self._measured, tried(cell))
                point = within(cell, 0.1)
                query = n / (point.queries_per_second * self._measured)
                visited = f"{100 * point.visited:.1f} %"
            else:
                build = self._cost(cell).index_s * n / self._measured * grows
                point = cell.points[-1]
                query = grows / point.queries_per_second
                visited = f"{point.visited * self._measured * grows:,.0f} documents"
            yield [name, told(memory), told(vectors), hours(build), seconds(query), visited]

    @staticmethod
    def _cost(cell: Cell) -> Cost:
        if cell.cost is None:
            raise ValueError(f"the cell of {cell.method} has no cost")
        return cell.cost


def told(n_bytes: float) -> str:
    """Bytes as text."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes < TB else f"{n_bytes / TB:,.1f} TB"


def hours(amount: float) -> str:
    """Seconds on the cells' cores as core-hours."""
    return (
        f"{CORES * amount / 3600:,.1f}" if amount < HOURS_WHOLE else f"{CORES * amount / 3600:,.0f}"
    )


def seconds(amount: float) -> str:
    """Seconds of a query as text."""
    return f"{1000 * amount:.2g} ms" if amount < 1 else f"{amount:,.1f} s"


def section() -> str:
    """The tables."""
    store = Store(ROOT / "results")
    cells = {cell.method: cell for cell in store.cells() if cell.task == TASK}
    plan = Plan(cells)
    lines = []
    header = ["index", "memory", "disk", "core-hours to index", "a query", "visited"]
    for name, n in SIZES.items():
        encoding = hours(n / PASSAGES_PER_S)
        lines += [
            f"**{name} documents** of 384 dimensions; encoding them: {encoding} core-hours.",
            "",
            pipe_table(header, list(plan.rows(n))),
            "",
        ]
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with its plan made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{section()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
