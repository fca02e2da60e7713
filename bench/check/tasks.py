"""The small tasks that methods are checked on: a hierarchy without texts, and texts."""

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

    from bench.types import Ints

LEVELS, CHILDREN = 4, 3
TOPICS = (
    "dog", "piano", "volcano", "tax", "vaccine", "football", "bread", "satellite", "marriage",
    "whale", "bicycle", "novel", "desert", "violin", "election", "cheese",
)  # fmt: skip
NEAR_TO_FAR = ("All about the {}. What a {} is.", "The {}, and music.", "A word on any {} at last.")


def hierarchy_task() -> Task:
    """A tree of 40 nodes, where each node is asked for itself and its ancestors."""
    return _as_strings(read_tree("hierarchy", LEVELS, CHILDREN, max_distance=8))


def text_task() -> Task:
    """16 questions over 48 documents, three about each: at distance 0, 1 and 2.

    The first 8 are for training, the next 4 for validation; the test are the last 4 and the first.
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


def permuted(task: Task, order: Ints) -> Task:
    """The same task with its documents in another order.

    Args:
        task: whose judgements say nothing of seen pairs.
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

    def judged(split: Judgements) -> Judgements:
        removed = None if split.removed is None else renumbered(split.removed)
        return replace(split, relevance=renumbered(split.relevance), removed=removed)

    texts = task.document_texts
    return replace(
        task,
        document_names=Strings.of(task.document_names).take(order),
        document_texts=None if texts is None else texts.take(order),
        train=renumbered(task.train),
        validation=judged(task.validation),
        test=judged(task.test),
    )


def _as_strings(task: Task) -> Task:
    """With names as the harness hands them out."""
    return replace(
        task,
        query_names=Strings.of(task.query_names),
        document_names=Strings.of(task.document_names),
    )
