"""matched-de: a dual encoder trained as EHI's is, but for the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.trainers.ehi import EHI

if TYPE_CHECKING:
    from bench.task import Training
    from methods.encoders.routed import RoutedEncoder
    from methods.trainers.checkpoint import BestCheckpoint


@dataclass(frozen=True)
class MatchedDE(EHI):
    """EHI without its indexing term: the same pairs, steps and learning rates.

    What EHI does better than this, it owes to learning a tree with the encoder, and to what follows
    from that: here hard negatives are looked for in the clusters that EHI's tree starts from, which
    do not move, and the checkpoint is that of the best exact search.
    """

    version: ClassVar[str] = "matched-de 1"

    indexing_weight: float = 0.0

    def _checkpoint(self, routed: RoutedEncoder, data: Training, steps: int) -> BestCheckpoint:
        """What keeps the best encoder."""
        from methods.trainers.checkpoint import BestCheckpoint

        return BestCheckpoint(routed, data, steps=steps, checks=self.checks)
