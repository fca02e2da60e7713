"""A table encoder: one free vector for each query and each document, apart from one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from bench.types import Ints


@dataclass
class TableEncoder:
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

    def copy(self) -> TableEncoder:
        """A copy that can be trained on without changing this one."""
        return TableEncoder(self.queries.clone(), self.documents.clone(), self.cosine)

    def encode_queries(self, rows: Ints) -> torch.Tensor:
        """Vectors as they are searched with, [n, dim]."""
        return self._scaled(self.queries[torch.tensor(rows)])

    def encode_documents(self) -> torch.Tensor:
        """Vectors as they are indexed, [n_documents, dim]."""
        return self._scaled(self.documents)

    def _scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(vectors) if self.cosine else vectors
