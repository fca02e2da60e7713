"""pretrain-finetune-de: standard training, then far pairs alone at a higher temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.standard import Standard

if TYPE_CHECKING:
    from bench.method import Progress
    from bench.task import Training
    from methods.encoders.table import TableEncoder
    from methods.trainers.base import Trainer


@dataclass(frozen=True)
class PretrainFinetune(Standard):
    """A standard encoder, finetuned on pairs far apart (arXiv 2509.16411, "Pretrain-Finetune").

    Plain gradient descent: a step is then as small for a far pair that is already right as the
    paper's learning rate / 1000 makes it, and does not undo distance 0 (lazy Adam's steps do).
    The checkpoint with the best validation recall is kept.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ("steps", "far", "patience")

    far: int = 2  # smallest distance that is finetuned on
    finetune_steps: int = 4000
    finetune_lr: float = 0.002  # of gradient descent
    finetune_temperature: float = 500.0  # multiplies the score, as `temperature` does
    checks: int = 12  # validations during finetuning
    patience: int = 4  # validations without a better one before finetuning stops; 0: never

    def first_stage(self) -> tuple[str, Trainer] | None:
        """The encoder of standard-de with the same parameters."""
        return "standard-de", Standard(
            self.dim, self.batch, self.steps, self.lr, self.temperature, self.cosine
        )

    def train(
        self, data: Training, start: TableEncoder | None, *, seed: int, progress: Progress
    ) -> TableEncoder:
        """Finetune a copy of ``start``, which is trained first where it is not given."""
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.loop import train_tables
        from methods.trainers.losses import InBatchSoftmax
        from methods.trainers.optimizers import RowSGD

        if start is None:
            start = super().train(data, None, seed=seed, progress=progress)
        far = data.relevance.where(data.relevance.distances >= self.far)
        if not far.n_pairs:
            return start
        encoder = start.copy()
        best = BestCheckpoint(encoder, data, self.finetune_steps // self.checks, self.patience)
        train_tables(
            encoder,
            self.batches(far, np.random.default_rng([seed, 1])),
            InBatchSoftmax(self.finetune_temperature),
            RowSGD,
            steps=self.finetune_steps,
            lr=self.finetune_lr,
            progress=progress,
            after_step=best.after_step,
        )
        return best.encoder
