"""ehi-encoder: encoder and tree learned together (arXiv 2310.08891), with our best settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from bench.errors import InputError
from methods.trainers.learned import Learned, learner_of
from methods.trees.settings import TreeSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Params, Progress, Value, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder, Learner
    from methods.encoders.routed import RoutedEncoder
    from methods.encoders.text import TextEncoder
    from methods.trainers.base import Trainer
    from methods.trainers.batches import Batch, Batches
    from methods.trainers.checkpoint import BestCheckpoint
    from methods.trees.mining import HardNegatives


@dataclass(frozen=True)
class EHI(TreeSettings, Learned):
    """A dual encoder and the tree that routes its vectors, trained by one loss (arXiv 2310.08891).

    It departs from the paper in parameters whose printed values ``ehi-paper`` keeps: the tree
    starts at clusters of the documents; each node has its own classifier, which reads a learned
    projection of the vectors and no residual layer; all paths are trained, not only the most
    probable; both contrastive terms are a softmax over the batch's documents; a further term has
    the leaves of a query's nearest documents as labels, among 16,384 that are drawn from a larger
    corpus; sentences of the documents are used as queries, so that the tree sees documents without
    a training query. Tables start from those of masked-de.
    """

    version: ClassVar[str] = "ehi-encoder 5"
    learns_tree: ClassVar[bool] = True
    may_be_zero: ClassVar[tuple[str, ...]] = (
        *TreeSettings.may_be_zero,
        *Learned.may_be_zero,
        "epochs",
        "negatives",
        "sentences",
        "corpus_pairs",
    )
    shares: ClassVar[tuple[str, ...]] = ("checkpoint_budget",)
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Learned.choices,
        **TreeSettings.choices,
        "tune": ("none", "head", "last-layer", "full"),
    }

    batch: int = 128  # queries a step
    steps: int = 6000  # the most
    max_epochs: int = 1000  # passes over the training queries, the most
    epochs: int = 0  # passes over the training queries, instead of steps; 0: steps
    negatives: int = 0  # documents drawn from the whole corpus, a step
    refresh: int = 5  # epochs between two searches for hard negatives (r)
    corpus_pairs: int = 256  # pairs of a sentence and its document beside the queries, a step
    sentences: int = 12  # the most of a document that are used
    checkpoint_budget: float = 0.1  # share of documents visited at which checkpoints are compared

    @classmethod
    def of_tables(cls, dim: int, geometry: Value | None) -> Params:  # noqa: ARG003
        """A learned temperature of scores that are no cosines: they have no scale of their own."""
        is_cosine = (geometry or cls.geometry) == "cosine"
        return {} if is_cosine else {"temperature": 1.0, "temperature_lr": 0.01}

    @property
    def is_trained(self) -> bool:
        """Whether there are steps, or epochs instead."""
        return self.steps > 0 or self.epochs > 0

    def __post_init__(self) -> None:
        """A batch of one has no negatives."""
        super().__post_init__()
        if self.batch < 2:  # noqa: PLR2004
            raise InputError(
                "batch must be at least 2, got 1: other queries' documents are the negatives"
            )

    def skip(self, data: Training) -> str | None:
        """There must be pairs, and weights to train."""
        if data.document_texts is not None and self.tune == "none":
            return "with --tune none nothing is learned jointly; see de-faiss-ivf"
        if not data.relevance.n_pairs:
            return "no training pairs are left beside validation"
        return super().skip(data)

    def first_stage(self, data: Training) -> tuple[str, Trainer] | None:
        """Tables of masked-de: a tree over random vectors could not start at clusters."""
        if data.document_texts is not None:
            return None
        from methods.trainers.masked import Masked

        return "masked-de", Masked.for_tables(
            dim=self.dim,
            geometry=self.geometry,
            steps=min(self.steps, Masked.for_tables(dim=self.dim).steps),
            checks=self.checks,
            patience=self.patience,
        )

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train encoder and tree."""
        import torch

        from methods.device import device_of
        from methods.encoders.routed import RoutedEncoder
        from methods.trainers.loop import train_encoder
        from methods.trees.losses import JointLoss
        from methods.trees.mining import HardNegatives, health_warning
        from methods.trees.neighbours import Neighbours
        from methods.trees.start import new_tree

        encoder = start.copy() if start else self.new_encoder(data, workspace, seed=seed)
        documents = np.asarray(encoder.encode_documents(data.document_texts), np.float32)
        tree = new_tree(self, documents, seed, device_of(workspace))
        routed = RoutedEncoder(encoder, tree)
        learner, joined = self._learner(encoder, data, workspace)
        mining = HardNegatives(data.relevance, self, seed)
        neighbours = Neighbours(seed, tree.device)
        batches = self._batches(data.relevance, joined, mining, np.random.default_rng(seed))
        an_epoch = batches.per_epoch
        steps = self.epochs * an_epoch or min(self.steps, self.max_epochs * an_epoch)
        best = self._checkpoint(routed, data, steps)

        def mine(step: int) -> None:
            queries = encoder.encode_queries(data.queries(data.relevance.answered))
            documents = np.asarray(encoder.encode_documents(data.document_texts), np.float32)
            leaf = routed.tree.leaves(torch.tensor(documents), 1).numpy()
            neighbours.refresh(documents, leaf[:, 0])
            earlier = mining.history
            health = mining.refresh(routed.tree, queries, documents, leaf)
            warning = health_warning(health) if self.indexing_weight else None
            if warning and not any(map(health_warning, earlier)):
                workspace.warn(f"{warning} after {step:,} of {steps:,} steps")

        def after_step(step: int) -> bool:
            if step % (self.refresh * an_epoch) == 0:
                mine(step)
            return best.after_step(step)

        mine(0)
        train_encoder(
            learner,
            batches,
            JointLoss(
                routed.tree, self, neighbours, temperature=self.new_temperature(), steps=steps
            ),
            steps=steps,
            lr=self.rate(data),
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=after_step,
            changed={"best": best, "mining": mining, "neighbours": neighbours},
        )
        if best.is_untrained:
            workspace.warn(
                "no checkpoint is better on validation than the start: encoder and tree are kept "
                "as they were before training"
            )
        kept = cast("RoutedEncoder", best.encoder)
        kept.tree.history = mining.history
        return kept

    def _checkpoint(self, routed: RoutedEncoder, data: Training, steps: int) -> BestCheckpoint:
        """The keeper of the best encoder and tree."""
        from methods.trees.checkpoint import TreeCheckpoint

        return TreeCheckpoint(
            routed,
            data,
            budget=self.checkpoint_budget,
            steps=steps,
            checks=self.checks,
            patience=self.patience,
        )

    def _learner(
        self, encoder: Encoder, data: Training, workspace: Workspace
    ) -> tuple[Learner, Relevance]:
        """The learner of the encoder, and the pairs that it is trained on."""
        if data.document_texts is None or not self.corpus_pairs:
            return learner_of(encoder, data, workspace), data.relevance
        from methods.trees.sentences import SentenceLearner, Sentences

        sentences = Sentences.of(data.document_texts, self.sentences)
        without = len(data.document_texts) - len(np.unique(sentences.documents))
        if without > len(data.document_texts) / 2:
            workspace.warn(
                f"corpus_pairs is {self.corpus_pairs}, but {without:,} of "
                f"{len(data.document_texts):,} documents have no sentence to stand for a query"
            )
        if not len(sentences.documents):
            return learner_of(encoder, data, workspace), data.relevance
        learner = SentenceLearner(cast("TextEncoder", encoder), data, sentences)
        return learner, sentences.joined_to(data.relevance)

    def _batches(
        self,
        asked: Relevance,
        joined: Relevance,
        mining: HardNegatives,
        rng: np.random.Generator,
    ) -> Batches:
        """Batches of queries and sentences with their documents, and negatives.

        Args:
            asked: the relevance of the training queries alone.
            joined: the same with rows of sentences after them.
            mining: the source of hard negatives.
            rng: the random numbers of the draws.
        """
        from methods.trainers.batches import Batches

        n_sentences = joined.n_queries - asked.n_queries
        n_drawn = min(self.corpus_pairs, n_sentences)

        def make(queries: Ints) -> Batch:
            hard = mining.draw(queries, rng)
            anywhere = rng.integers(0, asked.n_documents, self.negatives)
            of_corpus = asked.n_queries + rng.choice(n_sentences, n_drawn, replace=False)
            rows = np.concatenate([queries, of_corpus])
            return self._laid_out(rows, joined.rows(rows), hard, anywhere, rng)

        return Batches(asked, self.batch, rng, make)

    def _laid_out(
        self,
        rows: Ints,
        relevant: Relevance,
        hard: tuple[Ints, Ints],
        anywhere: Ints,
        rng: np.random.Generator,
    ) -> Batch:
        """A batch of all relevant documents, whose documents are negatives of all its queries."""
        from methods.trainers.batches import make_batch

        return make_batch(rows, relevant, negatives=np.concatenate([hard[1], anywhere]))
