"""The settings of an index that use up a budget, by visited documents and by work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.types import Floats

BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of the corpus at which rows are compared, by visited documents and by work."""
MARGINS = (0.99, 0.945, 0.9)
"""Shares of a budget that a sample of queries may use: the test may cost up to a tenth more."""
WIDER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares visited for which there is one setting each."""


def settings_within_budgets(visited: Floats, work: Floats) -> list[int]:
    """The numbers of settings that use up the budgets, and of the last setting, from 1.

    Args:
        visited: [n] mean share of the corpus that a sample of queries visits; it grows.
        work: [n] the same with the cost of routing, in documents.
    """
    of_budgets = [margin * budget for budget in BUDGETS for margin in MARGINS]
    wider = [MARGINS[0] * share for share in WIDER]
    numbers = {affordable(visited, share) for share in (*of_budgets, *wider)}
    numbers |= {affordable(work, share) for share in of_budgets}
    return sorted(numbers - {0} | {len(visited)})


def affordable(cost: Floats, most: float) -> int:
    """The number of the last setting within ``most``, from 1; ``cost`` [n] grows. 0: none is."""
    return int(np.searchsorted(cost, most, side="right"))
