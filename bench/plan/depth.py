"""Whether a task has documents to search, and how many are asked for each query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import InputError

if TYPE_CHECKING:
    from bench.task import Task


def depth_needed(task: Task, k: int | None) -> int:
    """Documents to ask for each query.

    Raises:
        InputError: ``k`` is less than the task's measures need.
    """
    needed = int(task.test.depth.max(initial=0))
    if k is None:
        return needed
    if k < needed:
        raise InputError(
            f"k={k} is too small for {task.name}: its measures read rankings down to {needed}; "
            f"give at least {needed}, or leave k out"
        )
    return max(needed, min(k, len(task.document_names)))


def require_documents(task: Task) -> None:
    """Raise InputError for a task of judgements alone: it has nothing to search."""
    if task.judged_alone:
        raise InputError(
            f"{task.name} holds judgements alone, and no documents to search; bring runs that were "
            "made elsewhere, with --run FILE, or name a dataset with a corpus"
        )
