"""poincare: one point of hyperbolic space for each node, by Riemannian gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.node_embeddings.distance import DistanceEmbedding

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer


@dataclass(frozen=True)
class Poincare(DistanceEmbedding):
    """Poincaré embeddings: a node is a point of hyperbolic space, near those it is relevant to.

    Nickel & Kiela, NeurIPS 2017 (arXiv 1705.08039): the loss is that of eq. 5, a softmax of minus
    the distances (eq. 1) of a pair and of its negatives, and the step that of eq. 4: the gradient
    is scaled by the metric and subtracted, and the point projected into the ball. ``model=lorentz``
    takes the step of Nickel & Kiela, ICML 2018 (arXiv 1806.03417, algorithm 1): along a geodesic of
    the hyperboloid; loss and distance are the same. Documents are ranked by distance, which is
    monotone in the Lorentzian inner product, so that every index can search it.

    Departures: a pair's negatives are all documents of a batch that are not relevant to its query,
    not ten of its own; a step takes the gradient of a batch, a node's divided by the sum of the
    slopes of its pairs if that is above 1; the rate falls on half a cosine. Training is in float64,
    and the points that are searched are float32.
    """

    version: ClassVar[str] = "poincare 1"
    geometry: ClassVar[str] = "lorentz"
    may_be_zero: ClassVar[tuple[str, ...]] = (*DistanceEmbedding.may_be_zero, "burn_in")
    shares: ClassVar[tuple[str, ...]] = ("burn_in",)
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"model": ("poincare", "lorentz")}

    lr: float = 1.0  # the longest move of a node in a step, in hyperbolic length
    model: str = "poincare"  # how a point moves: in the Poincaré ball, or on the hyperboloid
    burn_in: float = 0.1  # share of the steps at a tenth of the rate

    def new_table(self, n_nodes: int, generator: torch.Generator) -> torch.Tensor:
        """Points of the ball with coordinates from -0.001 to 0.001, as in the papers."""
        in_ball = super().new_table(n_nodes, generator)
        return 2 * in_ball  # free coordinates: near 0 they are twice those of the ball

    def loss(self) -> Loss:
        """The softmax of minus the distances."""
        from methods.node_embeddings.distance_softmax import HyperbolicSoftmax

        return HyperbolicSoftmax()

    def optimizer(self, table: torch.Tensor, steps: int) -> RowOptimizer:
        """Riemannian gradient descent in the model."""
        from methods.node_embeddings.hyperbolic import BallSGD, LorentzSGD

        kind = BallSGD if self.model == "poincare" else LorentzSGD
        return kind(table, int(self.burn_in * steps))

    def distances(self, u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """[n] hyperbolic distances."""
        from methods.node_embeddings.hyperbolic import distances

        return distances(u, v)

    def norms(self, rows: torch.Tensor) -> torch.Tensor:
        """[n] norms in the Poincaré ball."""
        from methods.node_embeddings.hyperbolic import norms

        return norms(rows)
