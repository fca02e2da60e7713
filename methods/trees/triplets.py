"""A training step's triplets as EHI's Algorithm 1 draws them (arXiv 2310.08891)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from methods.trainers.batches import Batch

if TYPE_CHECKING:
    from bench.task import Relevance
    from bench.types import Ints


def make_triplets(
    queries: Ints,
    relevant: Relevance,
    hard: tuple[Ints, Ints],
    anywhere: Ints,
    rng: np.random.Generator,
) -> Batch:
    """One relevant document of each query (d_i), and the negatives of each.

    The documents drawn for other queries (d_j) are negatives in all terms, except those that are
    relevant to the query too. A hard negative (h_i) is one of its own query's vector alone.

    Args:
        queries: [r] query rows, each with a relevant document.
        relevant: all pairs of these queries, with rows in the same order.
        hard: [n] places of queries in the batch, and [n] a hard negative of each.
        anywhere: documents that are negatives as the d_j are.
        rng: the random numbers that choose among a query's relevant documents.
    """
    n = len(queries)
    chosen = (rng.random(n) * relevant.counts).astype(np.int64)
    shared = np.concatenate([relevant.documents[relevant.indptr[:-1] + chosen], anywhere])
    places, own = hard
    documents, columns, counts = np.unique(
        np.concatenate([shared, own]), return_inverse=True, return_counts=True
    )
    negatives = np.zeros((2, n, len(documents)), bool)
    negatives[:, :, columns[: len(shared)]] = True
    negatives[0, places, columns[len(shared) :]] = True
    here = np.isin(relevant.documents, documents)
    of_relevant = np.searchsorted(documents, relevant.documents[here])
    negatives[:, relevant.queries[here], of_relevant] = False
    rows = np.arange(n)
    return Batch(
        torch.from_numpy(queries),
        torch.from_numpy(documents),
        torch.from_numpy(np.log(counts, dtype=np.float32)),
        torch.from_numpy(rows * len(documents) + columns[:n]),
        torch.from_numpy(rows),
        torch.ones(n),
        torch.from_numpy(negatives),
    )
