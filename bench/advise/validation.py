"""The task that candidates are judged on: the validation queries stand for the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.views import halved, on_validation, require_search
from bench.plan.depth import require_documents

if TYPE_CHECKING:
    from bench.task import Task


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

    A task without validation queries is judged on half of its test queries, and is tested on the
    others.

    Raises:
        InputError: the task asks for no search, or has too few queries.
    """
    require_search(task)
    require_documents(task)
    tested = task if len(task.validation.relevance.answered) else halved(task)
    return Split(on_validation(tested), tested, task.name)
