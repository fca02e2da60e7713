"""Bootstrap intervals over queries; whether two rows differ, by a paired randomisation test."""

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
RESAMPLES, BLOCK = 10_000, 500
"""Random signs drawn for a p-value, and how many at once."""
RESAMPLED_UP_TO = 5_000
"""Queries beyond which the sum of random signs is taken for normal, which it then is."""
SMALLEST = 20 / 0.05
"""Resamples for each pair: with fewer, no p-value could survive a correction for all pairs."""


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


def paired_p_values(differences: Floats, seed: int = 0) -> Floats:
    """Two-sided p-values of mean differences, by random signs (Smucker et al. 2007).

    Args:
        differences: [n_queries, m] of m pairs of rows, query by query; NaN counts as no query.
        seed: seed of the signs, which the pairs share.

    Returns:
        [m] p-values; never 0, as the observed signs are one of the assignments.
    """
    known = ~np.isnan(differences)
    filled = np.where(known, differences, 0.0)
    observed = np.abs(filled.sum(axis=0))
    if len(differences) > RESAMPLED_UP_TO:
        scale = np.sqrt((filled**2).sum(axis=0))
        z = np.divide(observed, scale, out=np.zeros_like(observed), where=scale > 0)
        return np.array([math.erfc(value / math.sqrt(2)) for value in z])
    rng = np.random.default_rng(seed)
    n_blocks = math.ceil(max(RESAMPLES, SMALLEST * filled.shape[1]) / BLOCK)
    as_large = np.zeros(filled.shape[1])
    for _ in range(n_blocks):
        signs = rng.integers(0, 2, (BLOCK, len(filled))).astype(np.float64) * 2 - 1
        as_large += (np.abs(signs @ filled) >= observed - 1e-9).sum(axis=0)
    p_values: Floats = (as_large + 1) / (n_blocks * BLOCK + 1)
    return p_values


def difference_intervals(differences: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """95 % bootstrap intervals over queries of mean differences.

    Args:
        differences: [n_queries, m] as for ``paired_p_values``.
        seed: seed of the resampling.

    Returns:
        Lower and upper ends, [m] each.
    """
    known = ~np.isnan(differences)
    filled = np.where(known, differences, 0.0)
    return ratio_intervals(filled, known.astype(np.float64), np.random.default_rng(seed))


def holm(p_values: Floats) -> Floats:
    """[m] p-values adjusted for m tests (Holm 1979): below alpha, a difference is significant."""
    order = np.argsort(p_values)
    m = len(p_values)
    adjusted = np.empty(m)
    raised = np.maximum.accumulate((m - np.arange(m)) * p_values[order])
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted
