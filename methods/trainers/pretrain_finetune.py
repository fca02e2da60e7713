"""pretrain-finetune-de: standard training, then only far pairs at a higher temperature."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.learned import learner_of
from methods.trainers.resampled import no_far_pairs
from methods.trainers.standard import Standard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder
    from methods.trainers.base import Trainer


@dataclass(frozen=True)
class PretrainFinetune(Standard):
    """A standard encoder, finetuned on pairs far apart (arXiv 2509.16411, "Pretrain-Finetune").

    Tables are trained by plain gradient descent: its step is as small for a far pair that is
        already right as with the paper's learning rate / 1000, and does not undo distance 0 (steps
        of lazy Adam do). Text encoders are trained by AdamW: gradient descent breaks a head before
        it moves far pairs. The checkpoint with the best validation score is kept.
    """

    version: ClassVar[str] = "pretrain-finetune-de 2"
    may_be_zero: ClassVar[tuple[str, ...]] = (*Standard.may_be_zero, "far")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Standard.choices,
        "keep": ("best", "last"),
    }

    far: int = 2  # smallest distance of a far pair
    finetune_steps: int = 4000
    finetune_lr: float = 0.002  # for gradient descent of tables, for AdamW of text encoders
    finetune_temperature: float = 500.0  # factor of the score, fixed, in place of `temperature`
    finetune_decay: bool = True  # the learning rate falls to 0 along half a cosine, or stays
    keep: str = "best"  # the checkpoint best on validation; or "last", which never stops early

    def first_stage(self, data: Training) -> tuple[str, Trainer] | None:
        """The encoder of standard-de with the same parameters."""
        shared = {field.name: getattr(self, field.name) for field in dataclasses.fields(Standard)}
        return "standard-de", Standard(**shared)

    def skip(self, data: Training) -> str | None:
        """There must be far pairs."""
        return super().skip(data) or no_far_pairs(data, self.far)

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Finetune a copy of ``start``, which is trained first if it is not given."""
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.loop import train_encoder
        from methods.trainers.losses import InBatchSoftmax, Temperature
        from methods.trainers.optimizers import RowSGD

        if start is None:
            start = super().train(data, None, workspace, seed=seed, progress=progress)
        if data.document_texts is not None and self.tune == "none":
            return start
        far = data.relevance.where(data.relevance.distances >= self.far)
        encoder = start.copy()
        best = None
        if self.keep == "best":
            best = BestCheckpoint(
                encoder, data, steps=self.finetune_steps, checks=self.checks, patience=self.patience
            )
        train_encoder(
            learner_of(encoder, data, workspace, RowSGD),
            self.batches(far, np.random.default_rng([seed, 1])),
            InBatchSoftmax(Temperature(self.finetune_temperature)),
            steps=self.finetune_steps,
            lr=self.finetune_lr,
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=best.after_step if best else None,
            changed={"best": best},
            decay=self.finetune_decay,
            lower="finetune_lr or finetune_temperature",
        )
        return best.encoder if best else encoder
