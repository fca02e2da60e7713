"""Distances that gain and that lose: resampling over p, and finetuning over its steps.

arXiv 2509.16411 reports that drawing far pairs more often gains at far distances as much as it
loses at distance 0, and that finetuning on far pairs gains at all of them, if stopped in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bench.report.table import mean_and_std
from studies.geometry.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies.geometry.trainings import TrainingTable
    from studies.geometry.trial import TrialResult

FINETUNED = "pretrain-finetune-de"
STANDARD = "standard-de"
WAYS = {
    "constant rate": ("keep=last", "finetune_decay=false"),
    "constant rate, stopped early": ("keep=best", "finetune_decay=false"),
    "falling rate": ("keep=last", "finetune_decay=true"),
}
"""Settings of finetuning by name. Stopped early: the best checkpoint on validation is kept."""
CHECK_EVERY = 5
"""Steps between validations: a longer training validates at all steps of a shorter one."""


class Setting(NamedTuple):
    """A way of training, and its place on the axis.

    Attributes:
        way: name of its curve in the chart.
        place: place on the axis; None for a setting that is shown for comparison.
        method: name of the method.
        settings: settings besides those of the dataset's card.
    """

    way: str
    place: float | None
    method: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class TradeOff:
    """Settings on some datasets, over seeds.

    Attributes:
        axis: name of the axis.
        results: the results over seeds, by setting.
    """

    axis: str
    results: dict[tuple[str, Setting], list[TrialResult]]

    @property
    def header(self) -> list[str]:
        """The header of the table."""
        n_distances = max(len(some[0].by_distance) for some in self.results.values())
        return ["dataset", "training", self.axis, "overall", *map(str, range(n_distances))]

    @property
    def rows(self) -> list[list[str]]:
        """Mean ± standard deviation over seeds, in per cent."""
        return [
            [
                dataset,
                setting.way,
                "" if setting.place is None else f"{setting.place:g}",
                mean_and_std([result.recall for result in some]),
                *(
                    mean_and_std(recalls)
                    for recalls in zip(*(o.by_distance for o in some), strict=True)
                ),
            ]
            for (dataset, setting), some in self.results.items()
        ]


def resampling(
    datasets: Sequence[str], shares: Sequence[float], seeds: Sequence[int], trainings: TrainingTable
) -> TradeOff:
    """Resampled training over p, the share of the standard sampler; p = 1 is standard training."""
    settings = [Setting("resampled", p, "resampled-de", (f"p={p:g}",)) for p in shares]
    settings += [
        Setting("resampled", 1, STANDARD),
        Setting("pretrain, finetune", None, FINETUNED),
        Setting("masked", None, "masked-de"),
    ]
    return _measured("p", datasets, settings, seeds, trainings)


def finetuning(
    datasets: Sequence[str], steps: Sequence[int], seeds: Sequence[int], trainings: TrainingTable
) -> TradeOff:
    """Finetuning over its number of steps, with and without early stopping; 0: standard training.

    At a constant rate a longer training goes through the shorter ones, and so does its choice.
    """
    settings = [
        setting
        for way, how in WAYS.items()
        for setting in (
            Setting(way, 0, STANDARD),
            *(Setting(way, count, FINETUNED, (*_finetuned(count), *how)) for count in steps),
        )
    ]
    return _measured("steps", datasets, settings, seeds, trainings)


def _finetuned(steps: int) -> tuple[str, ...]:
    checks = max(1, steps // CHECK_EVERY)
    return f"finetune_steps={steps}", f"checks={checks}", "patience=0"


def _measured(
    axis: str,
    datasets: Sequence[str],
    settings: Sequence[Setting],
    seeds: Sequence[int],
    trainings: TrainingTable,
) -> TradeOff:
    trials = {
        (dataset, setting): [
            Trial(dataset, setting.method, setting.settings, seed) for seed in seeds
        ]
        for dataset in datasets
        for setting in settings
    }
    found = trainings.of(trial for some in trials.values() for trial in some)
    return TradeOff(axis, {key: [found[trial] for trial in some] for key, some in trials.items()})
