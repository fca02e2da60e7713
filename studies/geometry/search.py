"""The smallest dimension that reaches a target, by doubling and halving; and slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST = 4096
"""The dimension at which a search is given up."""


def next_dimension(reached: Mapping[int, bool]) -> int | None:
    """The dimension to try next, or None when the smallest one is known, or given up.

    Args:
        reached: the dimensions tried so far, and whether each reached the target.
    """
    enough = smallest(reached)
    short = [dim for dim, is_enough in reached.items() if not is_enough]
    if enough is None:
        wanted = 2 * max(short, default=1)
        return wanted if wanted <= LARGEST else None
    # Recall of few seeds need not rise with every dimension: what lies above `enough` says nothing.
    below = max((dim for dim in short if dim < enough), default=0)
    return (below + enough) // 2 if enough - below > 1 else None


def smallest(reached: Mapping[int, bool]) -> int | None:
    """The smallest dimension that reached the target, or None."""
    return min((dim for dim, is_enough in reached.items() if is_enough), default=None)


class Slope(NamedTuple):
    """Of a straight line by least squares.

    Attributes:
        value: the slope.
        margin: half of its 95 % interval, by Student's t.
    """

    value: float
    margin: float

    def __str__(self) -> str:
        """The slope and its margin, two digits each."""
        return f"{self.value:.2f} ± {self.margin:.2f}"


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """The slope of ``y`` over ``x``; at least three points, of different x."""
    fit = stats.linregress(x, y)
    margin = fit.stderr * stats.t.ppf(0.975, len(x) - 2)
    return Slope(float(fit.slope), float(margin))
