"""The two losses of HiT over a batch, and its negatives that are siblings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from methods.trainers.losses import Gradients

if TYPE_CHECKING:
    from bench.task import Relevance
    from bench.types import Ints
    from methods.trainers.batches import Batch

LEAST = 1 + 1e-6
"""Least hyperbolic cosine: at 1 its inverse has no slope."""


@dataclass(frozen=True)
class HiTLoss:
    """Clustering and centripetal triplets, in a ball of curvature -1/dim.

    The losses of HiT (arXiv 2401.11374, section "Hyperbolic Losses"). Of a query e, a document e+
    above it and one e- that is not: max(0, d(e, e+) - d(e, e-) + alpha) and
    max(0, |e+| - |e| + beta). All documents of the batch that are not relevant to the query serve
    as e-, and the first term is the mean over triplets that are not yet far enough apart.

    Attributes:
        cluster_margin, centri_margin: alpha and beta.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ()

    cluster_margin: float
    centri_margin: float

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """The sum of both terms and its gradients by the free coordinates of the points."""
        scale = q.shape[1] ** 0.5
        with torch.enable_grad():
            u, v = q.detach().requires_grad_(), x.detach().requires_grad_()
            last_u, last_v = ((1 + (each * each).sum(1)).sqrt() for each in (u, v))
            cosh = last_u[:, None] * last_v - u @ v.T
            distance = scale * torch.acosh(cosh.clamp_min(LEAST))
            positive = batch.weights > 0
            rows, pairs = batch.pair_rows[positive], batch.pairs[positive]
            apart = distance.flatten().index_fill(0, batch.pairs, float("inf")).view_as(distance)
            near = distance.flatten()[pairs]
            hinges = (near[:, None] - apart[rows] + self.cluster_margin).clamp_min(0)
            loss = hinges.sum() / (hinges > 0).sum().clamp_min(1)
            norm_u, norm_v = (
                scale * torch.acosh(each.clamp_min(LEAST)) for each in (last_u, last_v)
            )
            above = norm_v[pairs % len(v)] - norm_u[rows] + self.centri_margin
            loss = loss + above.clamp_min(0).mean()
            of_u, of_v = torch.autograd.grad(loss, (u, v))
        return Gradients(loss.detach(), of_u, of_v)


class Siblings:
    """The children of the parents of nodes, by the training pairs at distance 1."""

    def __init__(self, relevance: Relevance) -> None:
        direct = relevance.where(relevance.distances == 1)
        order = np.argsort(direct.documents, kind="stable")
        self._children = direct.queries[order]
        self._ends = np.searchsorted(direct.documents[order], np.arange(relevance.n_documents + 1))

    def drawn(self, parents: Ints, n: int, rng: np.random.Generator) -> Ints:
        """[at most n] children of parents that are drawn from some, a child of each."""
        chosen = rng.choice(parents, n) if len(parents) else parents
        begin, size = self._ends[chosen], np.diff(self._ends)[chosen]
        found: Ints = self._children[begin + (rng.random(len(chosen)) * size).astype(np.int64)]
        return found
