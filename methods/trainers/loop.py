"""The training loop of every trainer of tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from bench.method import Progress
    from methods.encoders.table import TableEncoder
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer


def train_tables(
    encoder: TableEncoder,
    batches: Iterator[Batch],
    loss: Loss,
    optimizer: Callable[[torch.Tensor], RowOptimizer],
    *,
    steps: int,
    lr: float,
    progress: Progress,
    after_step: Callable[[int], bool] | None = None,
) -> None:
    """Train both tables in place; the learning rate falls to 0 along half a cosine.

    Args:
        encoder: its tables are changed.
        batches: at least ``steps`` of them.
        loss: of a batch, with gradients.
        optimizer: makes the optimiser of one table.
        steps: number of batches.
        lr: learning rate at the first step.
        progress: called every 50 steps.
        after_step: given the number of steps done; training ends when it returns True.
    """
    query_optimizer = optimizer(encoder.queries)
    document_optimizer = optimizer(encoder.documents)
    for step in range(steps):
        batch = next(batches)
        q, query_length = _vectors(encoder.queries, batch.queries, cosine=encoder.cosine)
        x, document_length = _vectors(encoder.documents, batch.documents, cosine=encoder.cosine)
        gradients = loss(q, x, batch)
        rate = lr * (1 + math.cos(math.pi * step / steps)) / 2
        query_gradient = _through_scaling(gradients.queries, q, query_length)
        document_gradient = _through_scaling(gradients.documents, x, document_length)
        query_optimizer.step(batch.queries, query_gradient, rate)
        document_optimizer.step(batch.documents, document_gradient, rate)
        if step % 50 == 0:
            progress(step, steps)
        if after_step is not None and after_step(step + 1):
            break
    progress(steps, steps)


def _vectors(
    table: torch.Tensor, rows: torch.Tensor, *, cosine: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Rows of a table as they are scored, and their lengths [n, 1] where they were divided by."""
    vectors = table[rows]
    if not cosine:
        return vectors, None
    length = vectors.norm(dim=1, keepdim=True).clamp_min_(1e-12)
    return vectors.div_(length), length


def _through_scaling(
    gradient: torch.Tensor, unit: torch.Tensor, length: torch.Tensor | None
) -> torch.Tensor:
    """The gradient before vectors were scaled to length 1: what lies along them is lost."""
    if length is None:
        return gradient
    along = (gradient * unit).sum(1, keepdim=True)
    return gradient.addcmul_(along, unit, value=-1).div_(length)
