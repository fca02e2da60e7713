"""resampled-de: far pairs are drawn more often than they occur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.trainers.standard import Standard

if TYPE_CHECKING:
    import numpy as np

    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.trainers.batches import Batch, Batches


@dataclass(frozen=True)
class Resampled(Standard):
    """Standard training that draws far pairs more often (arXiv 2509.16411, "Resampling fails").

    A share p of the pairs is from the standard sampler, the rest are far pairs only. At p = 1 it is
    standard training.
    """

    version: ClassVar[str] = "resampled-de 2"
    may_be_zero: ClassVar[tuple[str, ...]] = (*Standard.may_be_zero, "p", "far")
    shares: ClassVar[tuple[str, ...]] = ("p",)

    p: float = 0.5  # share of the standard sampler
    far: int = 2  # smallest distance of a far pair

    def skip(self, data: Training) -> str | None:
        """There must be far pairs."""
        return super().skip(data) or no_far_pairs(data, self.far)

    def batches(self, relevance: Relevance, rng: np.random.Generator) -> Batches:
        """Batches in which a query has all its documents with probability p, else the far ones."""
        from methods.trainers.batches import Batches, make_batch

        def make(queries: Ints) -> Batch | None:
            pairs = relevance.rows(queries)
            standard = rng.random(len(queries)) < self.p
            drawn = pairs.where(standard[pairs.queries] | (pairs.distances >= self.far))
            return make_batch(queries, drawn) if drawn.n_pairs else None

        return Batches(relevance, self.batch, rng, make)


def no_far_pairs(data: Training, far: int) -> str | None:
    """The reason why a trainer of far pairs has nothing to learn from, or None."""
    if (data.relevance.distances >= far).any():
        return None
    largest = int(data.relevance.distances.max(initial=0))
    return (
        f"trains on pairs at distance {far} and more, and the training pairs end at distance "
        f"{largest}; --set far=NUMBER takes another"
    )
