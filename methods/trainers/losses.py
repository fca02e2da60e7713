"""Softmax cross-entropy over a batch's documents, with its gradient written by hand.

One row of scores serves all the documents relevant to a query: the sum over them is taken before
the gradient is formed, so that a step costs the same for one relevant document of a query and for
thirty. The scores of a batch are passed over as few times as possible: once for each of the three
products and for the softmax, and twice for the largest of each row. Factors of rows are applied to
vectors instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import torch
from torch.nn.functional import softplus

from methods.device import product
from methods.trainers.optimizers import RowAdam

if TYPE_CHECKING:
    from methods.trainers.batches import Batch


LEAST, TINY = torch.finfo(torch.float32).min, torch.finfo(torch.float32).tiny


class Gradients(NamedTuple):
    """The mean loss over a batch's pairs and its gradients."""

    loss: torch.Tensor  # a scalar: reading its value waits for a GPU
    queries: torch.Tensor
    documents: torch.Tensor
    pulls: tuple[torch.Tensor, torch.Tensor] | None = None  # [r], [c] sums of absolute slopes


class Loss(Protocol):
    """A loss of one batch, of query vectors [r, d] and document vectors [c, d]."""

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """The mean loss and its gradients."""


class Temperature:
    """The factor of the scores: fixed, or learned with the vectors, by Adam on its logarithm.

    Attributes:
        value: the temperature.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("_optimizer",)

    def __init__(self, first: float, lr: float = 0.0) -> None:
        """Start at ``first``; ``lr`` is the learning rate of the logarithm, 0 for a fixed one."""
        self._first, self._lr = first, lr
        self._log = torch.tensor([[math.log(first)]])
        self._optimizer = RowAdam(self._log)

    @property
    def value(self) -> float:
        """The temperature now."""
        return math.exp(self._log.item()) if self._lr else self._first

    def step(self, q: torch.Tensor, of_queries: torch.Tensor) -> None:
        """Move against the slope of the loss, if the temperature is learned.

        A score is as proportional to the temperature as to its query's vector: the derivative by
        the logarithm of the temperature is the sum of vectors times gradients.

        Args:
            q: [r, d] vectors of queries.
            of_queries: [r, d] their gradient.
        """
        if self._lr:
            slope = (q * of_queries).sum().cpu()
            self._optimizer.step(torch.zeros(1, dtype=torch.int64), slope.view(1, 1), self._lr)


class _Softmax:
    """The base of both losses: a softmax over the rows of the score matrix."""

    checkpointed: ClassVar[tuple[str, ...]] = ("temperature",)

    def __init__(self, temperature: Temperature) -> None:
        self.temperature = temperature

    def _scores(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Scores times temperature, [r, c]."""
        return product(q * self.temperature.value, x)

    def _gradients(
        self,
        loss: torch.Tensor,
        shares: torch.Tensor,
        weights: torch.Tensor,
        vectors: tuple[torch.Tensor, torch.Tensor],
        n_pairs: int,
    ) -> Gradients:
        """The mean of a loss over pairs and its gradients.

        Args:
            loss: the sum over pairs.
            shares: [r, c] its derivatives by the scores, each row divided by the row's weight.
            weights: [r] the weights.
            vectors: those of queries [r, d] and of documents [c, d].
            n_pairs: number of pairs.
        """
        q, x = vectors
        scale = (weights * (self.temperature.value / n_pairs))[:, None]
        of_documents = product((q * scale).T, shares.T).T.contiguous()
        of_queries = product(shares, x.T) * scale
        self.temperature.step(q, of_queries)
        return Gradients(loss / n_pairs, of_queries, of_documents)


def _softmax(scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The softmax [r, c] of each row, and the log of its partition function [r].

    It takes the place of the scores: a new matrix on a CPU costs more in page faults than in sums.
    """
    top = scores.amax(1)
    shares = torch.softmax(scores, 1, out=scores)
    return shares, top - shares.amax(1).log()


class InBatchSoftmax(_Softmax):
    """Every document of the batch is a candidate for every query (the loss of arXiv 2509.16411).

    A query's other relevant documents are among its negatives, and a document that occurs in the
    batch n times counts n times: no false negative is masked and no frequency is corrected. One
    column with log n added to its score is the same loss as n columns.
    """

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """Mean over pairs of logsumexp(row) - score(pair)."""
        scores = self._scores(q, x)
        positive = scores.view(-1)[batch.pairs]
        shares, log_partition = _softmax(scores.add_(batch.log_counts))
        loss = (batch.weights * (log_partition[batch.pair_rows] - positive)).sum()
        row_weight = q.new_zeros(len(q)).index_add_(0, batch.pair_rows, batch.weights)
        shares.view(-1).index_add_(0, batch.pairs, -batch.weights / row_weight[batch.pair_rows])
        return self._gradients(loss, shares, row_weight, (q, x), len(batch.pairs))


class MaskedSoftmax(_Softmax):
    """Each relevant document against the documents that are *not* relevant to its query.

    The other relevant documents of the query are masked from its negatives. The batch must hold
    all relevant documents of its queries; each document counts once.
    """

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """Mean over pairs of softplus(z), z = logsumexp(row's irrelevant scores) - score(pair)."""
        scores = self._scores(q, x)
        flat = scores.view(-1)
        positive = flat[batch.pairs]
        # The largest irrelevant score alone is taken away: beside a relevant one far above them,
        # all the others would underflow, and a pair that is ranked wrongly would get no gradient.
        # A row without an irrelevant document, which minus infinity would make NaN, gets none.
        flat[batch.pairs] = LEAST
        shares, log_partition = _softmax(scores)
        z = log_partition[batch.pair_rows] - positive
        loss = (batch.weights * softplus(z)).sum()
        share = batch.weights * z.sigmoid()
        row_weight = q.new_zeros(len(q)).index_add_(0, batch.pair_rows, share)
        of_row = row_weight.clamp_min(TINY)[batch.pair_rows]
        shares.view(-1)[batch.pairs] = -share / of_row
        return self._gradients(loss, shares, row_weight, (q, x), len(batch.pairs))
