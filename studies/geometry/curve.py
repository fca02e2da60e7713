"""Recall over the dimension and the steps of a training: how few dimensions hold a whole graph."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.report.table import NONE
from studies.geometry.trial import Trial, TrialResult

if TYPE_CHECKING:
    from studies.geometry.trainings import TrainingTable

METHOD = "masked-de"
HELD = 0.99
"""The share of all pairs that a dimension holds if its recall is at least as much."""


class CurveGrid(NamedTuple):
    """The trainings of a curve.

    Attributes:
        dataset: the dataset in the form of ``--dataset``.
        dims: the dimensions.
        steps: numbers of steps.
        seeds: the seeds.
    """

    dataset: str
    dims: tuple[int, ...]
    steps: tuple[int, ...]
    seeds: tuple[int, ...]


class Curve:
    """The results of a grid: over dimensions and steps, one for each seed."""

    def __init__(self, grid: CurveGrid, trainings: TrainingTable) -> None:
        """Measure what is missing."""
        self.grid = grid
        trials = {
            (dim, steps): [
                Trial(grid.dataset, METHOD, (f"dim={dim}", f"steps={steps}"), seed)
                for seed in grid.seeds
            ]
            for dim in grid.dims
            for steps in grid.steps
        }
        found = trainings.of(trial for some in trials.values() for trial in some)
        self.results: dict[tuple[int, int], list[TrialResult]] = {
            place: [found[trial] for trial in some] for place, some in trials.items()
        }

    def smallest(self, steps: int) -> int | None:
        """The smallest dimension that holds 99 % of the pairs after so many steps, or None."""
        enough = (dim for dim in self.grid.dims if _overall(self.results[dim, steps]) >= HELD)
        return min(enough, default=None)

    @property
    def table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows: recall overall and at the worst distance, in per cent."""
        header = ["d", *(f"{steps:,} steps" for steps in self.grid.steps)]
        rows = [
            [str(dim), *(self._text(dim, steps) for steps in self.grid.steps)]
            for dim in self.grid.dims
        ]
        held = [str(self.smallest(steps) or NONE) for steps in self.grid.steps]
        return header, [*rows, ["smallest d, 99 %", *held]]

    def _text(self, dim: int, steps: int) -> str:
        some = self.results[dim, steps]
        return f"{100 * _overall(some):.1f} / {100 * _worst(some):.1f}"

    @property
    def values(self) -> list[dict[str, Any]]:
        """The data of the chart: dim, steps, of (all pairs or the worst distance), recall."""
        return [
            {"dim": dim, "steps": steps, "of": of, "recall": 100 * recall(some)}
            for (dim, steps), some in self.results.items()
            for of, recall in (("all pairs", _overall), ("worst distance", _worst))
        ]


def _overall(results: list[TrialResult]) -> float:
    return fmean(result.recall for result in results)


def _worst(results: list[TrialResult]) -> float:
    """The recall at the distance that is worst on the mean over seeds."""
    by_distance = zip(*(result.by_distance for result in results), strict=True)
    return min(map(fmean, by_distance))
