"""A closed form in four dimensions: documents on the trigonometric moment curve.

Its points are the vertices of a cyclic polytope in which every two of them make an edge, so that
exact arithmetic holds all pairs of any number of documents (Gale 1963; for k documents in 2k
dimensions arXiv 2601.20844). Documents have one length, and so the cosine holds them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studies.geometry.dimensions import next_dimension, smallest

if TYPE_CHECKING:
    from bench.types import Floats, Ints

DIM = 4
MOST = 2048


def documents(n: int) -> Floats:
    """[n, 4] float32, the points cos t, sin t, cos 2t, sin 2t at n even steps of a turn."""
    t = _turns(n)
    points = np.stack([np.cos(t), np.sin(t), np.cos(2 * t), np.sin(2 * t)], 1)
    return points.astype(np.float32)


def queries(first: Ints, second: Ints, n: int) -> Floats:
    """[m, 4] float32, the queries for m pairs of documents.

    The score at t is -(1 - cos(t - a))(1 - cos(t - b)) and a constant: 0 at both documents, and
    less at all others.
    """
    a, b = _turns(n)[first], _turns(n)[second]
    terms = [np.cos(a) + np.cos(b), np.sin(a) + np.sin(b), -np.cos(a + b) / 2, -np.sin(a + b) / 2]
    return np.stack(terms, 1).astype(np.float32)


def holds(n: int) -> bool:
    """Whether float32 puts both documents of every pair before all others.

    Turned by a step, the curve is itself: pairs with document 0 stand for all in exact arithmetic.
    All are looked at, as they are rounded differently.
    """
    points = documents(n)
    for first in range(n - 1):
        second = np.arange(first + 1, n)
        scores = queries(np.full(len(second), first), second, n) @ points.T
        rows = np.arange(len(second))
        least = np.minimum(scores[:, first], scores[rows, second])
        scores[:, first] = scores[rows, second] = -np.inf
        if not (least > scores.max(1)).all():
            return False
    return True


def critical() -> int:
    """The largest n that is held, found by doubling and halving."""
    failed: dict[int, bool] = {}
    while (n := next_dimension(failed, DIM, MOST)) is not None:
        failed[n] = not holds(n)
    return (smallest(failed) or MOST + 1) - 1


def _turns(n: int) -> Floats:
    turns: Floats = 2 * np.pi * np.arange(n) / n
    return turns
