"""The base of trainers: hyper-parameters, and a function from training pairs to an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Params, Progress, Workspace
    from bench.task import Queries, Training
    from bench.types import Floats, Ints
    from methods.encoders.base import Encoder


@dataclass(frozen=True)
class Trainer(Hyperparameters, ABC):
    """Learns an encoder; its fields are its hyper-parameters.

    Attributes:
        learns_tree: whether the encoder comes with a tree that routes its vectors.
        takes_vectors: whether it uses vectors that the task gives, without change.
        by_dot_product: whether dot products rank its vectors as its score does.
    """

    learns_tree: ClassVar[bool] = False
    takes_vectors: ClassVar[bool] = False
    by_dot_product: ClassVar[bool] = True

    @classmethod
    def defaults_given(cls, stated: Params, *, texts: bool) -> Params:  # noqa: ARG003
        """Defaults that depend on other parameters; see ``Method.defaults_given``."""
        return {}

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
        """Learn an encoder.

        Args:
            data: training pairs and validation; names, texts or vectors of both sides.
            start: the encoder of ``first_stage``, if there is one; or None.
            workspace: the cache, the device, and the place of a checkpoint.
            seed: the seed of every random choice.
            progress: a function to be called with (done, total) now and then.
        """

    def load(self, folder: Path, workspace: Workspace) -> Encoder | None:
        """The encoder that ``Encoder.save`` wrote, if its class is the trainer's own; or None."""
        return None

    def score(self, encoder: Encoder, queries: Queries, documents: Ints) -> Floats:
        """[n] scores of single pairs: those that rank documents, if it has no others."""
        return encoder.score(queries, documents)

    def first_stage(self, data: Training) -> tuple[str, Trainer] | None:
        """Name and trainer of the encoder that this one starts from, or None."""
        return None

    def skip(self, data: Training) -> str | None:
        """The reason why this trainer cannot learn from ``data``, or None."""
        return None

    def reads(self) -> str | None:
        """The name of its text encoder, or None."""
        return None
