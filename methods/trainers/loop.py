"""The training loop of every trainer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from bench.errors import InputError
from methods.device import denormals_as_zero, training_precision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.method import Checkpoint, Progress
    from methods.encoders.base import Learner
    from methods.trainers.batches import Batches
    from methods.trainers.losses import Loss


LOOK_EVERY = 50
"""Losses that are read together: reading one waits for the GPU that computes it."""


class LossWatch:
    """Finds the first loss that is no number, and the step of it.

    On the CPU each loss is read at once.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("_seen",)

    def __init__(self, is_fine: Callable[[float], bool], lower: str) -> None:
        """``lower``: the names of the parameters that a user might lower."""
        self._is_fine, self._lower = is_fine, lower
        self._waiting: list[torch.Tensor] = []
        self._seen = 0

    def add(self, loss: torch.Tensor) -> None:
        """Add the loss of the next step.

        Raises:
            InputError: this loss, or one before it, is not fine.
        """
        self._waiting.append(loss)
        if loss.device.type == "cpu" or len(self._waiting) == LOOK_EVERY:
            self.look()

    def look(self) -> None:
        """Read the losses that were not read yet.

        Raises:
            InputError: one of them is not fine.
        """
        values = torch.stack(self._waiting).tolist() if self._waiting else []
        self._waiting = []
        for value in values:
            self._seen += 1
            if not self._is_fine(value):
                raise InputError(f"the loss is {value} at step {self._seen}; lower {self._lower}")


def train_encoder(
    learner: Learner,
    batches: Batches,
    loss: Loss,
    *,
    steps: int,
    lr: float,
    progress: Progress,
    checkpoint: Checkpoint,
    after_step: Callable[[int], bool] | None = None,
    changed: Mapping[str, object] | None = None,
    decay: bool = True,
    lower: str = "lr",
) -> None:
    """Train an encoder in place.

    Args:
        learner: gives the vectors of a batch and takes their gradients.
        batches: the batches, one a step.
        loss: a function from a batch to its loss and gradients.
        steps: number of batches.
        lr: learning rate at the first step.
        progress: called every 50 steps.
        checkpoint: keeps all that training changes; one that was cut goes on from there.
        after_step: called with the number of steps done; training ends if it returns True.
        changed: the objects that ``after_step`` changes, by name.
        decay: whether the learning rate falls to 0 on half a cosine, or stays.
        lower: the name of the parameter to lower where the loss is not a number.

    Raises:
        InputError: the loss is not a number.
    """
    watch = LossWatch(lambda value: not math.isnan(value), lower)
    state: dict[str, Any] = {
        "step": 0,
        "learner": learner,
        "batches": batches,
        "loss": loss,
        "watch": watch,
        **(changed or {}),
    }
    checkpoint.restore(state)
    with training_precision(), denormals_as_zero():
        for step in range(state["step"], steps):
            batch = next(batches)
            q, x = learner.vectors(batch)
            gradients = loss(q, x, batch.scored_on(q.device))
            watch.add(gradients.loss)
            rate = lr * (1 + math.cos(math.pi * step / steps)) / 2 if decay else lr
            learner.step(gradients, rate)
            if step % 50 == 0:
                progress(step, steps)
            if after_step is not None and after_step(step + 1):
                break
            state["step"] = step + 1
            checkpoint.keep(state)
    watch.look()
    progress(steps, steps)
