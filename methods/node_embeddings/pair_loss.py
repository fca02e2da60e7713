"""The loss of scores that are no dot product: relevant pairs high, the others low, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from methods.encoders.similarity import table_of
from methods.trainers.losses import Gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from methods.encoders.similarity import Similarity
    from methods.trainers.batches import Batch


class PairLoss:
    """The mean of minus the scores of relevant pairs, and the mean over the others of a penalty.

    The gradient is PyTorch's own.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        similarity: Similarity,
        penalty: Callable[[torch.Tensor], torch.Tensor],
        weight: float,
    ) -> None:
        """Train by a score.

        Args:
            similarity: the score, at most 0.
            penalty: the loss of scores of pairs that are not relevant.
            weight: weight of the mean penalty.
        """
        self._similarity, self._penalty, self._weight = similarity, penalty, weight

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """The loss of a batch that holds all relevant documents of its queries."""
        q, x = q.detach().requires_grad_(), x.detach().requires_grad_()
        scores = table_of(self._similarity, q, x).flatten()
        others = torch.ones_like(scores, dtype=torch.bool)
        others[batch.pairs] = False
        relevant = (batch.weights * -scores[batch.pairs]).sum() / batch.weights.sum()
        irrelevant = torch.where(others, self._penalty(scores), 0).sum() / others.sum().clamp_min(1)
        loss = relevant + self._weight * irrelevant
        of_queries, of_documents = torch.autograd.grad(loss, (q, x))
        return Gradients(loss.detach(), of_queries, of_documents)
