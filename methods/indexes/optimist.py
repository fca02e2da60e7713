"""Optimist: leaves ranked by a bound on their largest inner product with the query."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from bench.errors import InputError
from methods.indexes.routed_leaves import RoutedLeaves

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

SCORED = 1 << 25
"""Scores of leaves held in memory at once."""


class Moments(NamedTuple):
    """Mean and covariance of the documents of each leaf, the covariance as a sketch.

    The sketch of a covariance S with the diagonal D is D^½ (I + Σ w v vᵀ) D^½, summed over the
    ``rank`` largest eigenvalues w of D^-½ S D^-½ - I and their eigenvectors v. With all of them it
    is exact.

    Attributes:
        means: [nlist, dim]; the vector 0 for a leaf without documents.
        variances: [nlist, dim] the diagonals D.
        directions: [rank, nlist, dim] the vectors sqrt(w) D^½ v.
        factor: factor of a standard deviation in the bound, sqrt((1 + delta) / (1 - delta)).
    """

    means: Floats
    variances: Floats
    directions: Floats
    factor: float

    @classmethod
    def of(cls, documents: Floats, leaf: Ints, nlist: int, *, rank: int, delta: float) -> Moments:
        """The moments of documents [n_documents, dim] in leaves [n_documents]."""
        dim = documents.shape[1]
        means, variances = np.zeros((2, nlist, dim), np.float32)
        directions = np.zeros((rank, nlist, dim), np.float32)
        order = np.argsort(leaf, kind="stable")
        ends = np.bincount(leaf, minlength=nlist).cumsum()
        for number, members in enumerate(np.split(order, ends[:-1])):
            if not len(members):
                continue
            vectors = documents[members]
            means[number] = vectors.mean(axis=0)
            vectors = (vectors - means[number]) / math.sqrt(len(members))
            variances[number] = (vectors**2).sum(axis=0)
            if not rank:
                continue
            deviations = np.sqrt(variances[number])
            whitened = vectors / np.where(deviations > 0, deviations, 1)
            _, singular, rows = np.linalg.svd(whitened, full_matrices=False)
            weights = np.sqrt(np.maximum(singular[:rank] ** 2 - 1, 0))
            directions[: len(weights), number] = weights[:, None] * rows[:rank] * deviations
        return cls(means, variances, directions, math.sqrt((1 + delta) / (1 - delta)))

    @property
    def dot_products(self) -> int:
        """For each leaf one with its mean, one with its diagonal, and one for each direction."""
        return (2 + len(self.directions)) * len(self.means)

    def scores(self, queries: Floats) -> Floats:
        """[n, nlist] the bounds of query vectors [n, dim]."""
        squares = queries**2 @ self.variances.T
        for direction in self.directions:
            squares += (queries @ direction.T) ** 2
        bounds: Floats = queries @ self.means.T + self.factor * np.sqrt(squares)
        return bounds

    def rank(self, queries: Floats, n: int) -> Ints:
        """[n_queries, n] the leaves of the largest bounds."""
        block = max(1, SCORED // len(self.means))
        parts = np.split(queries, range(block, len(queries), block))
        ranked: Ints = np.concatenate(
            [np.argsort(-self.scores(part), axis=1, kind="stable")[:, :n] for part in parts]
        )
        return ranked

    def memory_bytes(self) -> int:
        """Size of means and sketches."""
        return self.means.nbytes + self.variances.nbytes + self.directions.nbytes


@dataclass
class Optimist(RoutedLeaves):
    """k-means leaves by a bound on the largest inner product in them (arXiv 2405.12207).

    A leaf with the mean m and the covariance S scores ⟨q, m⟩ + sqrt((1 + δ) / (1 - δ) · qᵀSq): at
    least (1 + δ) / 2 of its inner products are below (Cantelli's inequality). Nothing is learned
    from queries. Routing costs a dot product for the mean, one for the diagonal of S and one for
    each direction of its sketch, and counts as that. So the diagonal alone finds most at equal work
    in a corpus of thousands; with ``sketch_rank`` 8 it finds most at equal visited.
    """

    version: ClassVar[str] = "optimist 1"
    may_be_zero: ClassVar[tuple[str, ...]] = (*RoutedLeaves.may_be_zero, "delta", "sketch_rank")

    delta: float = 0.8  # degree of optimism, from 0 to less than 1
    sketch_rank: int = 0  # directions of the covariance's sketch, beside its diagonal

    def __post_init__(self) -> None:
        """The bound has no end as delta nears 1."""
        super().__post_init__()
        if self.delta >= 1:
            raise InputError(
                f"delta must be less than 1, got {self.delta}; at 0 a leaf scores one standard "
                "deviation above its mean"
            )

    def routed(
        self,
        documents: Floats,
        centroids: Floats,
        leaf: Ints,
        guide: Guide,
    ) -> tuple[Moments, Ints]:
        """The moments of the leaves; documents stay where they are."""
        rank = min(self.sketch_rank, documents.shape[1])
        nlist = len(centroids)
        return Moments.of(documents, leaf[:, 0], nlist, rank=rank, delta=self.delta), leaf
