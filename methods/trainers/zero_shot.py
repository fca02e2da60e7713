"""zero-shot-de: a pretrained text encoder as it is, or the vectors that a task gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder


@dataclass(frozen=True)
class ZeroShot(Trainer):
    """The encoder as it comes, without training: the lower bound for every trainer over texts.

    A trainer with tune=none gives the same.
    """

    version: ClassVar[str] = "zero-shot-de 2"
    takes_vectors: ClassVar[bool] = True

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"precision": ("float32", "bfloat16")}

    encoder: str = "minilm"  # minilm, wordllama, a sentence-transformers name, or a folder
    precision: str = "float32"  # of a text encoder's products, or bfloat16

    def reads(self) -> str | None:
        """The text encoder."""
        return self.encoder

    def skip(self, data: Training) -> str | None:
        """The trainer needs texts or vectors."""
        has = data.document_texts is not None or data.document_vectors is not None
        return None if has else "the dataset has no texts"

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """The pretrained encoder; or given vectors in place of an encoder."""
        if data.document_vectors is not None:
            from methods.encoders.given import GivenVectors

            return GivenVectors()
        from methods.encoders.text import TextEncoder, TextRecipe

        recipe = TextRecipe(self.encoder, "none", precision=self.precision)
        return TextEncoder.pretrained(recipe, workspace, seed)
