"""One training of the study: a method, its settings and a seed on a dataset; and its recall."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import load_dataset
from bench.evaluation.preparation import evaluate, method_named
from bench.plan.cells import depth_needed
from bench.versions.keys import cell_key

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Method
    from bench.task import Task


class Trial(NamedTuple):
    """One training.

    Attributes:
        dataset: the dataset in the form of ``--dataset``: ``tree:H=4,W=5``.
        method: name of the method.
        settings: ``PARAM=VALUE``, in the form of ``--set``; the dataset's card has the others.
        seed: the seed of the fit.
    """

    dataset: str
    method: str
    settings: tuple[str, ...]
    seed: int


class TrialResult(NamedTuple):
    """The result of a training, as fractions.

    Attributes:
        recall: recall@|S| over all pairs.
        by_distance: recall over the pairs at each distance from 0 on.
        fit_s: seconds of training, including the first stage.
    """

    recall: float
    by_distance: tuple[float, ...]
    fit_s: float

    @property
    def least(self) -> float:
        """Recall at the worst distance, even if it has few pairs."""
        return min(self.by_distance)


@cache
def _task(dataset: str) -> Task:
    return load_dataset(dataset)


def _method(trial: Trial) -> Method:
    """The method with the parameters that a run would give it."""
    settings = dict(text.split("=", 1) for text in trial.settings)
    return method_named(trial.method, _task(trial.dataset), settings)


def key_of(trial: Trial) -> str:
    """The key that a cell of this training would have; other code or data gives another key.

    Raises:
        InputError: the dataset or the method is unknown, or has no such parameter or value.
    """
    task = _task(trial.dataset)
    return cell_key(task.digest, _method(trial), trial.seed, depth_needed(task, None))


def measure(trial: Trial, fits: Path) -> TrialResult:
    """Train, search exactly, and count.

    Args:
        trial: the training, of a method with one operating point.
        fits: the folder of fitted states, in which a first stage is trained once.

    Raises:
        InputError: the method cannot be used on such a task.
    """
    cell = evaluate(_method(trial), _task(trial.dataset), seed=trial.seed, fits=fits)
    (point,) = cell.points
    by_distance = tuple(stratum.recall for stratum in point.recall_by_distance)
    return TrialResult(point.recall, by_distance, cell.cost.fit_s if cell.cost else 0.0)
