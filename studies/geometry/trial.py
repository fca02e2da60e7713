"""One training of the study: a method, its settings and a seed on a dataset; and its quality."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import numpy as np

from bench.data.load import load_dataset
from bench.evaluation.preparation import evaluate, method_named
from bench.plan.depth import depth_needed
from bench.versions.keys import cell_key
from studies.geometry.margin import margin

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Method
    from bench.task import Task
    from methods.encoders.base import Encoder

MOST_SCORES = 25_000_000
"""Scores of all queries with all documents up to which the margin is computed: a second of it."""


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
        margin: eps of one threshold for all queries, see :func:`studies.geometry.margin.margin`;
            None where there are too many scores to look at.
        fit_s: seconds of training, including the first stage.
    """

    recall: float
    by_distance: tuple[float, ...]
    margin: float | None
    fit_s: float


class _DualEncoder(Protocol):
    """A method that is a trainer and an index."""

    encoder: Encoder


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
        trial: the training, of a dual encoder with one operating point.
        fits: the folder of fitted states, in which a first stage is trained once.

    Raises:
        InputError: the method cannot be used on such a task.
    """
    method, task = _method(trial), _task(trial.dataset)
    cell = evaluate(method, task, seed=trial.seed, fits=fits)
    (point,) = cell.points
    by_distance = tuple(stratum.recall for stratum in point.recall_by_distance)
    eps = None
    if len(task.query_names) * len(task.document_names) <= MOST_SCORES:
        encoder = cast("_DualEncoder", method).encoder
        queries = encoder.encode_queries(task.queries(np.arange(len(task.query_names))))
        eps = margin(queries, encoder.encode_corpus(task.corpus), task.test.relevance)
    return TrialResult(point.recall, by_distance, eps, cell.cost.fit_s if cell.cost else 0.0)
