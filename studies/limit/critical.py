"""The largest n of which free vectors of d dimensions hold all pairs, by training and geometry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from studies.geometry.dimensions import next_dimension, smallest
from studies.geometry.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies.geometry.trainings import TrainingTable

K = 2
"""Documents that are relevant to a query."""
DEGREE = 3
BATCH = 4096
"""Queries of a step, at most: those of 91 documents."""
RESOLUTION = 0.05
"""A search ends where the smallest n that fails is larger than one that is held by 5 % or 1."""


class Variant(NamedTuple):
    """A training in a geometry.

    Attributes:
        label: its name in a table.
        method: name of the method.
        settings: settings besides the dimension and the batch.
        up_to: the largest dimension that it is tried in.
    """

    label: str
    method: str
    settings: tuple[str, ...]
    up_to: float = math.inf

    def trial(self, dim: int, n: int, seed: int) -> Trial:
        """The training on n documents."""
        batch = f"batch={min(math.comb(n, K), BATCH)}"
        return Trial(f"limit:n={n},k={K}", self.method, (f"dim={dim}", batch, *self.settings), seed)


_PAPER = (
    "geometry=cosine", "lr=0.01", "temperature=10", "steps=20000", "max_epochs=20000", "checks=100",
    "patience=0",
)  # fmt: skip
"""Rate and temperature of the paper's code, which keeps the rate for up to 100,000 steps."""
_MASKED = (
    "lr=0.05", "temperature=10", "temperature_lr=0.01", "steps=4000", "max_epochs=4000",
    "checks=40", "patience=0",
)  # fmt: skip
VARIANTS = (
    Variant("InfoNCE, cosine", "standard-de", _PAPER, up_to=12),
    *(
        Variant(f"masked, {geometry}", "masked-de", (f"geometry={geometry}", *_MASKED))
        for geometry in ("dot", "cosine", "lorentz")
    ),
)
"""The paper's training, and the one in which the other document of a query is no negative."""


class Grid(NamedTuple):
    """What is measured.

    Attributes:
        dims: the dimensions.
        most: the largest number of documents that is tried.
        seeds: the seeds; n documents are held if one of them holds all pairs.
        variants: the trainings.
    """

    dims: tuple[int, ...]
    most: int
    seeds: tuple[int, ...]
    variants: tuple[Variant, ...] = VARIANTS


class Critical:
    """The critical n by dimension and training."""

    def __init__(self, grid: Grid, trainings: TrainingTable) -> None:
        """Search for them: each round tries the next n of every unfinished search.

        The smallest n that fails is found by doubling from d + 1 on, which vectors always hold, and
        halving, to 5 %. The paper adds one document at a time; more documents are never easier to
        hold, but a training may fail on fewer by chance.
        """
        self.grid = grid
        self._failed: dict[tuple[int, Variant], dict[int, bool]] = {
            (dim, variant): {}
            for dim in grid.dims
            for variant in grid.variants
            if dim <= variant.up_to
        }
        while wanted := self._next():
            trials = {
                (dim, variant, n): [variant.trial(dim, n, seed) for seed in grid.seeds]
                for dim, variant, n in wanted
            }
            found = trainings.of(trial for some in trials.values() for trial in some)
            for (dim, variant, n), some in trials.items():
                held = any(found[trial].recall == 1 for trial in some)
                self._failed[dim, variant][n] = not held

    def points(self, variant: Variant) -> dict[int, int]:
        """The critical n by dimension, where fewer documents than were tried are held."""
        found = {dim: _held(self._failed.get((dim, variant), {})) for dim in self.grid.dims}
        return {dim: n for dim, n in found.items() if n is not None}

    def _next(self) -> list[tuple[int, Variant, int]]:
        return [
            (dim, variant, n)
            for (dim, variant), failed in self._failed.items()
            if not _is_found(failed)
            and (n := next_dimension(failed, dim + 1, self.grid.most)) is not None
        ]


def _held(failed: dict[int, bool]) -> int | None:
    """The largest n that was tried below the smallest that fails; None where none fails."""
    first = smallest(failed)
    return None if first is None else max((n for n in failed if n < first), default=first - 1)


def _is_found(failed: dict[int, bool]) -> bool:
    first, held = smallest(failed), _held(failed)
    return first is not None and held is not None and first - held <= RESOLUTION * first


class Cubic(NamedTuple):
    """n as a polynomial of the third degree of d.

    Attributes:
        coefficients: of 1, d, d^2 and d^3.
        squared: r^2, the share of the variance that it explains.
    """

    coefficients: Sequence[float]
    squared: float

    def at(self, dim: int) -> float:
        """The n of a dimension."""
        return float(sum(c * dim**power for power, c in enumerate(self.coefficients)))

    def __str__(self) -> str:
        """``-10.5322 + 4.0309 d + 0.0520 d² + 0.0037 d³ (r² = 0.999)``."""
        terms = zip(self.coefficients, ("", " d", " d²", " d³"), strict=True)
        text = " + ".join(f"{c:.4f}{power}" for c, power in terms).replace("+ -", "- ")
        return f"{text} (r² = {self.squared:.3f})"


def cubic(points: dict[int, int]) -> Cubic | None:
    """The fit by least squares; None for so few points that it goes through all of them."""
    if len(points) <= DEGREE + 1:
        return None
    dims, ns = (np.array(list(values), float) for values in (points, points.values()))
    fit = np.polynomial.Polynomial.fit(dims, ns, DEGREE).convert()
    rest = ns - fit(dims)
    around = ns - ns.mean()
    squared = 1 - (rest @ rest) / (around @ around)
    coefficients = np.zeros(DEGREE + 1)
    coefficients[: len(fit.coef)] = fit.coef
    return Cubic(coefficients.tolist(), float(squared))
