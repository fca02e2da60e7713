"""Checks of the share of the corpus that a method reports as visited."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.check.agreement import returned
from bench.check.subject import CheckFailed, K, NotApplicable
from bench.errors import MethodError

if TYPE_CHECKING:
    from bench.check.subject import Subject

ROUNDING = 1e-6


def larger_budget_never_visits_less(subject: Subject) -> None:
    """Operating points are in order of cost: each visits at least as much as the one before."""
    ready = subject.first
    if len(ready.points) == 1:
        raise NotApplicable("it has one operating point")
    means = [ready.visited(answer).mean() for _, answer in ready.answers(K)]
    for number in range(1, len(means)):
        if means[number] < means[number - 1] - ROUNDING:
            raise CheckFailed(
                f"{dict(ready.points[number])} visits {means[number]:.2f} documents, fewer than "
                f"{means[number - 1]:.2f} at {dict(ready.points[number - 1])} before it; "
                "operating_points() must be in order of cost, cheapest first"
            )


def visited_at_most_the_corpus(subject: Subject) -> None:
    """A query visits no more documents than exist."""
    ready = subject.first
    if not ready.method.scores_documents:
        raise NotApplicable("it scores no document")
    for point, answer in ready.answers(K):
        most = ready.visited(answer).max()
        if most > ready.n_documents + ROUNDING:
            raise CheckFailed(
                f"says at {dict(point)} that a query visited {most:g} of {ready.n_documents} "
                "documents"
            )


def leaves_contain_what_is_returned(subject: Subject) -> None:
    """The documents that it returns lie in the leaves that it reports as probed."""
    ready = subject.first
    if ready.meter is None:
        raise NotApplicable("it has no leaves")
    for point, answer in ready.answers(K):
        if answer.leaves is None:
            raise CheckFailed("partition() names leaves, but search() does not say which it probed")
        try:
            ready.meter.count(answer.leaves, answer.ids)
        except MethodError as error:
            raise CheckFailed(f"at {dict(point)} {error}") from error


def k_of_the_corpus_returns_what_was_visited(subject: Subject) -> None:
    """Asked for k = N it returns exactly the documents that it visits when asked for a few.

    The visits of a method cannot be seen from outside. But a method that visits more than it
    reports finds more than that when it is asked for all.
    """
    ready, n = subject.first, subject.first.n_documents
    if not ready.method.scores_documents:
        raise NotApplicable("it scores no document")
    for number, (point, few) in enumerate(ready.answers(K)):
        everything = ready.answer(n, number)
        # A count above the size of the corpus fails another check.
        admitted = np.minimum(ready.visited(few), n)
        found = returned(everything.ids, n).sum(axis=1)
        wrong = np.flatnonzero(np.abs(found - admitted) > ROUNDING)
        if len(wrong):
            row = wrong[0]
            raise CheckFailed(
                f"query {row} at {dict(point)} visits {admitted[row]:g} documents by its count, "
                f"but asked for all {n} it returns {found[row]}"
            )
        if ready.meter is not None and few.leaves is not None:
            try:
                ready.meter.count(few.leaves, everything.ids)
            except MethodError as error:
                raise CheckFailed(
                    f"asked for all {n} documents at {dict(point)} {error}"
                ) from error
