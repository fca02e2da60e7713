"""Whether two rows differ: a paired randomisation test, with Holm's correction for many pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.measures.bootstrap import ratio_intervals

if TYPE_CHECKING:
    from bench.types import Floats

RESAMPLES, BLOCK = 10_000, 500
RESAMPLED_UP_TO = 5_000
"""Queries beyond which the sum of random signs is taken for normal, which it then is."""
SMALLEST = 20 / 0.05
"""Resamples for each pair: with fewer, no p-value could survive a correction for all pairs."""


def paired_p_values(differences: Floats, seed: int = 0) -> Floats:
    """Two-sided p-values of mean differences, by random signs (Smucker et al. 2007).

    Args:
        differences: [n_queries, m] of m pairs of rows, query by query; NaN counts as no query.
        seed: of the signs, which the pairs share.

    Returns:
        [m] p-values; never 0, as the observed signs are one of the assignments.
    """
    known = ~np.isnan(differences)
    filled = np.where(known, differences, 0.0)
    observed = np.abs(filled.sum(axis=0))
    if len(differences) > RESAMPLED_UP_TO:
        spread = np.sqrt((filled**2).sum(axis=0))
        z = np.divide(observed, spread, out=np.zeros_like(observed), where=spread > 0)
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
        differences: as for ``paired_p_values``.
        seed: of the resampling.

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
