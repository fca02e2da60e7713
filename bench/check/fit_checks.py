"""Checks of a method that is fitted, indexed, saved and loaded."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.arrays.strings import Strings
from bench.check.subject import CheckFailed, K, NotApplicable, Ready
from bench.check.tasks import copied, mapped
from bench.check.threads import Watch
from bench.evaluation.fitted import training_of
from bench.method import Method, no_progress
from bench.system.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.check.subject import Subject
    from bench.types import Ints

SAFE_FORMS: dict[str, Callable[[Path], object]] = {
    ".json": lambda file: json.loads(file.read_bytes()),
    ".npy": np.load,
    ".npz": lambda file: dict(np.load(file)),
    ".parquet": lambda file: import_module("pyarrow.parquet").read_metadata(file),
    ".safetensors": lambda file: import_module("safetensors.numpy").load_file(file),
    ".faiss": lambda file: import_module("faiss").read_index(str(file)),
    ".txt": lambda file: file.read_text("utf-8"),
}
"""The function that reads a saved file, by its ending, without running code in it."""


def fits_indexes_and_searches(subject: Subject) -> None:
    """It can be fitted, indexed and searched, and returns rankings."""
    for _ in subject.first.answers(K):
        pass


def does_not_modify_its_inputs(subject: Subject) -> None:
    """It receives read-only data, and the data is the same afterwards."""
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        task = mapped(subject.task, Path(folder))
        training = training_of(task, sees_test=subject.method_type.sees_test)
        corpus, queries = task.corpus, task.queries_of(task.test)
        given = {"train": training, "corpus": corpus, "queries": queries}
        arrays = dict(pair for name, part in given.items() for pair in arrays_in(part, name))
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
            raise CheckFailed(f"writes into data that it may only read: {error}") from error
        for name, array in arrays.items():
            if not np.array_equal(array, before[name]):
                raise CheckFailed(f"changed {name}, which it may only read")


def arrays_in(value: Any, name: str) -> Iterator[tuple[str, Ints]]:  # noqa: ANN401
    """Every array in the data that a method receives, with its place: ``train.documents``."""
    if isinstance(value, np.ndarray):
        yield name, value
        return
    if isinstance(value, Strings):
        parts = {"offsets": value.offsets, "data": value.data}
    elif dataclasses.is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    else:  # a named tuple, or an object without arrays
        parts = getattr(value, "_asdict", dict)()
    for part, inner in parts.items():
        yield from arrays_in(inner, f"{name}.{part}")


def deterministic_under_a_seed(subject: Subject) -> None:
    """Fitted and indexed twice under one seed, it gives the same answers."""
    difference = subject.first_difference(subject.second)
    if difference:
        raise CheckFailed(f"two fits under seed 0 answer differently: {difference}")


def require_deterministic(subject: Subject) -> None:
    """A method whose fits differ under one seed cannot be checked by comparing fits."""
    try:
        deterministic_under_a_seed(subject)
    except CheckFailed as failed:
        raise NotApplicable("its fits differ under one seed already") from failed


def fit_idempotent(subject: Subject) -> None:
    """Fitted twice in a row, it answers as if it was fitted once."""
    if type(subject.make()).fit is Method.fit:
        raise NotApplicable("it is not fitted")
    require_deterministic(subject)
    task = copied(subject.task)
    method = subject.fitted(task, purpose=None)
    training = training_of(task, sees_test=method.sees_test)
    method.fit(training, seed=0, progress=no_progress)
    difference = subject.first_difference(Ready(method, task))
    if difference:
        raise CheckFailed(f"a second fit() adds to the first: {difference}")


def save_load_round_trip(subject: Subject) -> None:
    """Its saved state can be loaded and gives the same answers; no file can hold a pickle."""
    if not subject.first.method.keeps_fit:
        raise NotApplicable("it does not save its fit")
    with tempfile.TemporaryDirectory(dir=subject.folder) as folder:
        subject.first.method.save(Path(folder))
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file() and not is_safe(file):
                raise CheckFailed(
                    f"saved {file.name}, which may hold a pickle and run code when it is loaded; "
                    f"save one of {', '.join(SAFE_FORMS)}"
                )
        loaded = subject.make()
        loaded.load(Path(folder))
        difference = subject.first_difference(Ready(loaded, subject.first.task))
    if difference:
        raise CheckFailed(f"what was loaded answers differently from what was saved: {difference}")


def is_safe(file: Path) -> bool:
    """Whether a file has one of the ``SAFE_FORMS``, and its content is as its ending says."""
    read = SAFE_FORMS.get(file.suffix)
    try:
        if read is not None:
            read(file)
    except Exception:  # of any kind: the content is another, or numpy refuses objects in it
        return False
    return read is not None


def thread_count_respected(subject: Subject) -> None:
    """Limited to one thread, it uses one, and does not change that limit."""
    wrong = None
    for purpose in ("threads", "threads again"):  # a pool of a library spins once, when it starts
        with one_thread():
            watch = Watch()
            for _ in subject.ready(purpose=purpose).answers(K):
                pass
            wrong = watch.exceeded()
        if wrong is None:
            return
    raise CheckFailed(str(wrong))
