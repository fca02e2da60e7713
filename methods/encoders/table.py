"""A table encoder: one free vector for each query and one for each document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from bench.method import Code
from methods.device import moved_together
from methods.encoders.base import Encoder
from methods.encoders.geometry import to_rows, to_vectors
from methods.encoders.similarity import SIMILARITIES, Similarity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.task import Queries, Strings
    from bench.types import Floats, Ints
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Gradients
    from methods.trainers.optimizers import RowOptimizer

FILE = "table.safetensors"
QUERIES = "queries.safetensors"
ENCODE = f'''
QUERIES = load_file(HERE / "{QUERIES}")["queries"]
ROWS = {{}}
for names in reversed(pq.read_table(HERE / "queries.parquet").columns):  # a name before a label
    ROWS |= {{name: row for row, name in enumerate(names.to_pylist())}}


def encode(queries):
    """[n, dim] vectors of queries, which are names, or labels that no other query has."""
    return QUERIES[[ROWS[name] for name in queries]]
'''
IMPORTS = ("import pyarrow.parquet as pq", "from safetensors.numpy import load_file")


@dataclass
class TableEncoder(Encoder):
    """Two lookup tables.

    Attributes:
        queries: [n_queries, dim] float32.
        documents: [n_documents, dim] float32.
        geometry: how rows become vectors; see ``methods.encoders.geometry``.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("queries", "documents")

    queries: torch.Tensor
    documents: torch.Tensor
    geometry: str

    @property
    def similarity(self) -> Similarity | None:  # type: ignore[override]
        """The score of a geometry that is no dot product, or None."""
        return SIMILARITIES.get(self.geometry)

    @classmethod
    def random(
        cls, n_queries: int, n_documents: int, dim: int, *, geometry: str, seed: int
    ) -> TableEncoder:
        """Independent normal entries of variance 1/dim, so that vectors have length about 1."""
        generator = torch.Generator().manual_seed(seed)
        queries = torch.randn(n_queries, dim, generator=generator) / dim**0.5
        documents = torch.randn(n_documents, dim, generator=generator) / dim**0.5
        return cls(queries, documents, geometry)

    @classmethod
    def load(cls, folder: Path) -> TableEncoder:
        """The tables that ``save`` wrote."""
        with safe_open(folder / FILE, "pt") as tables:
            return cls(
                tables.get_tensor("queries"),
                tables.get_tensor("documents"),
                tables.metadata()["geometry"],
            )

    def save(self, folder: Path) -> None:
        """Write both tables."""
        tables = {"queries": self.queries, "documents": self.documents}
        save_file(tables, folder / FILE, {"geometry": self.geometry})

    def export(self, folder: Path) -> Code:
        """Write the vectors of all queries."""
        vectors = to_vectors(self.queries, self.geometry, queries=True).cpu().contiguous()
        save_file({"queries": vectors}, folder / QUERIES, {"geometry": self.geometry})
        return Code(ENCODE, IMPORTS, ("safetensors",))

    def settle(self) -> None:
        """Bring both tables to the CPU."""
        self.place(torch.device("cpu"))

    def place(self, device: torch.device) -> None:
        """Move both tables to a device."""
        self.queries, self.documents = self.queries.to(device), self.documents.to(device)

    def copy(self) -> TableEncoder:
        """A copy whose training does not change this one."""
        return TableEncoder(self.queries.clone(), self.documents.clone(), self.geometry)

    def encode_queries(self, queries: Queries) -> Floats:
        """Vectors of queries, [n, dim] or [n, dim + 1]."""
        vectors: Floats = self._query_vectors(queries).cpu().numpy()
        return vectors

    def encode_documents(self, texts: Strings | None) -> Floats:
        """Vectors of all documents, [n_documents, dim] or [n_documents, dim + 1]."""
        vectors: Floats = to_vectors(self.documents, self.geometry, queries=False).cpu().numpy()
        return vectors

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """Dot products of the vectors of n pairs, or their similarity, [n]."""
        q = self._query_vectors(queries)
        x = to_vectors(_rows(self.documents, documents), self.geometry, queries=False)
        similarity = self.similarity
        scores = (q * x).sum(1) if similarity is None else similarity(q.T, x.T)
        found: Floats = scores.cpu().numpy()
        return found

    def _query_vectors(self, queries: Queries) -> torch.Tensor:
        return to_vectors(_rows(self.queries, queries.rows), self.geometry, queries=True)


def _rows(table: torch.Tensor, rows: Ints) -> torch.Tensor:
    return table[torch.tensor(rows, device=table.device)]


class TableLearner:
    """Trains both tables, touching only the rows of a batch."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_queries", "_documents")

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
        self._device = device
        self._queries = _Table(encoder.queries, optimizer, encoder.geometry, queries=True)
        self._documents = _Table(encoder.documents, optimizer, encoder.geometry, queries=False)

    def vectors(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Vectors of the rows of both tables."""
        queries, documents = (each.long() for each in moved_together(batch[:2], self._device))
        return self._queries.vectors(queries), self._documents.vectors(documents)

    def step(self, gradients: Gradients, rate: float) -> None:
        """Move the rows of the batch."""
        self._queries.step(gradients.queries, rate)
        self._documents.step(gradients.documents, rate)


class _Table:
    """A table during its training."""

    checkpointed: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(
        self,
        table: torch.Tensor,
        optimizer: Callable[[torch.Tensor], RowOptimizer],
        geometry: str,
        *,
        queries: bool,
    ) -> None:
        self._table = table
        self._geometry, self._of_queries = geometry, queries
        self.optimizer = optimizer(table)

    def vectors(self, places: torch.Tensor) -> torch.Tensor:
        """The vectors of the rows at distinct ``places`` [n], int64."""
        self._places = places
        self._rows = self._table.index_select(0, places)
        self._vectors = to_vectors(self._rows, self._geometry, queries=self._of_queries)
        return self._vectors

    def step(self, gradient: torch.Tensor, rate: float) -> None:
        """Move the rows that ``vectors`` was called with last against the vectors' gradient."""
        of_rows = to_rows(
            gradient, self._rows, self._vectors, self._geometry, queries=self._of_queries
        )
        self.optimizer.step(self._places, of_rows, rate)
