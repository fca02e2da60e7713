"""Batches of queries with all their relevant documents, drawn without a loop over pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch

from methods.device import moved, moved_together

if TYPE_CHECKING:
    from collections.abc import Callable

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
        negatives: [2, r, c] whether each document is a negative of each query, for the triplets of
            vectors and for the paths of a tree; None: every document that is in none of its pairs.
    """

    queries: torch.Tensor
    documents: torch.Tensor
    log_counts: torch.Tensor
    pairs: torch.Tensor
    pair_rows: torch.Tensor
    weights: torch.Tensor
    negatives: torch.Tensor | None = None

    def scored_on(self, device: torch.device) -> Batch:
        """The same batch, with the arrays that losses read on a device; the rows stay here."""
        there = Batch(self.queries, self.documents, *moved_together(self[2:6], device))
        if self.negatives is None:
            return there
        return there._replace(negatives=moved(self.negatives, device))


class Batches:
    """Batches, forever, of query rows in random order, each row at most once an epoch.

    The rest of an epoch, less than ``size``, is dropped.

    Attributes:
        per_epoch: number of batches of an epoch.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("_rng", "_order", "_place")

    def __init__(
        self,
        relevance: Relevance,
        size: int,
        rng: np.random.Generator,
        make: Callable[[Ints], Batch | None],
    ) -> None:
        """Draw the rows of queries with an answer.

        Args:
            relevance: the training pairs.
            size: queries of a batch; all of them, where they are fewer.
            rng: the random numbers of the order; ``make`` may draw from it too.
            make: the batch of some query rows; None: the next rows are taken.
        """
        self._answered = relevance.answered
        self._size = min(size, len(self._answered))
        self._rng = rng
        self._make = make
        self._order: Ints = self._answered[:0]
        self._place = 0
        self.per_epoch = max(1, len(self._answered) // max(1, self._size))

    def __iter__(self) -> Batches:
        """Itself."""
        return self

    def __next__(self) -> Batch:
        """The next batch."""
        batch = None
        while batch is None:
            if self._place + self._size > len(self._order):
                self._order, self._place = self._rng.permutation(self._answered), 0
            self._place += self._size
            batch = self._make(self._order[self._place - self._size : self._place])
        return batch


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
