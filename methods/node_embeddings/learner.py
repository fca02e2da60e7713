"""A table of nodes during its training."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from methods.device import moved_together
from methods.encoders.geometry import to_rows, to_vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from methods.encoders.table import TableEncoder
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients
    from methods.trainers.optimizers import RowOptimizer


class NodeLearner:
    """Trains one row for each node; the encoder's documents are the same rows in another order."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_optimizer", "_documents")

    def __init__(
        self,
        encoder: TableEncoder,
        nodes: torch.Tensor,
        optimizer: Callable[[torch.Tensor], RowOptimizer],
        device: torch.device,
    ) -> None:
        """Train on a device.

        Args:
            encoder: the encoder whose tables are moved to the device and changed in place.
            nodes: [n] the node of each document, each node once.
            optimizer: a function that makes the optimiser of the table.
            device: the device of tables, moments and losses.
        """
        encoder.place(device)
        self._table, self._documents = encoder.queries, encoder.documents
        self._geometry = encoder.geometry
        self._nodes = nodes.to(device)
        self._document_of = torch.argsort(self._nodes)
        self._device = device
        self._optimizer = optimizer(self._table)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of the batch's queries and documents."""
        queries, documents = (each.long() for each in moved_together(batch[:2], self._device))
        self._places = queries, self._nodes[documents]
        self._rows = self._table[self._places[0]], self._table[self._places[1]]
        q, x = self._rows
        self._vectors = (
            to_vectors(q, self._geometry, queries=True),
            to_vectors(x, self._geometry, queries=False),
        )
        return self._vectors

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move the nodes of the batch against the sum of their gradients as query and document.

        Where the loss gives its pulls, a node's gradient is divided by the sum of those on it, if
        that is above 1: pairs of the same node that come one after another, in stochastic descent,
        each see where the last one left it.
        """
        both = [
            to_rows(gradient, rows, vectors, self._geometry, queries=queries)
            for gradient, rows, vectors, queries in zip(
                gradients[1:3], self._rows, self._vectors, (True, False), strict=True
            )
        ]
        places, inverse = torch.unique(torch.cat(self._places), return_inverse=True)
        summed = both[0].new_zeros(len(places), both[0].shape[1])
        summed.index_add_(0, inverse, torch.cat(both))
        if gradients.pulls is not None:
            pulls = summed.new_zeros(len(places)).index_add_(0, inverse, torch.cat(gradients.pulls))
            summed /= pulls.clamp_min(1)[:, None]
        self._optimizer.step(places, summed, rate)
        self._documents[self._document_of[places]] = self._table[places]
