"""The training loop of every trainer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.method import Progress
    from methods.encoders.base import Learner
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Loss


def train_encoder(
    learner: Learner,
    batches: Iterator[Batch],
    loss: Loss,
    *,
    steps: int,
    lr: float,
    progress: Progress,
    after_step: Callable[[int], bool] | None = None,
    decay: bool = True,
) -> None:
    """Train an encoder in place.

    Args:
        learner: gives the vectors of a batch and takes their gradients.
        batches: at least ``steps`` of them.
        loss: of a batch, with gradients.
        steps: number of batches.
        lr: learning rate at the first step.
        progress: called every 50 steps.
        after_step: given the number of steps done; training ends when it returns True.
        decay: whether the learning rate falls to 0 along half a cosine, or stays.

    Raises:
        InputError: the loss is not a number, and no checkpoint was kept.
    """
    for step in range(steps):
        batch = next(batches)
        gradients = loss(*learner.vectors(batch), batch)
        if after_step is None and math.isnan(gradients.loss):  # else the best checkpoint is kept
            raise InputError(f"the loss is nan at step {step + 1}; lower lr")
        learner.step(gradients, lr * (1 + math.cos(math.pi * step / steps)) / 2 if decay else lr)
        if step % 50 == 0:
            progress(step, steps)
        if after_step is not None and after_step(step + 1):
            break
    progress(steps, steps)
