"""Hyperbolic space: distances, and Riemannian gradient descent.

A point is a row of d free coordinates s of the hyperboloid, whose last one is sqrt(1 + |s|^2); in
the Poincaré ball it is s / (1 + sqrt(1 + |s|^2)).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch

LARGEST_NORM = 1 - 1e-5
"""Norm in the ball beyond which points are projected back: arXiv 1705.08039, eq. 4."""
SLOWER = 10
"""The rate is divided by it during burn-in, as in the paper."""


def last_of(rows: torch.Tensor) -> torch.Tensor:
    """[n, 1] the last coordinate of points [n, d]."""
    return (1 + (rows * rows).sum(1, keepdim=True)).sqrt_()


def distances(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """[n] hyperbolic distances of points [n, d] and [n, d], float64."""
    cosh = (last_of(u) * last_of(v)).squeeze(1) - (u * v).sum(1)
    return torch.acosh(cosh.clamp_min(1))


def norms(rows: torch.Tensor) -> torch.Tensor:
    """[n] norms in the Poincaré ball of points [n, d]."""
    found: torch.Tensor = torch.linalg.vector_norm(in_ball(rows), dim=1)
    return found


def in_ball(rows: torch.Tensor) -> torch.Tensor:
    """[n, d] the points in the Poincaré ball."""
    return rows / (1 + last_of(rows))


class _RiemannianSGD(ABC):
    """The base of both descents: the rate of burn-in, and the end of the ball."""

    checkpointed: ClassVar[tuple[str, ...]] = ("table", "steps")

    def __init__(self, table: torch.Tensor, burn_in: int = 0) -> None:
        """Move rows of a table; the rate of the first ``burn_in`` steps is a tenth."""
        self.table = table
        self.burn_in = burn_in
        self.steps = 0

    def step(self, rows: torch.Tensor, gradient: torch.Tensor, lr: float) -> None:
        """Move ``rows`` [n] (distinct) against the ``gradient`` [n, d] by free coordinates."""
        self.steps += 1
        rate = lr / SLOWER if self.steps <= self.burn_in else lr
        point = self._moved(self.table.index_select(0, rows), gradient, rate)
        point *= (LARGEST_NORM / point.norm(dim=1, keepdim=True)).clamp_max_(1)
        moved = 2 * point / (1 - (point * point).sum(1, keepdim=True))
        self.table.index_copy_(0, rows, moved)

    @abstractmethod
    def _moved(self, rows: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        """The points in the ball after a move, before they are projected back."""


class LorentzSGD(_RiemannianSGD):
    """Along geodesics of the hyperboloid: arXiv 1806.03417, algorithm 1, eq. 9 and 10.

    In free coordinates the inverse of the metric is I + s s^T.
    """

    def _moved(self, rows: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        tangent = gradient + rows * (rows * gradient).sum(1, keepdim=True)
        length = (tangent * gradient).sum(1, keepdim=True).clamp_min_(1e-30).sqrt_()
        way = rate * length
        return in_ball(torch.cosh(way) * rows - torch.sinh(way) * tangent / length)


class BallSGD(_RiemannianSGD):
    """In the Poincaré ball: arXiv 1705.08039, eq. 3 and 4.

    The gradient by the point p of the ball is 2 g / (1 - |p|^2) + 4 p (p . g) / (1 - |p|^2)^2 where
    g is that by free coordinates, and the inverse of the metric is (1 - |p|^2)^2 / 4.
    """

    def _moved(self, rows: torch.Tensor, gradient: torch.Tensor, rate: float) -> torch.Tensor:
        p = in_ball(rows)
        within = 1 - (p * p).sum(1, keepdim=True)
        return p - rate * (within / 2 * gradient + p * (p * gradient).sum(1, keepdim=True))
