"""Checks by time: of the processor, which a busy machine does not lengthen."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bench.check.agreement import differing_query
from bench.check.subject import CheckFailed, K, NotApplicable
from bench.method import Method

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.check.subject import Ready, Subject
    from bench.method import Point
    from bench.task import Queries

WARM = 4
"""How often a query is asked before others are timed."""
SHORTER, LEAST_S = 1 / 3, 20e-6
"""What is left of a search where its work was done before: a share; and seconds that were saved."""
FEW, ALIKE = 0.3, 0.75
"""Where at most this share of the documents is visited, less than this share of the time is due."""
SCORED_S = 0.5e-9
"""Seconds that scoring a document takes at least; what is faster scores none, and is not judged."""
ASKED, ROUNDS = 256, 3
"""Queries of a batch over the large corpus, and the batches that each setting is timed by."""


def answers_are_not_remembered(subject: Subject) -> None:
    """A query takes as long the second time: no answer is kept from one call to the next."""
    ready = subject.ready()
    point = ready.points[-1]
    new: list[float] = []
    again: list[float] = []
    for one, known in _one_by_one(ready, point):
        ready.method.prepare(one)
        for seconds in (new, again):
            ready.search(known, K, point)  # so that both find caches as a search leaves them
            seconds.append(_seconds(ready, one, point))
    if _is_much_less(again, new):
        raise CheckFailed(
            f"a query takes {1e6 * median(new):.0f} µs the first time and "
            f"{1e6 * median(again):.0f} µs when it is asked again: it remembers answers, or "
            "encodes in search() what prepare() is to encode"
        )


def prepare_does_not_search(subject: Subject) -> None:
    """Without ``prepare`` it answers the same, and as fast where there is nothing to encode."""
    if type(subject.first.method).prepare is Method.prepare:
        raise NotApplicable("it does not prepare queries")
    ready = subject.ready()
    point = ready.points[-1]
    queries = ready.queries()
    try:
        answer = ready.search(queries, K, point)
    except Exception as error:
        raise CheckFailed(
            f"search() fails where prepare() was not called: {type(error).__name__}: {error}; "
            "prepare() may encode queries ahead, and search() searches"
        ) from error
    if differing_query(subject.first.answer(K), answer, ready.n_documents) is not None:
        raise CheckFailed("search() answers differently where prepare() was not called")
    if queries.texts is not None:
        return
    alone: list[float] = []
    prepared: list[float] = []
    for number, (one, known) in enumerate(_one_by_one(ready, point)):
        if number % 2:
            ready.method.prepare(one)
        ready.search(known, K, point)
        (prepared if number % 2 else alone).append(_seconds(ready, one, point))
    if _is_much_less(prepared, alone):
        raise CheckFailed(
            f"search() takes {1e6 * median(alone):.0f} µs a query, and "
            f"{1e6 * median(prepared):.0f} µs after prepare(), though there is nothing to encode"
        )


def search_takes_the_time_of_what_it_visits(subject: Subject) -> None:
    """Over a large corpus, a setting that visits few documents takes less time."""
    if len(subject.first.points) == 1:
        raise NotApplicable("it has one operating point")
    ready = subject.large
    queries = ready.task.queries(np.arange(len(ready.task.query_names)))
    first, *others = (queries.part(slice(n * ASKED, (n + 1) * ASKED)) for n in range(1 + ROUNDS))
    ends = ready.points[0], ready.points[-1]
    shares = [
        ready.visited(ready.ask(first, K, point)).mean() / ready.n_documents for point in ends
    ]
    if shares[0] > FEW * shares[1]:
        raise NotApplicable("its first operating point visits nearly as much as its last")
    few, many = (min(_seconds(ready, batch, point) for batch in others) for point in ends)
    if few > ALIKE * many and many > SCORED_S * ASKED * shares[1] * ready.n_documents:
        raise CheckFailed(
            f"over {ready.n_documents:,} documents, {dict(ends[0])} visits "
            f"{100 * shares[0]:.1f} % in {1e3 * few:.1f} ms and {dict(ends[1])} "
            f"{100 * shares[1]:.1f} % in {1e3 * many:.1f} ms: it scores documents outside the "
            "leaves that it names, or counts less than it scores"
        )


def _one_by_one(ready: Ready, point: Point) -> Iterator[tuple[Queries, Queries]]:
    """Queries alone that were not asked before, each with one that was."""
    task = ready.task
    queries = task.queries(np.arange(len(task.query_names)))
    known, *others = (queries.part(slice(row, row + 1)) for row in range(len(queries.rows)))
    for _ in range(WARM):
        ready.ask(known, K, point)
    for one in others:
        yield one, known


def _seconds(ready: Ready, queries: Queries, point: Point) -> float:
    """Seconds of a search."""
    begin = time.process_time()
    ready.method.search(queries, K, dict(point))
    return time.process_time() - begin


def _is_much_less(some: list[float], others: list[float]) -> bool:
    """Whether calls took so little that their work must have been done before."""
    less, more = median(some), median(others)
    return less < SHORTER * more and more - less > LEAST_S
