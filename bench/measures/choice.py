"""Records of the choice of an operating point on validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, NonNegativeInt

from bench.measures.budget import DEFAULT, Budget
from bench.measures.records import MET_AT_MOST
from bench.system.records import Columns, Figure, Record, Share, added

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tried(Record):
    """An operating point on validation.

    Attributes:
        score: nDCG@10 over text, recall@|S| in a hierarchy.
        visited, work: mean shares of the corpus; nothing is visited where no document is scored.
    """

    score: Share
    visited: Annotated[Figure, Field(ge=0, le=MET_AT_MOST)] | None
    work: Annotated[Figure, Field(ge=0)]


def best_within(budget: Budget, tried: Sequence[Tried]) -> int | None:
    """Number of the point with the best score within a budget, the cheapest of equals, or None."""
    within = [number for number, point in enumerate(tried) if budget.allows(point)]
    return max(within, key=lambda number: tried[number].score, default=None)


class Chosen(Record):
    """The operating point that was chosen on validation, before the test was opened.

    Attributes:
        budget: share of the corpus that a validation query may visit, on average.
        number: number of the operating point, or None if none could be chosen.
        reason: the reason why there was nothing to choose.
        score, visited: those of the point on validation.
        tried: every operating point on validation, by which the choice within any other budget
            was settled before the test was opened; None: not recorded.
    """

    budget: float
    number: NonNegativeInt | None = None
    reason: str = ""
    score: Share | None = None
    visited: Annotated[Figure, Field(ge=0, le=MET_AT_MOST)] | None = None
    tried: Columns[Tried] | None = added()

    def within(self, budget: Budget) -> int | None:
        """Number of the point with the best score within a budget; None: none, or not recorded."""
        if budget == Budget(self.budget):
            return self.number
        return best_within(budget, self.tried or ())


SEES_TEST = Chosen(budget=DEFAULT.share, reason="the method is given the test")
