"""One training of the study: a method, its settings and a seed on a dataset; and its recall."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.data.load import load_dataset
from bench.device import wanted_device
from bench.errors import InputError
from bench.fits import Fits
from bench.keys import cell_key
from bench.method import Workspace
from bench.places import cache_folder
from bench.plan import Settings, check_settings, depth_needed, settled
from bench.registry import Registry
from bench.search import Searcher

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Method
    from bench.task import Task


class Trial(NamedTuple):
    """What is trained.

    Attributes:
        dataset: as it is typed: ``tree:H=4,W=5``.
        method: its name.
        settings: ``PARAM=VALUE``, as ``--set`` takes them; the dataset's card has the others.
        seed: of the fit.
    """

    dataset: str
    method: str
    settings: tuple[str, ...]
    seed: int


class Outcome(NamedTuple):
    """What came of it, as fractions.

    Attributes:
        recall: of all pairs, at |S|.
        by_distance: of the pairs at each distance from 0 on.
        fit_s: seconds of training, the first stage included.
    """

    recall: float
    by_distance: tuple[float, ...]
    fit_s: float

    @property
    def least(self) -> float:
        """Recall at the worst distance, however few pairs it has."""
        return min(self.by_distance)


@cache
def _task(dataset: str) -> Task:
    return load_dataset(dataset)


def _method(trial: Trial) -> Method:
    """The method with the parameters that a run would give it."""
    found = Registry().resolve(trial.method)
    settings = Settings.parse(trial.settings)
    check_settings([found], settings)
    values, _ = settled(found, _task(trial.dataset), settings)
    return found(**values)


def key_of(trial: Trial) -> str:
    """The key that a cell of this training would have: other code or data, another key.

    Raises:
        InputError: the dataset or the method is unknown, or has no such parameter or value.
    """
    task = _task(trial.dataset)
    return cell_key(task.digest, _method(trial), trial.seed, depth_needed(task, None))


def measure(trial: Trial, fits: Path) -> Outcome:
    """Train, search exactly, and count.

    Args:
        trial: of a method with one operating point, over a task whose test is what it trains on:
            nothing is chosen here that a sealed test would have to be kept from.
        fits: folder of fitted states; a first stage is trained once.

    Raises:
        InputError: the method has no use for such a task.
    """
    task, method = _task(trial.dataset), _method(trial)
    method.workspace = Workspace(cache_folder(), device=wanted_device())
    unfollowed = method.workspace.progress
    training = task.training()
    unsuited = method.skip(training)
    if unsuited:
        raise InputError(unsuited)
    fit = Fits(fits, task.digest, not_before=0.0).fit(method, training, trial.seed, unfollowed)
    method.index(task.corpus)
    queries = task.queries_of(task.test)
    judged = task.test.rows(queries.rows)
    (point,) = method.operating_points()
    searcher = Searcher(method, queries, len(task.document_names), depth_needed(task, None))
    found = judged.found(searcher.run(point, unfollowed).ids)
    distances = judged.relevance.distances
    pairs = np.bincount(distances)
    hits = np.bincount(distances, found, len(pairs))
    return Outcome(float(found.mean()), tuple(map(float, hits / pairs)), fit.seconds)
