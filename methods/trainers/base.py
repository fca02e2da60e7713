"""What a trainer is: hyper-parameters, and a way from training pairs to an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder


@dataclass(frozen=True)
class Trainer(Hyperparameters, ABC):
    """Learns an encoder; its fields are its hyper-parameters.

    Attributes:
        learns_tree: whether the encoder comes with a tree that routes its vectors.
        takes_vectors: whether it leaves vectors that the task gives as they are.
    """

    learns_tree: ClassVar[bool] = False
    takes_vectors: ClassVar[bool] = False

    @abstractmethod
    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train on ``data``, from ``start`` where there is a first stage."""

    def first_stage(self, data: Training) -> tuple[str, Trainer] | None:
        """Name and trainer of the encoder that this one goes on from, or None."""
        return None

    def skip(self, data: Training) -> str | None:
        """Why this trainer cannot learn from ``data``, or None."""
        return None

    def reads(self) -> str | None:
        """The text encoder that it reads texts with, or None."""
        return None
