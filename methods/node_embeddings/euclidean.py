"""euclidean-embedding: one free vector for each node, near those it is relevant to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.node_embeddings.distance import DistanceEmbedding

if TYPE_CHECKING:
    import torch

    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer


@dataclass(frozen=True)
class EuclideanEmbedding(DistanceEmbedding):
    """Euclidean embeddings: a node is a point of flat space, near those it is relevant to.

    The baseline of Nickel & Kiela, NeurIPS 2017 (arXiv 1705.08039), which arXiv 2509.16411 prints
    as WN-Euclidean: loss and score of pairs are those of ``poincare`` with d(u, v) = |u - v|^2, and
    a step is plain gradient descent. Documents are ranked by distance, which is a dot product in
    one more dimension, so that every index can search it.

    Departures: as in ``poincare``, a pair's negatives are all documents of a batch that are not
    relevant to its query; a node's gradient is divided by the sum of the slopes of its pairs if
    that is above 1; the rate falls on half a cosine. ``alpha`` is 0, and pairs of words are scored
    by distance alone: in flat space what is general does not come to lie nearer to the origin.
    """

    version: ClassVar[str] = "euclidean-embedding 1"
    geometry: ClassVar[str] = "euclidean"

    lr: float = 0.2  # at the first step; at 0.5 a node moves all the way to the mean of the others
    negatives: int = 256  # documents drawn from the whole corpus, beside those of the batch
    alpha: float = 0.0  # weight of the difference of norms in the score of a pair of words

    def loss(self) -> Loss:
        """The softmax of minus the squared distances."""
        from methods.node_embeddings.distance_softmax import DistanceSoftmax

        return DistanceSoftmax()

    def optimizer(self, table: torch.Tensor, steps: int) -> RowOptimizer:
        """Plain gradient descent."""
        from methods.trainers.optimizers import RowSGD

        return RowSGD(table)

    def distances(self, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[n] |u - v|^2."""
        return (u - v).square().sum(1)

    def norms(self, rows: torch.Tensor) -> torch.Tensor:
        """[n] lengths of rows."""
        lengths: torch.Tensor = rows.norm(dim=1)
        return lengths
