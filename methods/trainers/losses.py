"""Softmax cross-entropy over a batch's documents, with its gradient written by hand.

One row of scores serves all the documents relevant to a query: the sum over them is taken before
    the gradient is formed, so that a step costs the same for one relevant document of a query and
    for thirty. The gradient written by hand keeps the [rows, columns] matrix in one reused buffer;
    with automatic differentiation most of a step on a CPU is page faults on new temporaries.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import torch
from torch.nn.functional import softplus

if TYPE_CHECKING:
    from methods.trainers.batches import Batch


class Gradients(NamedTuple):
    """The mean loss over a batch's pairs and its gradients."""

    loss: torch.Tensor  # a scalar: reading its value waits for a GPU
    queries: torch.Tensor
    documents: torch.Tensor


class Loss(Protocol):
    """A loss of one batch, of query vectors [r, d] and document vectors [c, d]."""

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """The mean loss and its gradients."""


class _Softmax:
    """The base of both losses: temperature and the reused score matrix."""

    checkpointed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self._buffer = torch.empty(0)

    def _scores(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Scores times temperature, [r, c], in the reused buffer."""
        shape = len(q), len(x)
        if self._buffer.numel() < shape[0] * shape[1] or self._buffer.device != q.device:
            self._buffer = q.new_empty(shape[0] * shape[1])
        scores = self._buffer[: shape[0] * shape[1]].view(shape)
        return torch.mm(q * self.temperature, x.T, out=scores)

    def _gradients(
        self, loss: torch.Tensor, d_scores: torch.Tensor, q: torch.Tensor, x: torch.Tensor, n: int
    ) -> Gradients:
        scale = self.temperature / n
        return Gradients(loss / n, d_scores @ (x * scale), d_scores.T @ (q * scale))


class InBatchSoftmax(_Softmax):
    """Every document of the batch is a candidate for every query (the loss of arXiv 2509.16411).

    A query's other relevant documents are among its negatives, and a document that occurs in the
    batch n times counts n times: no false negative is masked and no frequency is corrected. One
    column with log n added to its score is the same loss as n columns.
    """

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """Mean over pairs of logsumexp(row) - score(pair)."""
        scores = self._scores(q, x)
        flat = scores.view(-1)
        positive = flat[batch.pairs]
        scores += batch.log_counts
        top = scores.amax(1, keepdim=True)
        scores.sub_(top).exp_()
        partition = scores.sum(1)
        log_partition = partition.log() + top[:, 0]
        loss = (batch.weights * (log_partition[batch.pair_rows] - positive)).sum()
        row_weight = q.new_zeros(len(q)).index_add_(0, batch.pair_rows, batch.weights)
        scores *= (row_weight / partition)[:, None]
        flat.index_add_(0, batch.pairs, -batch.weights)
        return self._gradients(loss, scores, q, x, len(batch.pairs))


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
        flat[batch.pairs] = -math.inf
        top = scores.amax(1, keepdim=True).clamp_min_(torch.finfo(scores.dtype).min)
        scores.sub_(top).exp_()
        partition = scores.sum(1).clamp_min_(1)  # as it is, unless all candidates are relevant
        z = (partition.log() + top[:, 0])[batch.pair_rows] - positive
        loss = (batch.weights * softplus(z)).sum()
        share = batch.weights * z.sigmoid()
        row_weight = q.new_zeros(len(q)).index_add_(0, batch.pair_rows, share)
        scores *= (row_weight / partition)[:, None]
        flat[batch.pairs] = -share
        return self._gradients(loss, scores, q, x, len(batch.pairs))
