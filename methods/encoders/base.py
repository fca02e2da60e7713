"""The base of encoders: training, encoding, and saving."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from bench.method import Code
    from bench.task import Corpus, Queries, Strings
    from bench.types import Floats, Ints
    from methods.encoders.similarity import Similarity
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients


class Learner(Protocol):
    """An encoder during its training."""

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Query [r, dim] and document [c, dim] vectors of a batch, in the form that is scored."""

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move against the gradients of the vectors that ``vectors`` returned last."""


class Encoder(ABC):
    """Turns queries and documents into vectors that are scored by dot product.

    Attributes:
        similarity: the score of vectors that are compared otherwise, or None.
    """

    similarity: Similarity | None = None

    @abstractmethod
    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim] float32 vectors to search with."""

    @abstractmethod
    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim] float32 vectors to index; float16 if they are kept so on disk.

        Args:
            texts: the texts of all documents, or None if the task has none.
        """

    def encode_corpus(self, corpus: Corpus) -> Floats:
        """[n_documents, dim] vectors to index: of its texts, or those that it comes with."""
        return self.encode_documents(corpus.texts)

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """[n] scores of single pairs."""
        raise NotImplementedError("this encoder does not score single pairs")

    def settle(self) -> None:  # noqa: B027 - most encoders read nothing during a search
        """End the training: tables that a search reads move to the CPU."""

    @abstractmethod
    def copy(self) -> Encoder:
        """A copy whose training does not change this one."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the learned weights; never a pickle."""

    @abstractmethod
    def export(self, folder: Path) -> Code:
        """Write files that libraries read, and give the definition of ``encode``."""
