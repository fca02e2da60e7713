"""Budgets: the most that a query may cost, on average, for rows to be compared at equal cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

By: TypeAlias = Literal["visited", "work"]


class Costs(Protocol):
    """An operating point with its costs for a query, as mean shares of the corpus."""

    @property
    def visited(self) -> float | None:
        """Documents whose vectors were scored; None: not known."""
        ...

    @property
    def work(self) -> float | None:
        """Documents that were scored, and routing in document dot products; None: not known."""
        ...


class Budget(NamedTuple):
    """The largest cost of a query, on average over queries.

    Attributes:
        share: share of the corpus; infinite: without a limit.
        by: the cost that is limited: documents ``visited``, as the papers count, or all ``work``,
            which adds the routing.
    """

    share: float
    by: By = "visited"

    @property
    def other(self) -> Budget:
        """The same share by the other cost."""
        return Budget(self.share, "work" if self.by == "visited" else "visited")

    @property
    def limit(self) -> str:
        """The limit in words, such as ``≤ 10 % visited``."""
        if self.share == math.inf:
            return "as much as it takes"
        return f"≤ {100 * self.share:g} % {self.by}"

    @property
    def at(self) -> str:
        """The end of the title of a board."""
        return "without a limit" if self.share == math.inf else f"at {self.limit}"

    def cost(self, point: Costs) -> float:
        """The cost of an operating point that is limited; infinite where it is not known."""
        cost = point.visited if self.by == "visited" else point.work
        return math.inf if cost is None else cost

    def order(self, point: Costs) -> tuple[float, float]:
        """What points are ordered by: the cost that is limited; the other where it is not known."""
        cost = self.cost(point)
        return cost, self.other.cost(point) if math.isinf(cost) else 0.0

    def allows(self, point: Costs) -> bool:
        """Whether an operating point costs no more."""
        return self.cost(point) <= self.share

    def most(self, points: Sequence[Costs]) -> int | None:
        """Number of the operating point that costs most within the budget, or None."""
        within = [number for number, point in enumerate(points) if self.allows(point)]
        return max(within, key=lambda number: self.order(points[number]), default=None)


DEFAULT = Budget(0.1)
"""The budget of a dataset whose card states no other."""
UNLIMITED = Budget(math.inf)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of the corpus at which rows are compared, by visited and by work."""
