"""How well scores of word pairs agree with human ones: Spearman's rho with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.measures.intervals import BOOTSTRAPPED
from bench.measures.records import Correlation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.types import Bools, Floats, Ints

_CHUNK = 50


def best_of(scores: Floats, indptr: Ints) -> Floats:
    """The largest score of each range, NaN where it is empty.

    Args:
        scores: [m] scores; range ``i`` is ``scores[indptr[i]:indptr[i + 1]]``.
        indptr: [n + 1] from 0 to m, never falling.

    Returns:
        [n] float64.
    """
    filled = np.diff(indptr) > 0
    best = np.full(len(filled), np.nan)
    # reduceat takes what lies between two starts; an empty range would give it its neighbour's.
    best[filled] = np.maximum.reduceat(scores, indptr[:-1][filled]) if filled.any() else ()
    return best


def rank_scores(scores: Floats, queries: Ints, sampled: Floats) -> Floats:
    """Minus the logarithm of each score's rank among the scores of its query.

    The rank is 1 + the number of sampled documents that score higher + half of those that score
    the same.

    Args:
        scores: [n] scores.
        queries: [n] the row of ``sampled`` that each score belongs to.
        sampled: [n_queries, m] scores of the same queries with sampled documents.

    Returns:
        [n] float64, from -log(m + 1) to 0.
    """
    others, own = sampled[queries], scores[:, None]
    higher = (others > own).sum(axis=1)
    same = (others == own).sum(axis=1)
    ranked: Floats = -np.log(1 + higher + same / 2)
    return ranked


def correlations(
    scores: Mapping[str, Floats], gold: Floats, subsets: Mapping[str, Bools]
) -> list[Correlation]:
    """How well each way of scoring orders each subset of the word pairs.

    Args:
        scores: [n_pairs] scores by name; NaN, no score, counts as the lowest.
        gold: [n_pairs] human scores.
        subsets: [n_pairs] whether a pair belongs to the subset, by the subset's name.
    """
    return [
        correlation(predicted[mask], gold[mask], score=score, subset=subset)
        for score, predicted in scores.items()
        for subset, mask in subsets.items()
    ]


def correlation(scores: Floats, human: Floats, *, score: str, subset: str) -> Correlation:
    """Spearman's rank correlation of predicted and human scores; ties share their mean rank.

    The interval is the 2.5 and 97.5 percentile of 500 resamples of pairs, each ranked again. There
    is none, and no rho, where either side is constant.

    Args:
        scores: [n] scores; NaN, no score, counts as the lowest.
        human: [n] human scores.
        score: the way of scoring, by name.
        subset: the subset of the pairs, by name.
    """
    from scipy import stats

    scores = np.where(np.isnan(scores), -np.inf, scores)
    n = len(scores)
    if _is_constant(scores) or _is_constant(human):
        return Correlation(score=score, subset=subset, n=n, rho=None, low=None, high=None)
    rho = float(stats.spearmanr(scores, human).statistic)
    rng = np.random.default_rng(0)
    resamples = []
    for _ in range(BOOTSTRAPPED // _CHUNK):
        drawn = rng.integers(0, n, (_CHUNK, n))
        resamples.append(_rank_correlations(scores[drawn], human[drawn]))
    low, high = np.nanpercentile(np.concatenate(resamples), [2.5, 97.5])
    return Correlation(score=score, subset=subset, n=n, rho=rho, low=low, high=high)


def _is_constant(values: Floats) -> bool:
    return not len(values) or bool((values == values[0]).all())


def _rank_correlations(left: Floats, right: Floats) -> Floats:
    """[r] Spearman's rho of the rows of two [r, n] arrays; NaN for a constant row."""
    from scipy import stats

    ranks = [stats.rankdata(side, axis=1) for side in (left, right)]
    x, y = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    norm = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    rho = np.full(len(x), np.nan)
    np.divide((x * y).sum(axis=1), norm, out=rho, where=norm > 0)
    return rho
