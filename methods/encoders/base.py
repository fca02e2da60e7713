"""What an encoder is to its trainer, to an index and to the disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from bench.task import Corpus, Queries, Strings
    from bench.types import Floats, Ints
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients


class Learner(Protocol):
    """An encoder while it is trained."""

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Query [r, dim] and document [c, dim] vectors of a batch, as they are scored."""

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move against the gradients of the vectors that were just given out."""


class Encoder(ABC):
    """Turns queries and documents into vectors that are scored by dot product."""

    @abstractmethod
    def encode_queries(self, queries: Queries) -> Floats:
        """Vectors as they are searched with, [n, dim] float32."""

    @abstractmethod
    def encode_documents(self, texts: Strings | None) -> Floats:
        """Vectors as they are indexed, [n_documents, dim] float32; float16 if kept so on disk.

        Args:
            texts: of all documents, or None where the task has none.
        """

    def encode_corpus(self, corpus: Corpus) -> Floats:
        """Vectors as they are indexed, [n_documents, dim]: those of its texts, or its own."""
        return self.encode_documents(corpus.texts)

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """[n] scores of single pairs."""
        raise NotImplementedError("this encoder does not score single pairs")

    def settle(self) -> None:  # noqa: B027 - of most encoders nothing is looked up in a search
        """Training has ended: what a search looks up moves to the CPU, where it is searched."""

    @abstractmethod
    def copy(self) -> Encoder:
        """A copy that can be trained on without changing this one."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned; never a pickle."""
