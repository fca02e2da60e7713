"""zero-shot-de: a pretrained text encoder as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder


@dataclass(frozen=True)
class ZeroShot(Trainer):
    """Nothing is trained: the floor for every trainer over texts; as any of them with tune=none."""

    encoder: str = "minilm"  # minilm, a sentence-transformers name, or a folder

    def reads(self) -> str | None:
        """The text encoder."""
        return self.encoder

    def skip(self, data: Training) -> str | None:
        """It needs texts."""
        return "the dataset has no texts" if data.document_texts is None else None

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """The pretrained encoder."""
        from methods.encoders.text import TextEncoder, TextRecipe

        return TextEncoder.pretrained(TextRecipe(self.encoder, "none"), workspace, seed)
