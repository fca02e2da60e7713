"""The base of embeddings that rank documents by distance, and score pairs of words by norms too."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from methods.node_embeddings.trainer import NodeTrainer

if TYPE_CHECKING:
    import torch

    from bench.task import Queries
    from bench.types import Floats, Ints
    from methods.encoders.base import Encoder
    from methods.encoders.table import TableEncoder


@dataclass(frozen=True)
class DistanceEmbedding(NodeTrainer):
    """The base of both embeddings of Nickel & Kiela, NeurIPS 2017 (arXiv 1705.08039).

    Pairs of words are scored by -(1 + alpha (|v| - |u|)) d(u, v), as in the section on entailment:
    what is general lies near the origin.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = (*NodeTrainer.may_be_zero, "alpha")

    negatives: int = 0  # documents drawn from the whole corpus, beside those of the batch
    alpha: float = 1000.0  # weight of the difference of norms in the score of a pair of words

    def new_table(self, n_nodes: int, generator: torch.Generator) -> torch.Tensor:
        """Coordinates from -0.001 to 0.001, as in the paper."""
        import torch

        points = torch.rand(n_nodes, self.dim, generator=generator, dtype=torch.float64)
        return (points - 0.5) * 0.002

    @abstractmethod
    def distances(self, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[n] distances of rows [n, d] and [n, d], float64."""

    @abstractmethod
    def norms(self, rows: torch.Tensor) -> torch.Tensor:
        """[n] norms of the points of rows [n, d], float64."""

    def score(self, encoder: Encoder, queries: Queries, documents: Ints) -> Floats:
        """-(1 + alpha (|v| - |u|)) d(u, v) of pairs of a query u and a document v, [n]."""
        import torch

        tables = cast("TableEncoder", encoder)
        u = tables.queries[torch.tensor(queries.rows)].double()
        v = tables.documents[torch.tensor(documents)].double()
        steeper = 1 + self.alpha * (self.norms(v) - self.norms(u))
        scores: Floats = (-steeper * self.distances(u, v)).numpy()
        return scores
