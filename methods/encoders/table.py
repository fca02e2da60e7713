"""A table encoder: one free vector for each query and one for each document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from methods.device import moved_together
from methods.encoders.base import Encoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.task import Queries, Strings
    from bench.types import Floats, Ints
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients
    from methods.trainers.optimizers import RowOptimizer

FILE = "table.safetensors"


@dataclass
class TableEncoder(Encoder):
    """Two lookup tables, scored by dot product or by cosine.

    Attributes:
        queries: [n_queries, dim] float32.
        documents: [n_documents, dim] float32.
        cosine: whether vectors are scaled to length 1 before they are compared.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("queries", "documents")

    queries: torch.Tensor
    documents: torch.Tensor
    cosine: bool

    @classmethod
    def random(
        cls, n_queries: int, n_documents: int, dim: int, *, cosine: bool, seed: int
    ) -> TableEncoder:
        """Independent normal entries of variance 1/dim, so that vectors have length about 1."""
        generator = torch.Generator().manual_seed(seed)
        queries = torch.randn(n_queries, dim, generator=generator) / dim**0.5
        documents = torch.randn(n_documents, dim, generator=generator) / dim**0.5
        return cls(queries, documents, cosine)

    @classmethod
    def load(cls, folder: Path) -> TableEncoder:
        """The tables that ``save`` wrote."""
        with safe_open(folder / FILE, "pt") as tables:
            return cls(
                tables.get_tensor("queries"),
                tables.get_tensor("documents"),
                tables.metadata()["cosine"] == "True",
            )

    def save(self, folder: Path) -> None:
        """Write both tables."""
        tables = {"queries": self.queries, "documents": self.documents}
        save_file(tables, folder / FILE, {"cosine": str(self.cosine)})

    def settle(self) -> None:
        """Bring both tables to the CPU."""
        self.place(torch.device("cpu"))

    def place(self, device: torch.device) -> None:
        """Move both tables to a device."""
        self.queries, self.documents = self.queries.to(device), self.documents.to(device)

    def copy(self) -> TableEncoder:
        """A copy whose training does not change this one."""
        return TableEncoder(self.queries.clone(), self.documents.clone(), self.cosine)

    def encode_queries(self, queries: Queries) -> Floats:
        """Rows of the queries' table, [n, dim]."""
        vectors: Floats = self._scaled(_rows(self.queries, queries.rows)).cpu().numpy()
        return vectors

    def encode_documents(self, texts: Strings | None) -> Floats:
        """The documents' table, [n_documents, dim]."""
        vectors: Floats = self._scaled(self.documents).cpu().numpy()
        return vectors

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """Dot products or cosines of n pairs, [n]."""
        q = self._scaled(_rows(self.queries, queries.rows))
        x = self._scaled(_rows(self.documents, documents))
        scores: Floats = (q * x).sum(1).cpu().numpy()
        return scores

    def _scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(vectors) if self.cosine else vectors


def _rows(table: torch.Tensor, rows: Ints) -> torch.Tensor:
    return table[torch.tensor(rows, device=table.device)]


class TableLearner:
    """Trains both tables, touching only the rows of a batch."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_query_optimizer", "_document_optimizer")

    def __init__(
        self,
        encoder: TableEncoder,
        optimizer: Callable[[torch.Tensor], RowOptimizer],
        device: torch.device,
    ) -> None:
        """Train on a device.

        Args:
            encoder: the encoder whose tables are moved to the device and changed in place.
            optimizer: a function that makes the optimiser of one table.
            device: the device of tables, moments and losses.
        """
        encoder.place(device)
        self._encoder = encoder
        self._device = device
        self._query_optimizer = optimizer(encoder.queries)
        self._document_optimizer = optimizer(encoder.documents)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of both tables, scaled to length 1 if the encoder does so."""
        rows = moved_together(batch[:2], self._device)
        self._queries, self._documents = (each.long() for each in rows)
        self._q, self._query_length = self._scored(self._encoder.queries, self._queries)
        self._x, self._document_length = self._scored(self._encoder.documents, self._documents)
        return self._q, self._x

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move the rows of the batch."""
        query_gradient = _through_scaling(gradients.queries, self._q, self._query_length)
        document_gradient = _through_scaling(gradients.documents, self._x, self._document_length)
        self._query_optimizer.step(self._queries, query_gradient, rate)
        self._document_optimizer.step(self._documents, document_gradient, rate)

    def _scored(
        self, table: torch.Tensor, rows: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Rows in the form that is scored, and their lengths [n, 1] if divided by them."""
        vectors = table.index_select(0, rows)
        if not self._encoder.cosine:
            return vectors, None
        length = vectors.norm(dim=1, keepdim=True).clamp_min_(1e-12)
        return vectors.div_(length), length


def _through_scaling(
    gradient: torch.Tensor, unit: torch.Tensor, length: torch.Tensor | None
) -> torch.Tensor:
    """The gradient before vectors were scaled to length 1: the part along them is lost."""
    if length is None:
        return gradient
    along = (gradient * unit).sum(1, keepdim=True)
    return gradient.addcmul_(along, unit, value=-1).div_(length)
