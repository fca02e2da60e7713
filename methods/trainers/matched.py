"""matched-de: a dual encoder trained like EHI's, without the tree."""

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

    The leaves of nearest documents are no labels either. If EHI does better than this, the cause is
    the tree learned with the encoder, and its consequences: here hard negatives come from the
    clusters that EHI's tree starts from, which do not move, and the checkpoint is that of the best
    exact search.
    """

    version: ClassVar[str] = "matched-de 4"

    indexing_weight: float = 0.0
    neighbour_weight: float = 0.0

    def _checkpoint(self, routed: RoutedEncoder, data: Training, steps: int) -> BestCheckpoint:
        """The keeper of the best encoder."""
        from methods.trainers.checkpoint import BestCheckpoint

        return BestCheckpoint(routed, data, steps=steps, checks=self.checks, patience=self.patience)
