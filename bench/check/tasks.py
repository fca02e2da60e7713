"""The small tasks that methods are checked on, a hierarchy and texts, and copies of a task."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.data.readers.tree import read as read_tree
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.types import Ints

LEVELS, CHILDREN = 4, 3
LARGE_LEVELS, LARGE_CHILDREN = 5, 7
TOPICS = (
    "dog", "piano", "volcano", "tax", "vaccine", "football", "bread", "satellite", "marriage",
    "whale", "bicycle", "novel", "desert", "violin", "election", "cheese",
)  # fmt: skip
NEAR_TO_FAR = ("All about the {}. What a {} is.", "The {}, and music.", "A word on any {} at last.")


def hierarchy_task() -> Task:
    """A tree of 40 nodes, where each node is a query for itself and its ancestors."""
    return copied(read_tree("hierarchy", LEVELS, CHILDREN, max_distance=8))


def large_hierarchy_task() -> Task:
    """A tree of 2,801 nodes, over which a search takes long enough to be timed."""
    return copied(read_tree("large hierarchy", LARGE_LEVELS, LARGE_CHILDREN, max_distance=8))


def text_task() -> Task:
    """16 questions over 48 documents, three for each: at distance 0, 1 and 2.

    The first 8 are for training, the next 4 for validation; the test is the last 4 and the first.
    """
    n, per_topic = len(TOPICS), len(NEAR_TO_FAR)
    documents = [sentence.format(*[topic] * 2) for topic in TOPICS for sentence in NEAR_TO_FAR]
    relevance = Relevance.from_pairs(
        np.repeat(np.arange(n), per_topic),
        np.arange(len(documents)),
        np.tile(np.arange(per_topic), n),
        n,
        len(documents),
    )

    def of(queries: Sequence[int]) -> Relevance:
        return relevance.where(np.isin(relevance.queries, queries))

    def judged(queries: Sequence[int]) -> Judgements:
        return Judgements(of(queries), cut=10, gains=(3, 2, 1))

    return Task(
        "texts",
        Strings.of([f"q{query}" for query in range(n)]),
        Strings.of([f"d{document}" for document in range(len(documents))]),
        of(range(8)),
        judged(range(8, 12)),
        judged([0, 12, 13, 14, 15]),
        query_texts=Strings.of([f"what is a {topic}?" for topic in TOPICS]),
        document_texts=Strings.of(documents),
        defaults={"lr": 0.001},  # of a head, as for other texts
    )


TASKS: dict[str, Callable[[], Task]] = {"hierarchy": hierarchy_task, "texts": text_task}
LARGE: dict[str, Callable[[], Task]] = {"hierarchy": large_hierarchy_task}
"""The tasks of the same kind that are large, by the name of the small one."""


def permuted(task: Task, order: Ints) -> Task:
    """The same task with its documents in another order.

    Args:
        task: a task whose judgements have no ``seen``.
        order: [n_documents] the old number of each new document.
    """
    new_number = np.argsort(order)

    def renumbered(relevance: Relevance) -> Relevance:
        return Relevance.from_pairs(
            relevance.queries,
            new_number[relevance.documents],
            relevance.distances,
            relevance.n_queries,
            relevance.n_documents,
        )

    return _rebuilt(task, renumbered, lambda texts: texts, lambda texts: texts.take(order))


def copied(task: Task) -> Task:
    """The same task over arrays of its own, which a method can write to."""
    return _over(task, np.array)


def mapped(task: Task, folder: Path) -> Task:
    """The same task over memory maps that numpy does not write to, as the harness gives them.

    A write that bypasses numpy changes pages of this process, not the files: it can be seen
        afterwards, whereas a map that the system protects would end the process.
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

    def strings(texts: Strings) -> Strings:
        return Strings(keep(texts.offsets), keep(texts.data))

    return _rebuilt(task, relevance, strings, strings)


def _rebuilt(
    task: Task,
    relevance: Callable[[Relevance], Relevance],
    of_queries: Callable[[Strings], Strings],
    of_documents: Callable[[Strings], Strings],
) -> Task:
    """A task whose parts are replaced, with names in the form that the harness gives."""

    def judged(split: Judgements) -> Judgements:
        removed = None if split.removed is None else relevance(split.removed)
        return replace(split, relevance=relevance(split.relevance), removed=removed)

    queries, documents = task.query_texts, task.document_texts
    return replace(
        task,
        query_names=of_queries(Strings.of(task.query_names)),
        document_names=of_documents(Strings.of(task.document_names)),
        train=relevance(task.train),
        validation=judged(task.validation),
        test=judged(task.test),
        query_texts=None if queries is None else of_queries(queries),
        document_texts=None if documents is None else of_documents(documents),
    )
