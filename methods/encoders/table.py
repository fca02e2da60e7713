"""A table encoder: one free vector for each query and each document, apart from one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file

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

    def copy(self) -> TableEncoder:
        """A copy that can be trained on without changing this one."""
        return TableEncoder(self.queries.clone(), self.documents.clone(), self.cosine)

    def encode_queries(self, queries: Queries) -> Floats:
        """Rows of the queries' table, [n, dim]."""
        vectors: Floats = self._scaled(self.queries[torch.tensor(queries.rows)]).numpy()
        return vectors

    def encode_documents(self, texts: Strings | None) -> Floats:
        """The documents' table, [n_documents, dim]."""
        vectors: Floats = self._scaled(self.documents).numpy()
        return vectors

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """Dot products or cosines of n pairs, [n]."""
        q = self._scaled(self.queries[torch.tensor(queries.rows)])
        scores: Floats = (q * self._scaled(self.documents[torch.tensor(documents)])).sum(1).numpy()
        return scores

    def _scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(vectors) if self.cosine else vectors


class TableLearner:
    """Trains both tables in place, touching only the rows of a batch."""

    def __init__(
        self, encoder: TableEncoder, optimizer: Callable[[torch.Tensor], RowOptimizer]
    ) -> None:
        """``optimizer`` makes the optimiser of one table."""
        self._encoder = encoder
        self._query_optimizer = optimizer(encoder.queries)
        self._document_optimizer = optimizer(encoder.documents)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of both tables, scaled to length 1 where the encoder does so."""
        self._batch = batch
        self._q, self._query_length = self._rows(self._encoder.queries, batch.queries)
        self._x, self._document_length = self._rows(self._encoder.documents, batch.documents)
        return self._q, self._x

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move the rows of the batch."""
        query_gradient = _through_scaling(gradients.queries, self._q, self._query_length)
        document_gradient = _through_scaling(gradients.documents, self._x, self._document_length)
        self._query_optimizer.step(self._batch.queries, query_gradient, rate)
        self._document_optimizer.step(self._batch.documents, document_gradient, rate)

    def _rows(
        self, table: torch.Tensor, rows: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Rows as they are scored, and their lengths [n, 1] where they were divided by."""
        vectors = table[rows]
        if not self._encoder.cosine:
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
