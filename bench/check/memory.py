"""What a task's arrays lie in: copies that may be written to, or maps that may not."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.task import Task
    from bench.task.judgements import Judgements
    from bench.types import Ints


def copied(task: Task) -> Task:
    """The same task over arrays of its own, which nothing keeps a method from writing to."""
    return _over(task, np.array)


def mapped(task: Task, folder: Path) -> Task:
    """The same task over memory maps that numpy refuses to write to, as the harness hands out.

    Whoever writes past numpy changes pages of this process, not the files: what was done can be
    seen, where a map that the system itself protects would end the process.
    """

    def map_of(array: Ints) -> Ints:
        file = folder / f"{len(list(folder.iterdir()))}.npy"
        np.save(file, array)
        kept: Ints = np.load(file, mmap_mode="c")
        kept.flags.writeable = False
        return kept

    return _over(task, map_of)


def _over(task: Task, keep: Callable[[Ints], Ints]) -> Task:
    """A task over other arrays of the same values."""

    def relevance(part: Relevance) -> Relevance:
        arrays = {name: keep(array) for name, array in part.arrays().items()}
        return Relevance(**arrays, n_documents=part.n_documents)

    def judged(split: Judgements) -> Judgements:
        removed = None if split.removed is None else relevance(split.removed)
        return replace(split, relevance=relevance(split.relevance), removed=removed)

    def strings(texts: Strings) -> Strings:
        return Strings(keep(texts.offsets), keep(texts.data))

    return replace(
        task,
        query_names=strings(Strings.of(task.query_names)),
        document_names=strings(Strings.of(task.document_names)),
        train=relevance(task.train),
        validation=judged(task.validation),
        test=judged(task.test),
        query_texts=None if task.query_texts is None else strings(task.query_texts),
        document_texts=None if task.document_texts is None else strings(task.document_texts),
    )


def arrays_in(value: Any, name: str) -> Iterator[tuple[str, Ints]]:  # noqa: ANN401
    """Every array in what is handed to a method, with where it was found: ``train.documents``."""
    if isinstance(value, np.ndarray):
        yield name, value
        return
    if isinstance(value, Strings):
        parts = {"offsets": value.offsets, "data": value.data}
    elif dataclasses.is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    else:  # a named tuple, or no container of arrays
        parts = getattr(value, "_asdict", dict)()
    for part, inner in parts.items():
        yield from arrays_in(inner, f"{name}.{part}")
