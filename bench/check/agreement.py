"""Whether two answers are the same, or the same up to ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.method import SearchResult
    from bench.types import Bools, Floats, Ints

TIE = 1e-4
"""Difference of scores, relative to a query's largest, that rounding may cause."""


def differing_query(
    first: SearchResult, second: SearchResult, n_documents: int, *, exactly: bool = False
) -> int | None:
    """The first query whose answers differ, or None.

    Args:
        first: answers to n queries.
        second: other answers to the same queries.
        n_documents: number of documents in the corpus.
        exactly: whether tied documents must be the same too.

    Returns:
        Its row. Up to ties, a document may be in one answer only if its score is that of the
        answer's last document; a document in both answers has the same score in both.
    """
    if exactly:
        same = _trimmed_equal(first, second)
    else:
        same = _equal_up_to_ties(_dense(first, n_documents), _dense(second, n_documents))
    return None if same.all() else int(np.flatnonzero(~same)[0])


def returned(ids: Ints, n_documents: int) -> Bools:
    """[n, n_documents] whether each query got each document."""
    found = np.zeros((len(ids), n_documents + 1), bool)
    np.put_along_axis(found, np.where(ids < 0, n_documents, ids), values=True, axis=1)
    return found[:, :-1]


def _trimmed_equal(first: SearchResult, second: SearchResult) -> Bools:
    """[n] whether ids and scores are the same, number by number."""
    width = max(first.ids.shape[1], second.ids.shape[1])
    same: Bools = np.ones(len(first.ids), bool)
    for a, b, past in ((first.ids, second.ids, -1), (first.scores, second.scores, -np.inf)):
        same &= (_padded(a, width, past) == _padded(b, width, past)).all(axis=1)
    return same


def _padded(array: Ints | Floats, width: int, past: float) -> Floats:
    room = ((0, 0), (0, width - array.shape[1]))
    return np.pad(array.astype(np.float64), room, constant_values=past)


def _dense(answer: SearchResult, n_documents: int) -> Floats:
    """[n, n_documents] score of each document returned, NaN for the others."""
    scores = np.full((len(answer.ids), n_documents + 1), np.nan)
    places = np.where(answer.ids < 0, n_documents, answer.ids)
    np.put_along_axis(scores, places, answer.scores.astype(np.float64), axis=1)
    return scores[:, :-1]


def _equal_up_to_ties(a: Floats, b: Floats) -> Bools:
    """[n] whether two dense answers are the same up to ties."""
    in_a, in_b = ~np.isnan(a), ~np.isnan(b)
    finite = np.where(np.isfinite(a), np.abs(a), 0.0)
    tie = TIE * np.maximum(finite.max(axis=1, initial=0.0), 1e-6)[:, None]
    with np.errstate(invalid="ignore"):
        close = (a == b) | (np.abs(a - b) <= tie)
        # Other documents may take only the last places of an answer.
        last_a = np.where(in_a, a, np.inf).min(axis=1, initial=np.inf)[:, None]
        last_b = np.where(in_b, b, np.inf).min(axis=1, initial=np.inf)[:, None]
        tied = np.where(in_a, np.abs(a - last_a) <= tie, np.abs(b - last_b) <= tie)
    fine = np.where(in_a & in_b, close, ~(in_a | in_b) | tied)
    same: Bools = fine.all(axis=1) & (in_a.sum(axis=1) == in_b.sum(axis=1))
    return same
