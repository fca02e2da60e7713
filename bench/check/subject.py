"""A method on a small task, as the checks use it: made, fitted, indexed and searched."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bench.check.agreement import differing_query
from bench.check.tasks import LARGE, copied
from bench.evaluation.answers import Indexed, reason_to_skip
from bench.evaluation.fitted import FittedCache, training_of
from bench.method import Workspace, no_progress
from bench.plan.grid import settled
from bench.system.device import wanted_device

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.method import Method, Params, Point, SearchResult, Value
    from bench.plan.grid import Settings
    from bench.task import Corpus, Queries, Task
    from bench.types import Floats, Ints

K = 3
"""Number of documents asked for, if a check needs no other number."""
CAPS = {"steps": 25, "epochs": 2, "checks": 2, "dim": 16, "branching": 4}
"""Largest values of hyper-parameters in a check, by name or by the ending of a name."""
NEEDED: Mapping[str, Params] = {"ehi-paper": {"branching": 4, "batch": 4}}
"""Values without which a built-in method skips small tasks: for these the paper prints none."""


def small_params(method: type[Method], task: Task, settings: Settings) -> dict[str, Value]:
    """Hyper-parameters under which a method is fitted in moments, if their names are known.

    Values that the user set stay as they are.
    """
    values, asked = settled(method, task, settings), settings.of(method)
    lowered = lowered_params(method, values)
    return values | {name: value for name, value in lowered.items() if name not in asked}


def lowered_params(method: type[Method], values: Params) -> dict[str, Value]:
    """The hyper-parameters of a method that have another value on a small task, with that value."""
    capped = {
        name: cap
        for name, value in values.items()
        for word, cap in CAPS.items()
        if (name == word or name.endswith(f"_{word}")) and type(value) is int and value > cap
    }
    return {**capped, **NEEDED.get(method.name, {})}


class CheckFailed(Exception):  # noqa: N818 - the result of a check, not an error of ours
    """The method breaks its contract in the way that the message says."""


class NotApplicable(Exception):  # noqa: N818 - likewise
    """The method lacks the feature that the check is about."""


class Ready:
    """A method that was fitted and has indexed a corpus.

    Attributes:
        method: the method.
        task: the task that it was fitted on.
        indexed: what it says of its index.
        points: its operating points.
        meter: counts the documents in the leaves that a query probed; None if there are no leaves.
    """

    def __init__(self, method: Method, task: Task, corpus: Corpus | None = None) -> None:
        """Index ``corpus``, or else that of the task."""
        self.method = method
        self.task = task
        self.n_documents = len(task.document_names)
        method.index(task.corpus if corpus is None else corpus)
        self.indexed = Indexed(method, self.n_documents)
        self.points, self.meter = self.indexed.points, self.indexed.meter
        self._answers: dict[tuple[int, int], SearchResult] = {}

    def queries(self) -> Queries:
        """The queries of the test, in memory of their own."""
        own = self.task.queries_of(self.task.test)
        return own._replace(rows=np.array(own.rows))

    def ask(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Prepare a batch and search it."""
        self.method.prepare(queries)
        return self.search(queries, k, point)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """Search a batch, prepared or not."""
        result = self.method.search(queries, k, dict(point))
        return self.indexed.answer(result, len(queries.rows), k)

    def answer(self, k: int, number: int = -1) -> SearchResult:
        """The answers to all queries at an operating point by number; the last visits most."""
        place = range(len(self.points))[number], k
        if place not in self._answers:
            self._answers[place] = self.ask(self.queries(), k, self.points[number])
        return self._answers[place]

    def answers(self, k: int) -> Iterator[tuple[Point, SearchResult]]:
        """Every operating point with its answers."""
        for number, point in enumerate(self.points):
            yield point, self.answer(k, number)

    def visited(self, answer: SearchResult) -> Floats:
        """[n] documents that each query visited, by its leaves or by the method's own count.

        Of a method that scores no document, its work: what stands for it on boards.
        """
        if not self.method.scores_documents:
            return np.full(len(answer.ids), answer.routing or 0.0)
        if answer.leaves is not None and self.meter is not None:
            nothing = np.full((len(answer.ids), 1), -1)
            return self.meter.count(answer.leaves, nothing).astype(np.float64)
        if answer.visited is not None:
            return np.asarray(answer.visited, np.float64)
        return np.full(len(answer.ids), float(self.n_documents))


class Subject:
    """A method on one of the small tasks.

    Attributes:
        method_type: the class of the method.
        task: the task; each use gets its own copy.
        folder: the folder of the files that checks write while they run.
    """

    def __init__(self, method: type[Method], settings: Settings, task: Task, folder: Path) -> None:
        """``folder`` may be shared: then one fit of a trainer serves several methods."""
        self.method_type = method
        self.task = task
        self.folder = folder
        self._params = small_params(method, task, settings)

    def make(self) -> Method:
        """An unfitted method."""
        method = self.method_type(**self._params)
        method.workspace = Workspace(self.folder / "cache", device=wanted_device())
        return method

    def fitted(self, task: Task, *, seed: int = 0, purpose: str | None = "") -> Method:
        """The method fitted on a task, or loaded if it was fitted in this way for this purpose.

        With ``purpose=None`` it is fitted in any case, and its state is not kept.
        """
        method = self.make()
        folder = None if purpose is None else self.folder / "fits" / purpose
        fitted = FittedCache(folder, task.digest)
        training = training_of(task, sees_test=self.method_type.sees_test)
        reason_to_skip(method, training)  # as in a run, where it comes first
        fitted.fit(method, training, seed, no_progress)
        return method

    def ready(self, *, seed: int = 0, purpose: str = "") -> Ready:
        """The method fitted and indexed."""
        task = copied(self.task)
        return Ready(self.fitted(task, seed=seed, purpose=purpose), task)

    @cached_property
    def first(self) -> Ready:
        """The fitted method that most checks use."""
        return self.ready()

    @cached_property
    def second(self) -> Ready:
        """A second one, fitted under the same seed."""
        return self.ready(purpose="second")

    @cached_property
    def large(self) -> Ready:
        """The method on a task of the same kind with thousands of documents, if there is one."""
        make = LARGE.get(self.task.name)
        if make is None:
            raise NotApplicable("the task has no large form")
        task = make()
        return Ready(self.fitted(task), task)

    def first_difference(self, other: Ready) -> str | None:
        """The first difference between the answers of another fit and the first's, in words."""
        if list(other.points) != list(self.first.points):
            return f"operating points {other.points}, not {self.first.points}"
        for number, point in enumerate(other.points):
            mine, its = self.first.answer(K, number), other.answer(K, number)
            row = differing_query(mine, its, self.first.n_documents, exactly=True)
            if row is not None:
                return (
                    f"query {row} at {dict(point)} got documents {shown(its.ids[row])}, not "
                    f"{shown(mine.ids[row])}"
                )
        return None


def shown(ids: Ints) -> list[int]:
    """The documents of a ranking, as a message shows them."""
    return [int(document) for document in ids if document >= 0]
