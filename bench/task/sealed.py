"""The sealed test: no judgement can be read until a choice on validation is on record.

The seal prevents a mistake, in the harness or in a method that was given too much. It cannot
prevent a method that wants to cheat from reading files.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.errors import SealedError
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from bench.measures.choice import Chosen
    from bench.task.task import Task
    from bench.types import Bools, Ints

    Array = TypeVar("Array", Ints, Bools)


class SealedJudgements(Judgements):
    """Judgements that give the test queries and the depth of their rankings, and no relevance.

    Attributes:
        asked: [n] rows of the queries that have a relevant document.
        asked_depth: [n] number of documents of each ranking that are read.
        chosen: the choice that was on record when the seal was opened, or None while it is closed.
    """

    asked: Ints
    asked_depth: Ints
    chosen: Chosen | None

    def __init__(self, judged: Judgements) -> None:
        vars(self).update(  # the dataclass is frozen
            _judged=judged,
            asked=judged.relevance.answered,
            asked_depth=judged.depth[judged.relevance.answered],
            chosen=None,
        )

    def open(self, chosen: Chosen) -> Judgements:
        """Return the judgements, now that ``chosen`` is on record.

        Raises:
            SealedError: they were opened before, with another choice.
        """
        if self.chosen is not None and self.chosen != chosen:
            raise SealedError(f"the test was opened for {self.chosen!r}, not for {chosen!r}")
        vars(self)["chosen"] = chosen
        judged: Judgements = vars(self)["_judged"]
        return judged

    def _sealed(self) -> Any:  # noqa: ANN401 - it never returns
        raise SealedError(
            "test relevance is sealed until an operating point is chosen on validation; "
            "a method learns from `train.relevance` and `train.validation`"
        )

    relevance = property(_sealed)
    removed = property(_sealed)
    cut = property(_sealed)
    gains = property(_sealed)
    least_gain = property(_sealed)
    seen = property(_sealed)
    groups = property(_sealed)
    reach = property(_sealed)


def seal(task: Task) -> tuple[Task, SealedJudgements]:
    """The same task with its test sealed and all else read-only, and the seal to open it."""
    sealed = SealedJudgements(_read_only(task.test))
    documents = Strings.of(task.document_names)
    queries = task.query_names
    same = queries is task.document_names
    return replace(
        task,
        query_names=documents if same else Strings.of(queries),
        document_names=documents,
        train=_locked(task.train),
        validation=_read_only(task.validation),
        test=sealed,
    ), sealed


def _read_only(judged: Judgements) -> Judgements:
    """The same judgements over arrays that a method cannot change."""
    removed = None if judged.removed is None else _locked(judged.removed)
    seen = None if judged.seen is None else _view(judged.seen)
    groups = {name: _view(pairs) for name, pairs in judged.groups.items()}
    return replace(
        judged, relevance=_locked(judged.relevance), removed=removed, seen=seen, groups=groups
    )


def _locked(relevance: Relevance) -> Relevance:
    """The same relevance over arrays that a method cannot change."""
    arrays = {name: _view(array) for name, array in relevance.arrays().items()}
    return Relevance(**arrays, n_documents=relevance.n_documents)


def _view(array: Array) -> Array:
    """A read-only view of the same memory; the caller's own array stays writable."""
    view = array.view()
    view.flags.writeable = False
    return view
