"""k-means leaves that judged training pairs change: cheap rivals of a learned tree."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from methods.indexes.exact import top_k
from methods.indexes.routed_leaves import LinearRouter, RoutedLeaves, Router

if TYPE_CHECKING:
    from bench.task import Training
    from bench.types import Floats, Ints
    from methods.indexes.base import Asked, Guide


@dataclass
class _Judged(RoutedLeaves):
    """Leaves around centroids, changed by training pairs."""

    is_learned: ClassVar[bool] = True
    exports: ClassVar[bool] = True

    @classmethod
    def skip(cls, train: Training) -> str | None:
        """There must be training pairs."""
        return (
            None if train.relevance.n_pairs else "there are no training pairs to change leaves by"
        )

    @abstractmethod
    def changed(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """The vectors that route queries, [nlist, dim], and each document's leaf, [n_documents]."""

    def routed(
        self, documents: Floats, centroids: Floats, leaf: Ints, guide: Guide
    ) -> tuple[Router, Ints]:
        """Apply the changes that training pairs make."""
        if guide.training is None:
            raise ValueError("these leaves are changed by training pairs, and there are none")
        asked = guide.training()
        if not asked.relevance.n_pairs:
            return LinearRouter(centroids), leaf
        router, leaves = self.changed(documents, centroids, leaf[:, 0], asked, guide.seed)
        return LinearRouter(router), leaves[:, None]


@dataclass
class JudgedRouter(_Judged):
    """A linear router learns which k-means leaves hold the judged documents of training queries.

    It is the router of arXiv 2404.11731 with other labels (see ``learned-router``): judged
    documents in place of the exact nearest ones, so that it learns of no other. It starts at the
    centroids and replaces their scores; documents stay where they are.
    """

    version: ClassVar[str] = "judged-router 1"

    judged_steps: int = 300
    judged_batch: int = 512  # training pairs a step
    judged_lr: float = 0.01
    judged_temperature: float = 20.0  # factor of the scores

    def changed(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """Train the router by cross-entropy against the leaves of the relevant documents."""
        import torch
        from torch.nn.functional import log_softmax

        relevance = asked.relevance
        rng = np.random.default_rng(seed)
        router = torch.tensor(centroids, requires_grad=True)
        optimizer = torch.optim.AdamW([router], lr=self.judged_lr)
        for _ in range(self.judged_steps):
            pairs = rng.integers(0, relevance.n_pairs, self.judged_batch)
            queries = torch.tensor(asked.vectors[relevance.queries[pairs]])
            logits = self.judged_temperature * queries @ router.T
            labels = torch.tensor(leaf[relevance.documents[pairs]])[:, None]
            loss = -log_softmax(logits, dim=1).gather(1, labels).mean()
            if not loss.isfinite():
                raise InputError(f"the router's loss is {loss.item()}; lower judged_lr")
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return router.detach().numpy(), leaf


@dataclass
class MovedPositives(_Judged):
    """Each training positive lies in the leaf of its mean training query; nothing else is learned.

    It shows the share of a learned index's gain that is known answers put near their queries.
    """

    version: ClassVar[str] = "moved-positives 3"

    def changed(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """Move the positives."""
        relevance = asked.relevance
        moved, place = np.unique(relevance.documents, return_inverse=True)
        means = np.zeros((len(moved), documents.shape[1]), np.float32)
        np.add.at(means, place, asked.vectors[relevance.queries])
        leaf = leaf.copy()
        leaf[moved] = top_k(means, centroids, 1)[1][:, 0]
        return centroids, leaf
