"""hit-de and hit-dot-de: texts in hyperbolic space, near what is above them and farther out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Progress, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder
    from methods.trainers.batches import Batch, Batches


@dataclass(frozen=True)
class HiT(Trainer):
    """Hierarchy Transformers: clustering and centripetal loss (He, Yuan, Chen & Horrocks, 2024).

    Language Models as Hierarchy Encoders, NeurIPS 2024, arXiv 2401.11374. Queries and documents
    share one head, as the paper's share one encoder. The score is the paper's, and ranks all
    documents, as in HR-OOV (arXiv 2511.16698).

    Departures: a head on a frozen encoder is trained, not the whole of it; points lie on the
    hyperboloid, which is the same space as the ball; negatives are all documents of a batch that
    are not relevant, of which a part are siblings, and not ten for each pair.
    """

    version: ClassVar[str] = "hit-de 1"
    by_dot_product: ClassVar[bool] = False
    may_be_zero: ClassVar[tuple[str, ...]] = (
        "patience", "negatives", "siblings", "cluster_margin", "centri_margin", "centri_weight",
    )  # fmt: skip
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"precision": ("float32", "bfloat16")}

    encoder: str = "minilm"  # minilm, wordllama, a sentence-transformers name, or a folder
    precision: str = "float32"  # of a text encoder's products, or bfloat16
    head_width: int = 384  # hidden units of the head
    batch: int = 256  # queries a step
    negatives: int = 512  # documents drawn from the whole corpus, a step
    siblings: int = 512  # documents drawn from the children of the queries' parents, a step
    hops: int = 1  # largest distance of a positive; 1: direct links, as in the paper
    steps: int = 1500  # the most
    max_epochs: int = 1000  # passes over the training queries, the most
    lr: float = 0.001  # at the first step
    cluster_margin: float = 5.0  # alpha, in a ball of radius sqrt(dim)
    centri_margin: float = 0.1  # beta
    centri_weight: float = 0.35  # weight of the difference of norms in the score; HR-OOV's
    checks: int = 12  # validations in a training; the best one is kept
    patience: int = 6  # validations without a better one before training stops; 0: never

    def reads(self) -> str | None:
        """The text encoder."""
        return self.encoder

    def skip(self, data: Training) -> str | None:
        """The trainer needs texts, and links."""
        if data.document_texts is None:
            return "the dataset has no texts"
        if not (data.relevance.distances == 1).any():
            return "trains on direct links, and no training pair is at distance 1"
        return None

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train a head, and return it as it was at its best validation."""
        import torch

        from methods.encoders.hyperbolic_learner import PointLearner
        from methods.encoders.hyperbolic_text import HyperbolicText, PointHead
        from methods.encoders.pretrained import Pretrained
        from methods.encoders.towers import Frozen
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.hit_loss import HiTLoss
        from methods.trainers.loop import train_encoder

        frozen = Frozen(Pretrained.of(self.encoder, self.precision, workspace), workspace)
        if data.document_texts is None:
            raise ValueError("a text encoder is trained on texts")
        dim = frozen.prepare(data.document_texts).shape[1]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = PointHead(dim, self.head_width)
        encoder = HyperbolicText(frozen, head, self.centri_weight, by_dot=self.by_dot_product)
        batches = self._batches(data.relevance, np.random.default_rng(seed))
        steps = min(self.steps, self.max_epochs * batches.per_epoch)
        best = BestCheckpoint(
            encoder, data, steps=steps, checks=self.checks, patience=self.patience
        )
        train_encoder(
            PointLearner(encoder, data),
            batches,
            HiTLoss(self.cluster_margin, self.centri_margin),
            steps=steps,
            lr=self.lr,
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=best.after_step,
            changed={"best": best},
        )
        return best.encoder

    def _batches(self, relevance: Relevance, rng: np.random.Generator) -> Batches:
        """Batches of queries that have something above them, with siblings among the negatives."""
        import torch

        from methods.trainers.batches import Batches, make_batch
        from methods.trainers.hit_loss import Siblings

        n_documents = relevance.n_documents
        siblings = Siblings(relevance)
        n_drawn = min(self.negatives, n_documents)

        def make(queries: Ints) -> Batch | None:
            pairs = relevance.rows(queries)
            positive = (pairs.distances > 0) & (pairs.distances <= self.hops)
            if not positive.any():
                return None
            parents = pairs.documents[pairs.distances == 1]
            drawn = rng.integers(0, n_documents, n_drawn)
            near = siblings.drawn(parents, min(self.siblings, n_documents), rng)
            batch = make_batch(queries, pairs, negatives=np.concatenate([drawn, near]))
            return batch._replace(weights=torch.from_numpy(positive.astype(np.float32)))

        return Batches(relevance, self.batch, rng, make)


@dataclass(frozen=True)
class HiTDot(HiT):
    """HiT by a dot product that stands in for its score, so that every index can search it.

    See :class:`methods.encoders.hyperbolic_text.HyperbolicText`.
    """

    version: ClassVar[str] = "hit-dot-de 1"
    by_dot_product: ClassVar[bool] = True
