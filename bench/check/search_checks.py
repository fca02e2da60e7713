"""Checks of the results of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.strings import Strings
from bench.check.agreement import differing_query
from bench.check.fit_checks import require_deterministic
from bench.check.subject import CheckFailed, K, NotApplicable, Ready, shown
from bench.check.tasks import copied, permuted
from bench.method import SearchResult
from bench.task import Queries

if TYPE_CHECKING:
    from bench.check.subject import Subject
    from bench.types import Ints

BEYOND = 7
"""Documents asked for in addition to all that exist."""
QUALITY = 0.15
"""The loss of quality that a fit with other random numbers may have."""
ODD_TEXTS = (
    "",
    "   ",
    "犬とは何ですか",
    "что такое собака",
    "ما هو الكلب",
    "🎹🐋",
    "?!",
    "a" * 3000,
)


def k_larger_than_the_corpus(subject: Subject) -> None:
    """Asked for more documents than exist, it answers as for k = N, each document once."""
    ready, n = subject.first, subject.first.n_documents
    for number, (point, answer) in enumerate(ready.answers(n + BEYOND)):
        row = _row_with_duplicates(answer.ids)
        if row is not None:
            raise CheckFailed(
                f"asked for {n + BEYOND} of {n} documents at {dict(point)}, it returned "
                f"{_twice(answer.ids[row])} more than once; -1 stands for none"
            )
        row = differing_query(ready.answer(n, number), answer, n)
        if row is not None:
            raise CheckFailed(
                f"query {row} at {dict(point)} gets other documents for k = {n + BEYOND} than for "
                f"k = {n}, the size of the corpus"
            )


def no_duplicates(subject: Subject) -> None:
    """No document occurs twice in one answer."""
    for k in (K, 2 * K):
        for point, answer in subject.first.answers(k):
            row = _row_with_duplicates(answer.ids)
            if row is not None:
                raise CheckFailed(
                    f"query {row} at {dict(point)} got document {_twice(answer.ids[row])} twice"
                )


def _row_with_duplicates(ids: Ints) -> int | None:
    ordered = np.sort(ids, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    return int(np.flatnonzero(twice)[0]) if twice.any() else None


def _twice(ids: Ints) -> int:
    documents, counts = np.unique(ids[ids >= 0], return_counts=True)
    return int(documents[counts.argmax()])


def ids_stable_under_a_permuted_corpus(subject: Subject) -> None:
    """Fitted and indexed with the documents in another order, it finds the same ones.

    A fit that depends on its seed draws other numbers for documents in another order: it must find
        as many relevant ones. Any other must find the same documents, up to ties. Both are compared
        at the operating point that visits most, where the layout of the leaves matters least.
    """
    require_deterministic(subject)
    first, n = subject.first, subject.first.n_documents
    order = np.random.default_rng(0).permutation(n)
    task = permuted(copied(subject.task), order)
    other = Ready(subject.fitted(task), task)
    answer = other.answer(K)
    ids = np.where(answer.ids < 0, -1, order[answer.ids])
    row = differing_query(first.answer(K), SearchResult(ids, answer.scores), n)
    if row is None:
        return
    another_seed = subject.ready(seed=1).answer(K)
    if differing_query(first.answer(K), another_seed, n) is None:
        raise CheckFailed(
            f"query {row} got documents {shown(ids[row])}, not "
            f"{shown(first.answer(K).ids[row])}, once the corpus was in another order; an id is "
            "the document's place in the corpus that was indexed"
        )
    before, after = _quality(first), _quality(other)
    if after < before - QUALITY:
        raise CheckFailed(
            f"finds {100 * after:.0f} % of what is relevant once the corpus is in another order, "
            f"and {100 * before:.0f} % before; an id is the document's place in the corpus that "
            "was indexed"
        )


def _quality(ready: Ready) -> float:
    """The quality of the answers to the test queries, from 0 to 1."""
    rows = ready.queries().rows
    judged = ready.task.test.rows(rows)
    return judged.score(ready.answer(int(judged.depth.max())).ids)


def one_query_equals_a_batch(subject: Subject) -> None:
    """A query gets the same answer alone and in a batch, and visits as much on average."""
    ready = subject.first
    queries = ready.queries()
    for point, batch in ready.answers(K):
        visited = []
        for i in range(len(queries.rows)):
            one = slice(i, i + 1)
            alone = ready.ask(queries.part(one), K, point)
            together = SearchResult(batch.ids[one], batch.scores[one])
            if differing_query(together, alone, ready.n_documents) is not None:
                raise CheckFailed(
                    f"query {i} at {dict(point)} gets documents {shown(alone.ids[0])} alone and "
                    f"{shown(batch.ids[i])} among {len(queries.rows)}"
                )
            visited.append(ready.visited(alone)[0])
        # A library may count only for a whole batch.
        if not np.isclose(np.mean(visited), ready.visited(batch).mean(), rtol=1e-3):
            raise CheckFailed(
                f"queries at {dict(point)} visit {np.mean(visited):.2f} documents one by one and "
                f"{ready.visited(batch).mean():.2f} in a batch"
            )


def empty_and_non_latin_queries(subject: Subject) -> None:
    """Queries without words, or in any script, get an answer or none, and raise no error."""
    ready = subject.first
    own = ready.queries()
    if own.texts is None:
        raise NotApplicable("the task has no texts")
    for text in ODD_TEXTS:
        queries = Queries(own.rows[:1], own.names[:1], Strings.of([text]))
        try:
            ready.ask(queries, K, ready.points[-1])
        except Exception as error:
            raise CheckFailed(
                f"the query {text[:20]!r} raises {type(error).__name__}: {error}"
            ) from error
