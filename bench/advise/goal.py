"""What is asked of an answer: limits that it must keep, and what is best among those that do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.measures.budget import UNLIMITED, Budget
from bench.measures.ranking import MAIN
from bench.report.points import main_score

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.store.cell import Cell

MEGABYTE = 1e6


@dataclass(frozen=True)
class Option:
    """An operating point of a measured candidate: its score and its price.

    Attributes:
        cell: the cell that was measured.
        number: number of the operating point, cheapest first.
    """

    cell: Cell
    number: int

    @property
    def point(self) -> PointResult:
        """The figures of the operating point."""
        return self.cell.points[self.number]

    @property
    def score(self) -> float:
        """The main measure of the task, a fraction."""
        return main_score(self.point)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % bootstrap interval of the score over queries."""
        measure = self.point.ranking.get(MAIN, self.point)
        return measure.low, measure.high

    @property
    def latency_ms(self) -> float:
        """Median milliseconds of a single query on one thread; infinite where it was not timed."""
        return math.inf if self.point.latency is None else self.point.latency.p50_ms

    @property
    def megabytes(self) -> float:
        """Size of the index in megabytes, with its vectors."""
        return 0.0 if self.cell.cost is None else self.cell.cost.index_bytes / MEGABYTE


@dataclass(frozen=True)
class Goal:
    """The limits of an answer; with ``recall`` the cheapest that keeps them is best, else the best.

    Attributes:
        budget: the largest share of the corpus that a query may cost, and the cost that is counted.
        recall: the least recall over all relevant pairs; None: there is no limit.
        latency_ms: the most milliseconds of a single query, the median; None: no limit.
        memory_bytes: the largest index in bytes; None: no limit.
    """

    budget: Budget = UNLIMITED
    recall: float | None = None
    latency_ms: float | None = None
    memory_bytes: int | None = None

    def used(self, option: Option) -> dict[str, float]:
        """By limit, in words, the share of it that an option uses; above 1 the limit is broken."""
        found = {}
        if self.budget.share != math.inf:
            found[self.budget.limit] = self.budget.cost(option.point) / self.budget.share
        if self.recall is not None:
            short = self.recall / option.point.recall if option.point.recall else math.inf
            found[f"recall ≥ {100 * self.recall:g} %"] = short
        if self.latency_ms is not None:
            found[f"p50 ≤ {self.latency_ms:g} ms"] = option.latency_ms / self.latency_ms
        if self.memory_bytes is not None:
            used = MEGABYTE * option.megabytes / self.memory_bytes
            found[f"index ≤ {self.memory_bytes / MEGABYTE:,.0f} MB"] = used
        return found

    def text(self, option: Option) -> str:
        """The limits in words."""
        return ", ".join(self.used(option)) or "without a limit"

    def broken(self, option: Option) -> list[str]:
        """The limits that an option does not keep, in words."""
        return [limit for limit, share in self.used(option).items() if share > 1]

    def cost(self, option: Option) -> float:
        """The price that is limited: a share of the corpus, milliseconds or megabytes."""
        if self.recall is None and self.budget == UNLIMITED:
            if self.latency_ms is not None:
                return option.latency_ms
            if self.memory_bytes is not None:
                return option.megabytes
        return self.budget.cost(option.point)

    @property
    def price(self) -> str:
        """The name of that price, with its unit."""
        if self.recall is None and self.budget == UNLIMITED:
            if self.latency_ms is not None:
                return "p50 of a single query, ms"
            if self.memory_bytes is not None:
                return "index, MB"
        return {"visited": "documents visited, %", "work": "work, % of the corpus"}[self.budget.by]

    def rank(self, option: Option) -> tuple[float, float, float]:
        """A key that is larger for a better option; of those over a limit, the nearest is best."""
        over = max(self.used(option).values(), default=0.0)
        if over > 1:
            return 0.0, -over, option.score
        if self.recall is not None:
            return 1.0, -self.cost(option), option.score
        return 1.0, option.score, -self.cost(option)

    def promise(self, cell: Cell) -> tuple[float, float]:
        """A key that is larger for an encoder that promises more under any index.

        The score within the limits counts as much as that of exact search, as an index that is not
        tried yet may lose less.
        """
        best = self.best(cell)
        exact = max(map(main_score, cell.points))
        if self.recall is not None:
            kept = not self.broken(best)
            return float(kept), -self.cost(best) if kept else exact
        return 0.0, exact + (0.0 if self.broken(best) else best.score)

    def best(self, cell: Cell) -> Option:
        """The best operating point of a measured cell."""
        return max((Option(cell, number) for number in range(len(cell.points))), key=self.rank)
