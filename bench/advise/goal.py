"""What is asked of an answer: limits that it must keep, and what is best among those that do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.budget import UNLIMITED, Budget
from bench.measures.ranking import MAIN
from bench.report.points import main_measure, main_score
from bench.system.terminal import size_text

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.store.cell import Cell

MEGABYTE = 1e6
ALIKE = 1.1
"""Factors of missed limits are alike whose quotient is less: a latency differs between runs."""
LARGE = 1000
"""Per cent from which no digit behind the point is shown."""


class Limit(NamedTuple):
    """A limit of an answer, and what an option has of it.

    Attributes:
        text: the limit in words.
        used: the share of it that the option uses; above 1 the option misses it.
        value: what the option has, with its unit.
    """

    text: str
    used: float
    value: str


def per_cent(share: float) -> str:
    """A share in per cent, in three digits."""
    number = 100 * share
    return f"{number:,.0f} %" if number >= LARGE else f"{number:.3g} %"


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

    def at(self, between: str = " ") -> str:
        """The settings of the operating point; empty if it has none."""
        return between.join(f"{name}={value}" for name, value in self.point.point.items())

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

    def limits(self, option: Option) -> list[Limit]:
        """The limits, with what an option has of each."""
        point, found = option.point, []
        if self.budget.share != math.inf:
            cost = self.budget.cost(point)
            found.append(Limit(self.budget.limit, cost / self.budget.share, per_cent(cost)))
        if self.recall is not None:
            short = self.recall / point.recall if point.recall else math.inf
            text = f"recall ≥ {100 * self.recall:g} %"
            found.append(Limit(text, short, f"{100 * point.recall:.1f} %"))
        if self.latency_ms is not None:
            ms = option.latency_ms
            value = "not timed" if math.isinf(ms) else f"{ms:.3g} ms"
            found.append(Limit(f"p50 ≤ {self.latency_ms:g} ms", ms / self.latency_ms, value))
        if self.memory_bytes is not None:
            used = MEGABYTE * option.megabytes
            text = f"index ≤ {size_text(self.memory_bytes)}"
            found.append(Limit(text, used / self.memory_bytes, size_text(used)))
        return found

    def text(self, option: Option) -> str:
        """The limits in words."""
        return ", ".join(each.text for each in self.limits(option)) or "without a limit"

    def broken(self, option: Option) -> list[Limit]:
        """The limits that an option does not keep."""
        return [each for each in self.limits(option) if each.used > 1]

    def missed(self, option: Option) -> str:
        """The same in words, each with what the option has; empty if it keeps all."""
        texts = [f"{each.text} ({each.value})" for each in self.broken(option)]
        return f"misses {', '.join(texts)}" if texts else ""

    @property
    def slug(self) -> str:
        """The limits as part of a file's name."""
        by = self.budget.by
        parts = {
            f"{by}-{self.budget.share:g}": self.recall is None and self.budget.share != math.inf,
            f"recall-{self.recall or 0:g}-{by}": self.recall is not None,
            f"p50-{self.latency_ms}ms": self.latency_ms is not None,
            f"index-{self.memory_bytes}B": self.memory_bytes is not None,
        }
        return "-".join(part for part, is_asked in parts.items() if is_asked) or "no-limit"

    def measure(self, cell: Cell) -> str:
        """The name of the measure that the answer is about: recall if it is limited."""
        return main_measure(cell) if self.recall is None else f"recall@{cell.cut or '|S|'}"

    def score(self, option: Option) -> float:
        """That measure of an option, a fraction."""
        return option.score if self.recall is None else option.point.recall

    def interval(self, option: Option) -> tuple[float, float]:
        """Its 95 % bootstrap interval over queries."""
        return option.interval if self.recall is None else (option.point.low, option.point.high)

    def cost(self, option: Option) -> float:
        """The price that is limited: a share of the corpus, milliseconds or megabytes."""
        if self.recall is None and self.budget == UNLIMITED:
            if self.latency_ms is not None:
                return option.latency_ms
            if self.memory_bytes is not None:
                return option.megabytes
        return self.budget.cost(option.point)

    @property
    def most(self) -> float:
        """The limit of that price; infinite if there is none."""
        if self.recall is None and self.budget == UNLIMITED:
            if self.latency_ms is not None:
                return self.latency_ms
            if self.memory_bytes is not None:
                return self.memory_bytes / MEGABYTE
        return self.budget.share

    @property
    def price(self) -> str:
        """The name of that price, with its unit."""
        if self.recall is None and self.budget == UNLIMITED:
            if self.latency_ms is not None:
                return "p50 of a single query, ms"
            if self.memory_bytes is not None:
                return "index, MB"
        return {"visited": "documents visited, %", "work": "work, % of the corpus"}[self.budget.by]

    def rank(self, option: Option) -> tuple[float, ...]:
        """A key that is larger for a better option; of those that miss a limit, the nearest is.

        The factors by which an option misses its limits are multiplied; of options whose products
        are alike, the one that misses fewer limits is nearer.
        """
        over = [each.used for each in self.limits(option) if each.used > 1]
        if over:
            far = sum(map(math.log, over))
            about = round(far / math.log(ALIKE)) if math.isfinite(far) else far
            return 0.0, -about, -len(over), -far, self.score(option)
        if self.recall is not None:
            return 1.0, -self.cost(option), option.score, 0.0, 0.0
        return 1.0, option.score, -self.cost(option), 0.0, 0.0

    def promise(self, cell: Cell) -> float:
        """The score of an encoder under exact search, a fraction."""
        return max(self.score(Option(cell, number)) for number in range(len(cell.points)))

    def best(self, cell: Cell) -> Option:
        """The best operating point of a measured cell."""
        return max((Option(cell, number) for number in range(len(cell.points))), key=self.rank)
