"""Bootstrap intervals over queries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.types import Floats

BOOTSTRAPPED = 500
"""Resamples of a bootstrap interval."""
_CHUNK = 50
# How often a query is drawn, Poisson(1), by the inverse of its distribution function at a 16-bit
# random number.
_CUMULATIVE = np.cumsum([math.exp(-1) / math.factorial(n) for n in range(10)])
_DRAWS = np.searchsorted(_CUMULATIVE, (np.arange(2**16) + 0.5) / 2**16).astype(np.float32)


def ratio_intervals(
    numerators: Floats, denominators: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """95 % percentile intervals of the column ratios sum(numerators) / sum(denominators).

    Queries are resampled, with all their pairs, by independent Poisson(1) weights (Hanley &
    MacGibbon 2006), which for many queries is the multinomial bootstrap.

    Args:
        numerators: [n_queries, m] found pairs.
        denominators: [n_queries, m] relevant pairs.
        rng: the random numbers of the resampling.

    Returns:
        Lower and upper ends, [m] each.
    """
    columns = np.concatenate([numerators, denominators], axis=1).astype(np.float32)
    sums = []
    for _ in range(BOOTSTRAPPED // _CHUNK):
        weights = _DRAWS[rng.integers(0, 2**16, (_CHUNK, len(columns)), dtype=np.uint16)]
        sums.append(weights @ columns)
    totals = np.concatenate(sums).astype(np.float64)
    found, relevant = np.split(totals, 2, axis=1)
    # A resample of few queries may draw none of a column's pairs: it tells nothing about the ratio.
    ratios = np.divide(found, relevant, out=np.full_like(found, np.nan), where=relevant > 0)
    low, high = np.zeros(ratios.shape[1]), np.ones(ratios.shape[1])
    drawn = ~np.isnan(ratios).all(axis=0)
    low[drawn], high[drawn] = np.nanpercentile(ratios[:, drawn], [2.5, 97.5], axis=0)
    return low, high
