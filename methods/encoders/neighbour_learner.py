"""Trains an encoder with neighbours: its head by AdamW, its free vectors row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from methods.encoders.neighbours import Near, document_vectors, is_trained
from methods.trainers.optimizers import RowRMSProp

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Training
    from bench.types import Floats, Ints
    from methods.encoders.neighbours import NeighbourEncoder
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients

_VERSION = 1
"""Version of the cached neighbours; raise it when they change."""
TABLE_RATE = 50.0
"""Learning rate of the free vectors, over that of the head: the length of a move."""
DROPPED = 0.3
"""Share of a batch's documents without their free vector, as those that no pair names have none."""
SEED = 7
"""Of the documents that are dropped; batches have the seed of the training."""


class NeighbourLearner:
    """Learns by automatic differentiation, touching only the rows of a batch."""

    checkpointed: ClassVar[tuple[str, ...]] = (
        "_head",
        "_optimizer",
        "_values",
        "_documents",
        "_rng",
    )

    def __init__(self, encoder: NeighbourEncoder, data: Training) -> None:
        """``data``: the training data with the texts of the batches' rows."""
        if data.document_texts is None:
            raise ValueError("a text encoder is trained on texts")
        self._encoder, self._head = encoder, encoder.head
        self._asked = data.relevance.answered
        self._texts = encoder.frozen.prepare(data.document_texts)
        self._trained = torch.from_numpy(is_trained(data))
        self._near = Near.of(*_others(encoder, data))
        self._optimizer = torch.optim.AdamW(self._head.parameters(), fused=True)
        self._values = RowRMSProp(encoder.values)
        self._documents = RowRMSProp(encoder.documents)
        self._rng = np.random.default_rng(SEED)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Unit vectors of the batch, detached from their gradient."""
        places = self._asked.searchsorted(batch.queries.numpy())
        used, inverse = np.unique(self._near.ids[places], return_inverse=True)
        self._used = torch.from_numpy(used)
        self._of_values = self._encoder.values[self._used].requires_grad_()
        taken = self._of_values[torch.from_numpy(inverse.reshape(len(places), -1))]
        mean = (self._near.weights[torch.from_numpy(places)][:, :, None] * taken).sum(1)
        self._q = self._head(_rows(self._encoder.keys, places), mean)
        self._rows = batch.documents.long()
        self._of_documents = self._encoder.documents[self._rows].requires_grad_()
        kept = torch.from_numpy(self._rng.random((len(self._rows), 1)) >= DROPPED)
        own = _rows(self._texts, batch.documents.numpy())
        self._x = document_vectors(own, self._of_documents * kept)
        return self._q.detach(), self._x.detach()

    def step(self, gradients: Gradients, rate: float) -> None:
        """Propagate the vectors' gradients and move the head, then the free vectors."""
        self._optimizer.zero_grad()
        torch.autograd.backward([self._q, self._x], [gradients.queries, gradients.documents])
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        known = self._trained[self._rows]  # those of no pair stay 0
        if self._of_values.grad is None or self._of_documents.grad is None:
            raise ValueError("the loss gave no gradient")
        self._values.step(self._used, self._of_values.grad, rate * TABLE_RATE)
        gradient = self._of_documents.grad[known]
        self._documents.step(self._rows[known], gradient, rate * TABLE_RATE)


def _rows(table: Floats, rows: Ints) -> torch.Tensor:
    return torch.from_numpy(np.array(table[rows], np.float32))


def _others(encoder: NeighbourEncoder, data: Training) -> tuple[Floats, Ints]:
    """Cosines and numbers of each training query's neighbours, itself left out; computed once."""
    workspace = encoder.frozen.workspace
    if workspace.cache is None or data.query_texts is None:
        return _without_self(encoder)

    def write(folder: Path) -> None:
        cosines, ids = _without_self(encoder)
        np.save(folder / "cosines.npy", cosines)
        np.save(folder / "ids.npy", ids)

    texts = data.query_texts.take(data.relevance.answered)
    place = encoder.frozen.encoder.place_of("neighbours", _VERSION, texts)
    folder = workspace.made_once(place, write, "neighbours of training queries")
    return np.load(folder / "cosines.npy"), np.load(folder / "ids.npy")


def _without_self(encoder: NeighbourEncoder) -> tuple[Floats, Ints]:
    """[n, k] each, by exact search: as many dot products as there are pairs of queries."""
    cosines, ids = encoder.nearest(encoder.keys, more=1)
    own = ids == np.arange(len(ids))[:, None]
    own[~own.any(1), -1] = True  # among so many equal texts its own place is not the first
    shape = len(ids), ids.shape[1] - 1
    return cosines[~own].reshape(shape), ids[~own].reshape(shape)
