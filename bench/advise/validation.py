"""The task that candidates are judged on: the validation queries stand for the test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError
from bench.plan.depth import require_documents

if TYPE_CHECKING:
    from bench.task import Judgements, Task
    from bench.types import Ints

MOST = 2000
"""Validation queries that judge at most."""
SEED = 0
LEAST = 2
"""Queries that a split needs."""


class Split(NamedTuple):
    """A task for the choice, and the one that the chosen candidate is tested on.

    Attributes:
        judged: the task whose test is the validation; its own test is not in it.
        tested: the task with its test.
        name: the name of the task in other runs.
    """

    judged: Task
    tested: Task
    name: str


def split(task: Task) -> Split:
    """Put the validation queries in the place of the test.

    Training sees the same as in a run, so that the chosen candidate's fitted state is that of its
    run. A task without validation queries is judged on half of its test queries, and is tested on
    the others.

    Raises:
        InputError: the task asks for no search, or has too few queries.
    """
    if task.similarity is not None:
        raise InputError(
            f"{task.name} asks for scores of word pairs, and advice is on searches; take a dataset "
            "with queries and documents, as `python -m bench list` shows them"
        )
    require_documents(task)
    name = task.name
    if not len(task.validation.relevance.answered):
        task = _halved(task)
    asked = task.validation.relevance.answered
    drawn = asked
    if len(asked) > MOST:
        drawn = np.random.default_rng(SEED).choice(asked, MOST, replace=False)
    judged = replace(
        task,
        name=f"{task.name}-validation",
        test=_of(task.validation, drawn),
        notes=(f"Judged on {len(drawn):,} validation queries.",),
    )
    return Split(judged, task, name)


def _halved(task: Task) -> Task:
    """The task with half of its test queries as validation.

    Raises:
        InputError: there are too few.
    """
    asked = task.test.relevance.answered
    if len(asked) < 2 * LEAST:
        raise InputError(
            f"{task.name} has no validation queries and {len(asked)} test queries, too few to "
            f"choose by; give it {2 * LEAST} or more queries with a relevant document"
        )
    order = np.random.default_rng(SEED).permutation(asked)
    half = len(order) // 2
    return replace(
        task,
        name=f"{task.name}-half",
        validation=_of(task.test, order[:half]),
        test=_of(task.test, order[half:]),
        notes=(*task.notes, "It has no validation queries: half of its test queries judge."),
    )


def _of(judged: Judgements, queries: Ints) -> Judgements:
    """The judgements of some queries, in the rows of all."""
    kept = np.isin(judged.relevance.queries, queries)
    seen = None if judged.seen is None else np.asarray(judged.seen)[kept]
    return replace(judged, relevance=judged.relevance.where(kept), seen=seen)
