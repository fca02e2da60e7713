"""Views of a dataset, typed after it: ``scifact@validation``, ``beir:FOLDER@half``, ``nq@sample``.

A view has the corpus and the training of its dataset, and other queries as its test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import InputError
from bench.system.paths import program
from bench.task.task import VALIDATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.task import Judgements, Task
    from bench.types import Ints

MOST = 2000
"""Validation queries that judge at most."""
MOST_SAMPLED = 1000
"""Test queries of a sample."""
SEED = 0
LEAST = 2
"""Queries that half of a test needs."""


def on_validation(task: Task) -> Task:
    """The validation queries, at most ``MOST`` of them, in the place of the test.

    Training sees the same as in the dataset itself, so that a fitted state is the same there.

    Raises:
        InputError: the task asks for no search, or there are no validation queries.
    """
    require_search(task)
    asked = task.validation.relevance.answered
    if not len(asked):
        raise InputError(f"{task.name} has no validation queries; half of its test is @half")
    drawn = _drawn(asked, MOST)
    note = f"The test is {len(drawn):,} validation queries of {task.name}."
    return replace(
        task,
        name=f"{task.name}@{VALIDATION}",
        test=_of(task.validation, drawn),
        notes=(*task.notes, note),
    )


def halved(task: Task) -> Task:
    """Half of the test queries as validation, and the others as the test.

    Raises:
        InputError: the task asks for no search, or there are too few.
    """
    require_search(task)
    asked = task.test.relevance.answered
    if len(asked) < 2 * LEAST:
        raise InputError(
            f"{task.name} has {len(asked)} test queries, too few to choose by; give it "
            f"{2 * LEAST} or more queries with a relevant document"
        )
    order = np.random.default_rng(SEED).permutation(asked)
    half = len(order) // 2
    return replace(
        task,
        name=f"{task.name}@half",
        validation=_of(task.test, order[:half]),
        test=_of(task.test, order[half:]),
        notes=(*task.notes, f"Half of the test queries of {task.name} are the validation."),
    )


def sampled(task: Task) -> Task:
    """``MOST_SAMPLED`` of the test queries, or all if they are fewer.

    Raises:
        InputError: the task asks for no search.
    """
    require_search(task)
    drawn = _drawn(task.test.relevance.answered, MOST_SAMPLED)
    note = f"The test is {len(drawn):,} test queries of {task.name}, drawn at random."
    return replace(
        task,
        name=f"{task.name}@sample",
        test=_of(task.test, drawn),
        notes=(*task.notes, note),
    )


def require_search(task: Task) -> None:
    """Refuse a task whose test is no search.

    Raises:
        InputError: it is one.
    """
    if task.similarity is not None:
        raise InputError(
            f"{task.name} asks for scores of word pairs, and this needs searches; take a dataset "
            f"with queries and documents, as `{program()} list` shows them"
        )


VIEWS: dict[str, Callable[[Task], Task]] = {
    VALIDATION: on_validation,
    "half": halved,
    "sample": sampled,
}


def parted_views(typed: str) -> tuple[str, list[str]]:
    """A dataset or a task without its views, and their names in the order of their application."""
    views: list[str] = []
    while (parts := typed.rpartition("@"))[2] in VIEWS and parts[1]:
        typed = parts[0]
        views.insert(0, parts[2])
    return typed, views


def _drawn(asked: Ints, most: int) -> Ints:
    """Numbers of ``most`` of the queries, or of all if they are fewer."""
    if len(asked) <= most:
        return asked
    drawn: Ints = np.random.default_rng(SEED).choice(asked, most, replace=False)
    return drawn


def _of(judged: Judgements, queries: Ints) -> Judgements:
    """The judgements of some queries, in the rows of all."""
    kept = np.isin(judged.relevance.queries, queries)
    return replace(judged.of_pairs(kept), relevance=judged.relevance.where(kept))
