"""What a trainer is: hyper-parameters, and a way from training pairs to an encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from methods.part import Part

if TYPE_CHECKING:
    from bench.method import Progress
    from bench.task import Training
    from methods.encoders.table import TableEncoder


@dataclass(frozen=True)
class Trainer(Part, ABC):
    """Learns an encoder; its fields are its hyper-parameters."""

    @abstractmethod
    def train(
        self, data: Training, start: TableEncoder | None, *, seed: int, progress: Progress
    ) -> TableEncoder:
        """Train on ``data``, from ``start`` where there is a first stage."""

    def first_stage(self) -> tuple[str, Trainer] | None:
        """Name and trainer of the encoder that this one goes on from, or None."""
        return None
