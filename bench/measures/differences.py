"""Whether one row is ahead of another: intervals and p-values over seeds and queries."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit  # scipy.stats takes longer to import, and to call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.types import Floats

ALPHA = 0.05
"""A lead with a smaller p-value is significant."""
CONFIDENCE = 0.95
"""How often the interval of a difference is to hold the true one."""


class Difference(NamedTuple):
    """The mean of the differences of two rows, in the unit of the differences.

    Attributes:
        mean: mean over seeds and queries.
        low, high: ends of its 95 % interval.
        p: two-sided p-value of no difference; NaN if there is one seed.
    """

    mean: float
    low: float
    high: float
    p: float


class Lead(NamedTuple):
    """The lead of one row over another.

    Attributes:
        difference: the lead in points of per cent, its interval, and its p-value with Holm's
            correction over the pairs of a comparison; NaN with one seed or few queries.
        n_seeds: number of seeds that both rows have.
        ahead, behind: numbers of those seeds in which the row is ahead, and behind.
    """

    difference: Difference
    n_seeds: int
    ahead: int
    behind: int

    @property
    def is_tested(self) -> bool:
        """Whether there are seeds and queries enough for a test."""
        return not math.isnan(self.difference.p)

    @property
    def is_significant(self) -> bool:
        """Whether the lead would hardly come from rows that are equally good."""
        return self.difference.p < ALPHA

    @property
    def is_significantly_ahead(self) -> bool:
        """Whether the first row is the better one, and hardly by chance."""
        return self.is_significant and self.difference.mean > 0

    def reversed(self) -> Lead:
        """The lead of the other row."""
        mean, low, high, p = self.difference
        return Lead(Difference(-mean, -high, -low, p), self.n_seeds, self.behind, self.ahead)


class MeanSquare(NamedTuple):
    """A mean square with its degrees of freedom; 0 with none."""

    square: float
    df: float


class MeanSquares(NamedTuple):
    """The mean of a table of differences, and its mean squares, two-way without replication.

    Attributes:
        size: number of values.
        seeds, queries, rest: mean squares of the two effects and of what they leave.
    """

    mean: float
    size: int
    seeds: MeanSquare
    queries: MeanSquare
    rest: MeanSquare


def mean_squares(values: Floats) -> MeanSquares:
    """The mean squares of the differences of two rows, by seeds and by queries.

    Args:
        values: [S, Q] of S seeds and Q queries, the value of the first row minus that of the
            second; without NaN.
    """
    n_seeds, n_queries = values.shape
    mean = values.mean()
    by_seed, by_query = values.mean(axis=1) - mean, values.mean(axis=0) - mean
    rest = values - mean - by_seed[:, None] - by_query
    df_seeds, df_queries = n_seeds - 1, n_queries - 1
    return MeanSquares(
        float(mean),
        values.size,
        _mean_square(n_queries * by_seed**2, df_seeds),
        _mean_square(n_seeds * by_query**2, df_queries),
        _mean_square(rest**2, df_seeds * df_queries),
    )


def _mean_square(squares: Floats, df: int) -> MeanSquare:
    return MeanSquare(float(squares.sum()) / df if df else 0.0, df)


def differences(pairs: Sequence[MeanSquares], n_rows: int) -> list[Difference]:
    """The differences of the pairs of a board.

    Seeds and queries are crossed random effects: the variance of a mean is (MS_seeds + MS_queries -
    MS_rest) / (S Q), with the degrees of freedom of Satterthwaite (1946), and no smaller than by
    seeds or queries alone. Interval and p-value are the more cautious ones of two: by the pair's
    own MS_seeds, and with MS_seeds no smaller than its mean over the pairs of the board: of many
    pairs, some have seeds that agree by chance. The interval of a star so never holds 0. With one
    seed, only other queries are considered: the interval is about these two runs, not about the
    methods.

    Args:
        pairs: the mean squares of each pair of rows.
        n_rows: number of rows of the pairs with several seeds.

    Returns:
        A difference for each pair, p-values with Holm's correction; a single value has an unbounded
        interval.
    """
    tested = np.array([pair.seeds.df > 0 for pair in pairs], dtype=bool)
    of_board = _mean_of_seeds([pair.seeds for pair in pairs if pair.seeds.df], n_rows)
    p_values = np.full(len(pairs), np.nan)
    p_values[tested] = holm(np.array([_p_value(pair, of_board) for pair in pairs if pair.seeds.df]))
    return [
        Difference(pair.mean, *_interval(pair, of_board), float(p))
        for pair, p in zip(pairs, p_values, strict=True)
    ]


def _mean_of_seeds(seeds: Sequence[MeanSquare], n_rows: int) -> MeanSquare:
    """The mean square of seeds over pairs; as pairs share rows, n_rows - 1 are independent."""
    if not seeds:
        return MeanSquare(0.0, 0)
    df = (n_rows - 1) * fmean(each.df for each in seeds)
    return MeanSquare(fmean(each.square for each in seeds), df)


def _seeds_of(pair: MeanSquares, of_board: MeanSquare) -> tuple[MeanSquare, ...]:
    """The mean squares of seeds that a pair is judged by: its own, and no less than the board's."""
    return (pair.seeds, max(pair.seeds, of_board)) if pair.seeds.df else (pair.seeds,)


def _interval(pair: MeanSquares, of_board: MeanSquare) -> tuple[float, float]:
    """The wider interval of two, by the seeds of the pair and of the board."""
    reach = max(_reach_by(pair, seeds) for seeds in _seeds_of(pair, of_board))
    return pair.mean - reach, pair.mean + reach


def _reach_by(pair: MeanSquares, seeds: MeanSquare) -> float:
    square, df = _of_mean(pair, seeds)
    return math.sqrt(square) * float(stdtrit(df, (1 + CONFIDENCE) / 2)) if df else math.inf


def _p_value(pair: MeanSquares, of_board: MeanSquare) -> float:
    """The larger p-value of two, by the seeds of the pair and of the board."""
    return max(_p_value_by(pair, seeds) for seeds in _seeds_of(pair, of_board))


def _p_value_by(pair: MeanSquares, seeds: MeanSquare) -> float:
    square, df = _of_mean(pair, seeds)
    if square == 0:
        return float(pair.mean == 0)
    return 2 * float(stdtr(df, -abs(pair.mean) / math.sqrt(square)))


def _of_mean(pair: MeanSquares, seeds: MeanSquare) -> MeanSquare:
    """The variance of the mean, given the mean square of seeds."""
    _, size, _, queries, rest = pair
    total = seeds.square + queries.square - rest.square
    parts = sum(each.square**2 / each.df for each in (seeds, queries, rest) if each.df)
    satterthwaite = MeanSquare(total, total**2 / parts if parts else 0.0)
    square, df = max(satterthwaite, seeds, queries)
    return MeanSquare(square / size, df)


def holm(p_values: Floats) -> Floats:
    """[m] p-values adjusted for m tests (Holm 1979): below alpha, a difference is significant."""
    order = np.argsort(p_values)
    m = len(p_values)
    adjusted = np.empty(m)
    raised = np.maximum.accumulate((m - np.arange(m)) * p_values[order])
    adjusted[order] = np.minimum(raised, 1.0)
    return adjusted
