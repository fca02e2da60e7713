"""Trainers of one table: each node of a hierarchy has one row, as query and as document."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from bench.errors import InputError
from methods.trainers.base import Trainer

if TYPE_CHECKING:
    import torch

    from bench.method import Params, Progress, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder
    from methods.encoders.table import TableEncoder
    from methods.trainers.batches import Batch, Batches
    from methods.trainers.losses import Loss
    from methods.trainers.optimizers import RowOptimizer


def lacks_nodes(data: Training) -> str | None:
    """The reason why ``data`` is not of nodes without texts, with a document each; or None."""
    from methods.trainers.circle import nodes_of

    if data.document_texts is not None:
        return "makes tables, which have no vector for a query or a text that is not trained on"
    try:
        nodes_of(data.relevance)
    except InputError as error:
        return str(error)
    return None


@dataclass(frozen=True)
class NodeTrainer(Trainer):
    """The base of embeddings of a hierarchy's nodes, trained on the pairs of a dual encoder.

    Batches are those of ``masked-de``: queries with all their documents, and documents drawn from
    the whole corpus. A query's negatives are all of these that are not relevant to it; pairs at
    distance 0, a node with itself, are neither trained on nor negatives.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ("patience", "negatives")
    geometry: ClassVar[str]

    dim: int = 64  # dimension of the embedding
    batch: int = 128  # queries a step
    negatives: int = 64  # documents drawn from the whole corpus, a step
    steps: int = 20_000  # the most
    max_epochs: int = 1000  # passes over the training queries, the most
    lr: float = 0.02  # at the first step
    checks: int = 12  # validations in a training; the best one is kept
    patience: int = 0  # validations without a better one before training stops; 0: never

    @classmethod
    def defaults_given(cls, stated: Params, *, texts: bool) -> Params:  # noqa: ARG003
        """Its own: those of a dataset's card for any method are made for dual encoders."""
        own = ("lr", "steps", "max_epochs", "checks", "patience", "batch", "negatives")
        return {name: getattr(cls, name) for name in own}

    def skip(self, data: Training) -> str | None:
        """There must be nodes without texts, each with a document of its own, and pairs of two."""
        if reason := lacks_nodes(data):
            return reason
        if not (data.relevance.distances > 0).any():
            return "learns from pairs of two nodes, and the training pairs hold none"
        return None

    @abstractmethod
    def new_table(self, n_nodes: int, generator: torch.Generator) -> torch.Tensor:
        """[n_nodes, w] the rows before training."""

    @abstractmethod
    def loss(self) -> Loss:
        """The loss of a batch."""

    @abstractmethod
    def optimizer(self, table: torch.Tensor, steps: int) -> RowOptimizer:
        """What moves the rows of the table over a training of so many steps."""

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> TableEncoder:
        """Train the table, and return it as it was at its best validation."""
        import torch

        from methods.device import device_of
        from methods.encoders.table import TableEncoder
        from methods.node_embeddings.learner import NodeLearner
        from methods.trainers.checkpoint import BestCheckpoint
        from methods.trainers.circle import nodes_of
        from methods.trainers.learned import VALIDATED_PAIRS
        from methods.trainers.loop import train_encoder

        relevance = data.relevance
        nodes = torch.from_numpy(nodes_of(relevance))
        table = self.new_table(len(nodes), torch.Generator().manual_seed(seed))
        encoder = TableEncoder(table, table[nodes], self.geometry)
        batches = self._batches(relevance, np.random.default_rng(seed))
        steps = min(self.steps, self.max_epochs * batches.per_epoch)
        device = device_of(workspace)
        learner = NodeLearner(encoder, nodes, lambda rows: self.optimizer(rows, steps), device)
        best = None
        if 0 < len(data.validation_queries.rows) * len(nodes) <= VALIDATED_PAIRS:
            best = BestCheckpoint(
                encoder, data, steps=steps, checks=self.checks, patience=self.patience
            )
        train_encoder(
            learner,
            batches,
            self.loss(),
            steps=steps,
            lr=self.lr,
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=best.after_step if best else None,
            changed={"best": best},
        )
        trained = cast("TableEncoder", best.encoder) if best else encoder
        return TableEncoder(trained.queries.float(), trained.documents.float(), self.geometry)

    def _batches(self, relevance: Relevance, rng: np.random.Generator) -> Batches:
        from methods.trainers.batches import Batches, make_batch

        n_documents = relevance.n_documents
        n_drawn = min(self.negatives, n_documents)

        def make(queries: Ints) -> Batch | None:
            pairs = relevance.rows(queries)
            drawn = rng.integers(0, n_documents, n_drawn)
            # A batch of roots alone has no pair to learn from.
            if not (pairs.distances > 0).any():
                return None
            return make_batch(queries, pairs, negatives=drawn, self_weight=0.0)

        return Batches(relevance, self.batch, rng, make)
