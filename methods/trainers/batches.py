"""Batches of queries with all their relevant documents, drawn without a loop over pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from methods.device import moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.task import Relevance
    from bench.types import Ints


class Batch(NamedTuple):
    """The input of one training step.

    Attributes:
        queries: [r] query rows.
        documents: [c] distinct document rows, the columns of the score matrix.
        log_counts: [c] log of how often each document occurs in the batch.
        pairs: [p] places of the relevant pairs in the flattened [r, c] score matrix.
        pair_rows: [p] the row of each pair.
        weights: [p] weight of each pair in the loss.
    """

    queries: torch.Tensor
    documents: torch.Tensor
    log_counts: torch.Tensor
    pairs: torch.Tensor
    pair_rows: torch.Tensor
    weights: torch.Tensor

    def scored_on(self, device: torch.device) -> Batch:
        """The same batch, with the arrays that losses read on a device; the rows stay here."""
        return Batch(
            self.queries,
            self.documents,
            *(moved(part, device) for part in self[2:]),
        )


def query_chunks(relevance: Relevance, size: int, rng: np.random.Generator) -> Iterator[Ints]:
    """Query rows, ``size`` at a time, forever: in random order, each at most once an epoch.

    The rest of an epoch, less than ``size``, is dropped.
    """
    answered = relevance.answered
    size = min(size, len(answered))
    while True:
        order = rng.permutation(answered)
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]


def make_batch(
    queries: Ints,
    relevant: Relevance,
    *,
    negatives: Ints | None = None,
    self_weight: float = 1.0,
) -> Batch:
    """Lay out the score matrix of a batch.

    Args:
        queries: [r] query rows.
        relevant: the pairs of these queries, with rows in the same order.
        negatives: additional documents to score.
        self_weight: weight of pairs at distance 0.
    """
    drawn = relevant.documents
    if negatives is not None:
        drawn = np.concatenate([drawn, negatives])
    documents, column, counts = np.unique(drawn, return_inverse=True, return_counts=True)
    rows = relevant.queries.astype(np.int64)
    weights = np.where(relevant.distances == 0, np.float32(self_weight), np.float32(1))
    return Batch(
        torch.from_numpy(queries),
        torch.from_numpy(documents),
        torch.from_numpy(np.log(counts, dtype=np.float32)),
        torch.from_numpy(rows * len(documents) + column[: len(rows)]),
        torch.from_numpy(rows),
        torch.from_numpy(weights),
    )
