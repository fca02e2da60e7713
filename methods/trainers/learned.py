"""A trainer by gradient steps: the same loop for tables and for text encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder, Learner
    from methods.trainers.batches import Batches
    from methods.trainers.losses import Loss


@dataclass(frozen=True)
class Learned(Trainer):
    """The base of trainers by gradient steps.

    A text encoder reads a dataset with texts; any other dataset gets tables.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "tune": ("none", "head", "last-layer", "full"),
        "precision": ("float32", "bfloat16"),
    }

    encoder: str = "minilm"  # text encoder: minilm, a sentence-transformers name, or a folder
    tune: str = "head"  # trained part of a text encoder: none (zero-shot), head, last-layer, full
    precision: str = "float32"  # of a text encoder's products, or bfloat16
    siamese: bool = True  # queries and documents share one text encoder, or have one each
    head_width: int = 384  # hidden units of a head
    dim: int = 64  # dimension of a table's vectors; a text encoder has its own
    steps: int = 20_000
    lr: float = 0.005  # at the first step: for lazy Adam of tables, for AdamW of a head
    encoder_lr: float = 2e-5  # the same for a transformer's weights: tune=last-layer and full
    temperature: float = 20.0  # factor of the score
    checks: int = 12  # validations of a text encoder, or in finetuning; the best one is kept

    def skip(self, data: Training) -> str | None:
        """There must be pairs to learn from."""
        if data.document_texts is not None and self.tune != "none" and not data.relevance.n_pairs:
            return "no training pairs are left beside validation; with --tune none it needs none"
        return None

    def reads(self) -> str | None:
        """The text encoder that is trained."""
        return self.encoder

    def rate(self, data: Training) -> float:
        """The learning rate at the first step."""
        of_transformer = data.document_texts is not None and self.tune != "head"
        return self.encoder_lr if of_transformer else self.lr

    def new_encoder(
        self, data: Training, workspace: Workspace, *, cosine: bool, seed: int
    ) -> Encoder:
        """The encoder before training: random tables, or a pretrained text encoder."""
        if data.document_texts is not None:
            from methods.encoders.embeddings import embed
            from methods.encoders.pretrained import Pretrained
            from methods.encoders.text import TextEncoder, TextRecipe

            recipe = TextRecipe(self.encoder, self.tune, self.siamese, precision=self.precision)
            if self.tune == "head":  # as wide as the embeddings, which training needs anyway
                encoder = Pretrained.of(self.encoder, self.precision, workspace)
                dim = embed(encoder, data.document_texts, workspace).shape[1]
                recipe = recipe._replace(dim=dim, width=self.head_width)
            return TextEncoder.pretrained(recipe, workspace, seed)
        from methods.encoders.table import TableEncoder

        relevance = data.relevance
        return TableEncoder.random(
            relevance.n_queries, relevance.n_documents, self.dim, cosine=cosine, seed=seed
        )

    def learn(
        self,
        encoder: Encoder,
        data: Training,
        workspace: Workspace,
        batches: Batches,
        loss: Loss,
        progress: Progress,
    ) -> Encoder:
        """Train an encoder; a text encoder is returned as it was at its best validation."""
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.loop import train_encoder

        is_text = data.document_texts is not None
        if is_text and self.tune == "none":
            return encoder
        best = None
        if is_text:
            best = BestCheckpoint(encoder, data, steps=self.steps, checks=self.checks)
        train_encoder(
            learner_of(encoder, data, workspace),
            batches,
            loss,
            steps=self.steps,
            lr=self.rate(data),
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=best.after_step if best else None,
            changed={"best": best},
        )
        return best.encoder if best else encoder


def learner_of(
    encoder: Encoder, data: Training, workspace: Workspace, *, finetuning: bool = False
) -> Learner:
    """The learner of an encoder: Adam, but gradient descent for tables that are finetuned."""
    from methods.encoders.table import TableEncoder

    if isinstance(encoder, TableEncoder):
        from methods.device import device_of
        from methods.encoders.table import TableLearner
        from methods.trainers.optimizers import RowAdam, RowSGD

        optimizer = RowSGD if finetuning else RowAdam
        return TableLearner(encoder, optimizer, device_of(workspace))
    from methods.encoders.text import TextEncoder, TextLearner

    return TextLearner(cast("TextEncoder", encoder), data)
