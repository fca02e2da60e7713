"""order-embedding: a document is relevant if it lies below the query in each dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.node_embeddings.trainer import NodeTrainer

if TYPE_CHECKING:
    import torch

    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer


@dataclass(frozen=True)
class OrderEmbedding(NodeTrainer):
    """Order embeddings: points without negative coordinates; what is general lies near 0.

    Vendrov, Kiros, Fidler & Urtasun, ICLR 2016 (arXiv 1511.06361): the penalty of a pair is
    E = |max(0, document - query)|^2 (eq. 2), and the loss that of eq. 3: E of relevant pairs, and
    max(0, margin - E) of the others. Documents whose penalty is equal, such as all those of penalty
    0, are ranked by number or at random.

    Departures: the negatives of a query are all documents of a batch that are not relevant to it,
    with ``negative_weight`` for their mean, where the paper corrupts either side of each pair once.
    """

    version: ClassVar[str] = "order-embedding 1"
    geometry: ClassVar[str] = "order"
    by_dot_product: ClassVar[bool] = False

    steps: int = 10_000  # the most
    patience: int = 3  # validations without a better one before training stops; 0: never
    lr: float = 0.1  # at the first step, of lazy Adam
    margin: float = 1.0  # penalty that an irrelevant pair has at least
    negative_weight: float = 30.0  # weight of the mean over irrelevant pairs; 1 as printed

    def new_table(self, n_nodes: int, generator: torch.Generator) -> torch.Tensor:
        """Normal entries of variance 1/dim; their absolute values are the points."""
        import torch

        points = torch.randn(n_nodes, self.dim, generator=generator)
        return points.div_(self.dim**0.5)

    def loss(self) -> Loss:
        """The max-margin loss."""
        from methods.encoders.similarity import order
        from methods.node_embeddings.pair_loss import PairLoss

        def penalty(scores: torch.Tensor) -> torch.Tensor:
            return (self.margin + scores).clamp_min(0)

        return PairLoss(order, penalty, self.negative_weight)

    def optimizer(self, table: torch.Tensor, steps: int) -> RowOptimizer:
        """Adam, as in the paper, of the rows of a batch."""
        from methods.trainers.optimizers import RowAdam

        return RowAdam(table)
