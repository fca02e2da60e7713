"""Checks of what a method does when it is fitted, indexed, saved and loaded."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.check.memory import arrays_in, mapped
from bench.check.outcome import CheckFailed, NotApplicable
from bench.check.pickles import holds_pickle
from bench.check.subject import K, Ready
from bench.check.threads import Watch, one_thread
from bench.evaluation.fitted import training_of
from bench.method import Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.check.subject import Subject
    from bench.method import SearchResult

MATRIX = 2
"""Dimensions of what a search returns."""


def fits_indexes_and_searches(subject: Subject) -> None:
    """It can be fitted, indexed and searched, and what comes back are rankings."""
    ready = subject.first
    if not ready.points:
        raise CheckFailed("operating_points() is empty; without settings it is [{}]")
    for point, answer in ready.answers(K):
        wrong = next(_malformations(answer, len(ready.queries().rows), ready.n_documents), None)
        if wrong:
            raise CheckFailed(f"search() at {dict(point)} {wrong}")


def _malformations(answer: SearchResult, n: int, n_documents: int) -> Iterator[str]:
    """Why an answer is no [n, at most K] ranking; what comes first makes the rest meaningless."""
    ids, scores = answer.ids, answer.scores
    if ids.ndim != MATRIX or len(ids) != n or ids.shape[1] > K:
        yield f"returned ids {ids.shape} for {n} queries and k={K}, not [{n}, at most {K}]"
    if scores.shape != ids.shape:
        yield f"returned ids {ids.shape} and scores {scores.shape}, which must be alike"
    if not np.issubdtype(ids.dtype, np.integer):
        yield f"returned ids of type {ids.dtype}, which must be integers"
    if ids.size and (ids.min() < -1 or ids.max() >= n_documents):
        yield f"returned ids from {ids.min()} to {ids.max()} for documents 0 to {n_documents - 1}"
    if np.isnan(scores).any():
        yield "returned a NaN score"
    if answer.visited is not None and not np.isfinite(answer.visited).all():
        yield "returned a visited that is no number"


def does_not_modify_its_inputs(subject: Subject) -> None:
    """Everything that it is handed is read-only, and is the same afterwards."""
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        task = mapped(subject.task, Path(folder))
        training = training_of(task, subject.method_type)
        corpus, queries = task.corpus, task.queries_of(task.test)
        handed = {"train": training, "corpus": corpus, "queries": queries}
        arrays = dict(pair for name, part in handed.items() for pair in arrays_in(part, name))
        before = {name: np.array(array) for name, array in arrays.items()}
        for array in arrays.values():
            array.flags.writeable = False
        try:
            method = subject.fitted(task, purpose="read-only")
            ready = Ready(method, task, corpus)
            for point in ready.points:
                ready.ask(queries, K, point)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise CheckFailed(f"writes into what it was handed: {error}") from error
        for name, array in arrays.items():
            if not np.array_equal(array, before[name]):
                raise CheckFailed(f"changed {name}, which it was handed to read")


def deterministic_under_a_seed(subject: Subject) -> None:
    """Fitted and indexed twice under one seed, it answers the same."""
    difference = subject.first_difference(subject.second)
    if difference:
        raise CheckFailed(f"two fits under seed 0 answer differently: {difference}")


def require_deterministic(subject: Subject) -> None:
    """Comparing fits says nothing of a method whose fits differ anyway."""
    try:
        deterministic_under_a_seed(subject)
    except CheckFailed as failed:
        raise NotApplicable("its fits differ under one seed already") from failed


def fit_idempotent(subject: Subject) -> None:
    """Fitted twice, one after the other, it answers as if it was fitted once."""
    if type(subject.make()).fit is Method.fit:
        raise NotApplicable("it is not fitted")
    require_deterministic(subject)
    difference = subject.first_difference(subject.ready(times=2))
    if difference:
        raise CheckFailed(f"a second fit() adds to the first: {difference}")


def save_load_round_trip(subject: Subject) -> None:
    """What is saved can be loaded and answers the same; nothing of it is a pickle."""
    if not subject.first.method.keeps_fit:
        raise NotApplicable("it does not save its fit")
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        subject.first.method.save(Path(folder))
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file() and holds_pickle(file):
                raise CheckFailed(
                    f"saved {file.name} as a pickle, which runs code when it is loaded; save "
                    "safetensors, JSON or .npy instead"
                )
        loaded = subject.make()
        loaded.load(Path(folder))
        difference = subject.first_difference(Ready(loaded, subject.first.task))
    if difference:
        raise CheckFailed(f"what was loaded answers differently from what was saved: {difference}")


def thread_count_respected(subject: Subject) -> None:
    """Told to use one thread, it uses one, and leaves that number as it is."""
    with one_thread():
        watch = Watch()
        ready = subject.ready(purpose="threads")
        for _ in ready.answers(K):
            pass
        wrong = watch.exceeded()
    if wrong:
        raise CheckFailed(wrong)
