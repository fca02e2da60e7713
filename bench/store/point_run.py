"""One operating point as it was searched: what was found, and what that cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.types import Bools, Floats, Ints, Point


@dataclass(frozen=True)
class PointSummary:
    """The setting and the cost of a search at one operating point.

    Attributes:
        mean_visited: documents scored for a query; NaN: none is, by what the method is.
        self_reported: whether the method counted them itself.
        routing: document dot products for each query, beside the visited ones.
        seconds: seconds spent in the method's ``search``.
        waited: share of that time in which threads had no core; None: not known.
        tied: share of queries whose last document has the score of a neighbour; None: not known.
        query_load: queries at the leaf of a random probe, over an even share; None: no leaves.
    """

    point: Point
    n_queries: int
    mean_visited: float
    self_reported: bool
    routing: float
    seconds: float
    waited: float | None = None
    tied: float | None = None
    query_load: float | None = None

    def visited(self, n_documents: int) -> float | None:
        """Mean share of the corpus that a query visits; None: no document is scored."""
        return None if math.isnan(self.mean_visited) else self.mean_visited / n_documents

    def work(self, n_documents: int) -> float:
        """The same with the routing cost."""
        return (self.visited(n_documents) or 0.0) + self.routing / n_documents


@dataclass(frozen=True, eq=False)
class PointRun:
    """The results of one operating point for all queries of the test.

    Attributes:
        ids: [n, k] documents, best first, -1 past the end.
        scores: [n, k] float32.
        visited: [n] documents scored; NaN: see ``PointSummary``.
        reached: [n_pairs] whether each relevant document was visited; None: not known.
        summary: the setting and the cost of the search.
    """

    ids: Ints
    scores: Floats
    visited: Floats
    reached: Bools | None
    summary: PointSummary
