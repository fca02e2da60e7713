"""The softmax of minus distances: arXiv 1705.08039, eq. 5, in flat and in hyperbolic space."""

from __future__ import annotations

import torch

from methods.trainers.losses import Gradients, MaskedSoftmax, Temperature

NEAREST = 1e-12
"""The least of cosh(distance) - 1 that has a slope: at a distance of 0 it is infinite."""


class DistanceSoftmax(MaskedSoftmax):
    """Softmax of minus the squared Euclidean distance.

    Query and document vectors are those of the geometry ``euclidean``, whose product is minus the
    squared distance and a number of the query's own, which no softmax of its row depends on.
    """

    def __init__(self) -> None:
        super().__init__(Temperature(1.0))

    def _scores(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Products of vectors, [r, c]."""
        return q @ x.T

    def _by_product(self, slopes: torch.Tensor) -> torch.Tensor:
        """The derivatives by the products of vectors, [r, c], from those by the scores."""
        return slopes

    def _gradients(
        self,
        loss: torch.Tensor,
        shares: torch.Tensor,
        weights: torch.Tensor,
        vectors: tuple[torch.Tensor, torch.Tensor],
        n_pairs: int,
    ) -> Gradients:
        """The mean loss of pairs, and the gradients of its *sum*, with the pulls."""
        q, x = vectors
        slopes = shares.mul_(weights[:, None])
        pulls = slopes.abs()
        by_product = self._by_product(slopes)
        return Gradients(
            loss / n_pairs, by_product @ x, by_product.T @ q, (pulls.sum(1), pulls.sum(0))
        )


class HyperbolicSoftmax(DistanceSoftmax):
    """Softmax of minus the hyperbolic distance.

    Query and document vectors are those of the geometry ``lorentz``, whose product is minus the
    cosh of the distance.
    """

    def _scores(self, q: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Minus distances, [r, c]."""
        self._cosh = (-(q @ x.T)).clamp_min_(1 + NEAREST)
        return -torch.acosh(self._cosh)

    def _by_product(self, slopes: torch.Tensor) -> torch.Tensor:
        """The derivative of the distance by its cosh is 1 / sinh."""
        return slopes.div_((self._cosh * self._cosh - 1).sqrt_())
