"""Trains the head of a hyperbolic text encoder by automatic differentiation, with AdamW."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

if TYPE_CHECKING:
    from bench.task import Training
    from bench.types import Floats, Ints
    from methods.encoders.hyperbolic_text import HyperbolicText
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients


class PointLearner:
    """Gives the free coordinates of a batch's points, and takes their gradients."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_head", "_optimizer")

    def __init__(self, encoder: HyperbolicText, data: Training) -> None:
        """``data``: the training data with the texts of the batches' rows."""
        if data.query_texts is None or data.document_texts is None:
            raise ValueError("a text encoder is trained on texts")
        self._head = encoder.head
        self._optimizer = torch.optim.AdamW(self._head.parameters(), fused=True)
        self._documents = encoder.frozen.prepare(data.document_texts)
        self._asked: Ints = np.arange(len(data.query_texts))
        self._queries = self._documents
        if data.query_texts is not data.document_texts:  # no test query is read
            self._asked = data.relevance.answered
            self._queries = encoder.frozen.prepare(data.query_texts.take(self._asked))

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Points of the batch, detached from their gradient."""
        asked = self._asked.searchsorted(batch.queries.numpy())
        self._q = self._head(_rows(self._queries, asked))
        self._x = self._head(_rows(self._documents, batch.documents.numpy()))
        return self._q.detach(), self._x.detach()

    def step(self, gradients: Gradients, rate: float) -> None:
        """Propagate the points' gradients to the weights and move them."""
        self._optimizer.zero_grad()
        torch.autograd.backward([self._q, self._x], [gradients.queries, gradients.documents])
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()


def _rows(table: Floats, rows: Ints) -> torch.Tensor:
    return torch.from_numpy(np.array(table[rows], np.float32))
