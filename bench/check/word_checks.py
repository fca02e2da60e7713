"""Checks of a method's word: what it says stays so, and is not more than can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.check.agreement import TIE, differing_query, returned
from bench.check.fit_checks import require_deterministic
from bench.check.subject import CheckFailed, K, NotApplicable
from bench.check.tasks import copied
from bench.errors import reason_of
from bench.evaluation.fitted import FittedCache, training_of
from bench.method import no_progress
from bench.system.memory import family, memory_of

if TYPE_CHECKING:
    import psutil

    from bench.check.subject import Ready, Subject
    from bench.method import SearchResult
    from bench.types import Bools, Floats, Ints

FIELDS = ("ids", "scores", "leaves", "visited", "routing")
PROCESS_BYTES = 256 << 20
"""Memory that a process may take for its libraries, beside what it holds of an index."""


def leaves_stay_as_they_are(subject: Subject) -> None:
    """partition() returns the same each time, and what it returned does not change."""
    if subject.first.meter is None:
        raise NotApplicable("it has no leaves")
    ready = subject.first
    again = ready.method.partition()
    _require_same_leaves(ready, again, "partition() returns other leaves the second time")
    ready.ask(ready.queries(), K, ready.points[-1])
    _require_same_leaves(ready, again, "the array of partition() changes while it searches")
    later = ready.method.partition()
    _require_same_leaves(ready, later, "partition() returns other leaves after a search")


def _require_same_leaves(ready: Ready, leaf: Ints | None, what: str) -> None:
    counted = None if ready.meter is None else ready.meter.leaf.ravel()
    if counted is None or leaf is None or not np.array_equal(counted, leaf.ravel()):
        raise CheckFailed(f"{what}; documents stay in the leaves that index() put them in")


def answers_stay_as_they_are(subject: Subject) -> None:
    """A result says the same each time that it is read, after other searches too."""
    ready = subject.first
    queries = ready.queries()
    for point in ready.points:
        ready.method.prepare(queries)
        result = ready.method.search(queries, K, dict(point))
        first, second = (ready.indexed.answer(result, len(queries.rows), K) for _ in range(2))
        _same_answer(first, second, f"at {dict(point)} search() returns a result that says")
        half = queries.part(slice(len(queries.rows) // 2, None))
        ready.ask(half, K, point)
        later = ready.indexed.answer(result, len(queries.rows), K)
        _same_answer(first, later, f"at {dict(point)} another search changes a result to say")


def _same_answer(first: SearchResult, second: SearchResult, what: str) -> None:
    for name in FIELDS:
        before, after = getattr(first, name), getattr(second, name)
        if not np.array_equal(before, after):
            raise CheckFailed(f"{what} other {name} when it is read again")


def says_whether_it_sees_the_test(subject: Subject) -> None:
    """The class and every method made of it say the same, whenever they are asked."""
    method = subject.make()
    answers = [subject.method_type.sees_test, method.sees_test, method.sees_test]
    answers += [subject.first.method.sees_test, subject.method_type.sees_test]
    if any(each is not answers[0] for each in answers):
        raise CheckFailed(
            f"sees_test is {' and then '.join(map(str, dict.fromkeys(answers)))}; it is a class "
            "attribute, False for any method that is to be compared"
        )


def each_call_does_its_own_work(subject: Subject) -> None:
    """Fitted, indexed and searched it answers the same, whatever else is not called."""
    require_deterministic(subject)
    first = subject.first
    queries = first.queries()
    alone = (
        "where skip(), operating_points(), partition() and rank_exactly() are not called; fit() "
        "learns, index() indexes, and search() searches"
    )
    task, method = copied(subject.task), subject.make()
    training = training_of(task, sees_test=subject.method_type.sees_test)
    fitted = FittedCache(None, task.digest)
    try:
        fitted.fit(method, training, 0, no_progress)
        method.index(task.corpus)
        for number, point in enumerate(first.points):
            method.prepare(queries)
            found = method.search(queries, K, dict(point))
            answer = first.indexed.answer(found, len(queries.rows), K)
            row = differing_query(first.answer(K, number), answer, first.n_documents)
            if row is not None:
                raise CheckFailed(f"query {row} at {dict(point)} gets another answer {alone}")
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise CheckFailed(f"{reason_of(error)} {alone}") from error


def leaves_are_chosen_before_documents_are_scored(subject: Subject) -> None:
    """The leaves of a query do not hold exactly the best of all documents, or routing says so.

    To know which documents are the best, all of them were scored. The harness counts a dot product
    for each leaf; where a method says that fewer were needed, this must be possible.
    """
    ready, n = subject.first, subject.first.n_documents
    if ready.meter is None:
        raise NotApplicable("it has no leaves")
    scores = _all_scores(ready)
    compared, best = 0, 0
    for number, (_, few) in enumerate(ready.answers(K)):
        if few.routing is None or few.routing >= ready.meter.occupied:
            continue
        inside = returned(ready.answer(n, number).ids, n)
        partly = inside.any(axis=1) & ~inside.all(axis=1)
        compared += int(partly.sum())
        best += int(_holds_the_best(scores[partly], inside[partly]).sum())
    if not compared:
        raise NotApplicable("its routing is counted")
    if best == compared:
        raise CheckFailed(
            "the leaves of every query hold exactly the best of all documents, which is known only "
            f"where all {n} are scored; its routing is claimed to be less than "
            f"{ready.meter.occupied} dot products"
        )


def _all_scores(ready: Ready) -> Floats:
    """[n, n_documents] the score of each document, at the setting that visits most."""
    answer = ready.answer(ready.n_documents)
    if (answer.ids < 0).any() or answer.ids.shape[1] < ready.n_documents:
        raise NotApplicable("no setting returns all documents")
    scores = np.empty(answer.ids.shape)
    np.put_along_axis(scores, answer.ids, answer.scores.astype(np.float64), axis=1)
    return scores


def _holds_the_best(scores: Floats, inside: Bools) -> Bools:
    """[n] whether no document outside scores more than one inside, ties aside."""
    worst_inside = np.where(inside, scores, np.inf).min(axis=1, initial=np.inf)
    best_outside = np.where(inside, -np.inf, scores).max(axis=1, initial=-np.inf)
    held: Bools = best_outside <= worst_inside + TIE * np.abs(worst_inside)
    return held


def index_bytes_covers_what_is_held(subject: Subject) -> None:
    """Processes that it started hold no more than the size of its index, beside libraries."""
    before = set(family())
    ready = subject.ready()
    for _ in ready.answers(K):
        pass
    size = ready.indexed.index_bytes()
    started: list[psutil.Process] = [each for each in family() if each not in before]
    held = sum(map(memory_of, started))
    if held > size + PROCESS_BYTES * len(started):
        raise CheckFailed(
            f"index_bytes() says {size:,} bytes, and the {len(started)} processes that it started "
            f"hold {held:,}"
        )
