"""box-embedding: a document is relevant if its box holds the query's box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.node_embeddings.trainer import NodeTrainer

if TYPE_CHECKING:
    import torch

    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer

NEVER_CERTAIN = -1e-6
"""The largest log-probability of an irrelevant pair whose loss has a slope."""


@dataclass(frozen=True)
class BoxEmbedding(NodeTrainer):
    """Box embeddings: a box for each node; the score is the share of the query's in the document's.

    The boxes of Vilnis, Li, Murty & McCallum (ACL 2018, arXiv 1805.06627), smoothed as by Li,
    Vilnis, Zhang, Boratko & McCallum (ICLR 2019, "Smoothing the geometry of probabilistic box
    embeddings"): P(document | query) is the volume of the intersection over that of the query, a
    volume is the product of the softplus of the sides, and the loss is the cross-entropy of P with
    1 for relevant pairs and 0 for the others. Boxes may overlap in any way, so that one lies within
    two parents. A box of ``dim`` dimensions is ``2 dim`` numbers.

    Departures: boxes are not kept within a unit cube; the negatives of a query are all documents of
    a batch that are not relevant to it, with ``negative_weight`` for their mean.
    """

    version: ClassVar[str] = "box-embedding 1"
    geometry: ClassVar[str] = "box"
    by_dot_product: ClassVar[bool] = False

    steps: int = 5000  # the most
    patience: int = 3  # validations without a better one before training stops; 0: never
    lr: float = 0.1  # at the first step, of lazy Adam
    negative_weight: float = 30.0  # weight of the mean over irrelevant pairs
    scale: float = 1.0  # standard deviation of corners, and side, of boxes before training

    def new_table(self, n_nodes: int, generator: torch.Generator) -> torch.Tensor:
        """Boxes with normal corners and equal sides."""
        import torch

        corners = torch.randn(n_nodes, self.dim, generator=generator) * self.scale
        sides = torch.full_like(corners, self.scale).expm1().log()  # the inverse of softplus
        return torch.cat([corners, sides], 1)

    def loss(self) -> Loss:
        """The cross-entropy of P(document | query)."""
        from methods.encoders.similarity import box
        from methods.node_embeddings.pair_loss import PairLoss

        def penalty(log_p: torch.Tensor) -> torch.Tensor:
            return -(-log_p.clamp_max(NEVER_CERTAIN).expm1()).log()

        return PairLoss(box, penalty, self.negative_weight)

    def optimizer(self, table: torch.Tensor, steps: int) -> RowOptimizer:
        """Adam, of the rows of a batch."""
        from methods.trainers.optimizers import RowAdam

        return RowAdam(table)
