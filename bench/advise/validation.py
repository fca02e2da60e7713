"""The task that candidates are judged on: the validation queries stand for the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import Dataset
from bench.data.readers.hierarchy import TRANSDUCTIVE
from bench.data.views import MOST_SAMPLED, halved, on_validation, require_search, sampled
from bench.plan.depth import require_documents
from bench.system.terminal import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.task import Task

FEW = 50
"""Validation queries below which a choice is called uncertain."""


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


def boards(dataset: str, data_dir: Path | None) -> list[str]:
    """The boards that a run makes of a dataset, as they are typed; the first is what is judged.

    A file of nodes with names has two: what an encoder holds, and nodes that are new to it.

    Raises:
        InputError: the name is unknown, or the data cannot be read.
    """
    return Dataset.parse(dataset).tasks(data_dir) or [dataset]


def warnings(task: Task, judged: Task, dataset: str, data_dir: Path | None) -> Iterator[str]:
    """Sentences on a test that shows less than one may think."""
    first, *others = boards(dataset, data_dir)
    if TRANSDUCTIVE in task.notes:
        way = (
            f" Nodes that training never names are judged by --dataset {others[0]}."
            if others
            else ""
        )
        yield f"{first}: {TRANSDUCTIVE}{way}"
    if (n := judged.n_asked) < FEW:
        yield (
            f"Candidates are judged on {counted(n, 'query', 'queries')}: with fewer than {FEW} the "
            "choice, and how good it looks, are uncertain; give more validation queries"
        )


def split(task: Task) -> Split:
    """Put the validation queries in the place of the test.

    A task without validation queries is judged on half of its test queries, and is tested on the
    others; of many test queries, on a sample.

    Raises:
        InputError: the task asks for no search, or has too few queries.
    """
    require_search(task)
    require_documents(task)
    tested = task if len(task.validation.relevance.answered) else halved(task)
    judged = on_validation(tested)
    if len(tested.test.relevance.answered) > MOST_SAMPLED:
        tested = sampled(tested)
    return Split(judged, tested, task.name)
