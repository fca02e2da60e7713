"""The margin of vectors under one threshold for all queries (arXiv 2509.16411, Theorem 3.1)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.task import Relevance
    from bench.types import Floats

ROWS = 512
"""Queries that are scored at once."""


def margin(queries: Floats, documents: Floats, relevance: Relevance) -> float:
    """The largest eps for which one threshold r parts all pairs, for vectors of length 1 at most.

    Relevant pairs score r + eps or more, others r - eps or less; r is halfway between the smallest
    relevant score and the largest other one. Vectors are scaled together, so that the longest query
    and the longest document have length 1.

    Args:
        queries: [n_queries, dim] vectors.
        documents: [n_documents, dim] vectors.
        relevance: the relevant documents of each query.

    Returns:
        eps, below 0 if no threshold parts them; infinite if every document is relevant to every
        query, or none is.
    """
    wide = documents.T.astype(np.float64)  # the product's own rounding is not to count
    least, most = math.inf, -math.inf
    for start in range(0, len(queries), ROWS):
        rows = np.arange(start, min(start + ROWS, len(queries)))
        part = relevance.rows(rows)
        scores = queries[rows].astype(np.float64) @ wide
        pairs = part.queries, part.documents
        least = min(least, scores[pairs].min(initial=math.inf))
        scores[pairs] = -math.inf
        most = max(most, scores.max(initial=-math.inf))
    longest = _longest(queries) * _longest(documents)
    return float((least - most) / (2 * longest))


def _longest(vectors: Floats) -> float:
    return float(np.linalg.norm(vectors.astype(np.float64), axis=1).max())
