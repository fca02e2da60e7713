"""k-means leaves that depend on training queries: cheap rivals of a learned tree."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from bench.method import Point, SearchResult
from methods.indexes.exact import top_k
from methods.indexes.kmeans import leaf_centroids, quantizer_of
from methods.indexes.leaf_lists import LeafLists
from methods.indexes.leaves import ClusteredLeaves

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Asked, Guide


@dataclass
class _Guided(ClusteredLeaves):
    """Leaves around centroids, changed by training queries; a dot product scores the leaves."""

    needs_training: ClassVar[bool] = True

    @abstractmethod
    def guided(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """The vectors that route queries, [nlist, dim], and each document's leaf, [n_documents]."""

    def lay_out(self, documents: Floats, nlist: int, guide: Guide) -> None:
        """Cluster the documents, and apply the changes that training queries make."""
        if guide.training is None:
            raise ValueError("these leaves are laid out by training queries, and there are none")
        centroids = leaf_centroids(documents, nlist, guide.seed, guide.workspace.memory_bytes)
        leaf = quantizer_of(centroids).search(documents, 1)[1][:, 0]
        self._router, self._leaf = self.guided(
            documents, centroids, leaf, guide.training(), guide.seed
        )
        self._lists = LeafLists(documents, self._leaf[:, None], nlist)

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, nlist] leaves by the router's scores."""
        return top_k(queries, self._router, len(self._router))[1]

    def partition(self) -> Ints:
        """[n_documents] the leaf of each document."""
        return self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves that the router scores highest."""
        leaves = top_k(queries, self._router, int(point["nprobe"]))[1]
        ids, scores = self._lists.search(queries, k, leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=float(len(self._router)))

    def memory_bytes(self) -> int:
        """Vectors and numbers in the leaves, and the router."""
        return self._lists.memory_bytes() + self._router.nbytes


@dataclass
class LearnedRouter(_Guided):
    """A linear router learns which leaves answer training queries (arXiv 2404.11731).

    It starts at the centroids and replaces their scores; documents stay where they are.
    """

    version: ClassVar[str] = "learned-router 3"

    router_steps: int = 300
    router_batch: int = 512  # queries a step
    router_lr: float = 0.01
    router_temperature: float = 20.0  # factor of the scores

    def guided(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """Train the router by cross-entropy against the leaves of the relevant documents."""
        import torch
        from torch.nn.functional import log_softmax

        relevance = asked.relevance
        if not relevance.n_pairs:
            return centroids, leaf
        rng = np.random.default_rng(seed)
        router = torch.tensor(centroids, requires_grad=True)
        optimizer = torch.optim.AdamW([router], lr=self.router_lr)
        for _ in range(self.router_steps):
            pairs = rng.integers(0, relevance.n_pairs, self.router_batch)
            queries = torch.tensor(asked.vectors[relevance.queries[pairs]])
            logits = self.router_temperature * queries @ router.T
            labels = torch.tensor(leaf[relevance.documents[pairs]])[:, None]
            loss = -log_softmax(logits, dim=1).gather(1, labels).mean()
            if not loss.isfinite():
                raise InputError(f"the router's loss is {loss.item()}; lower router_lr")
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        return router.detach().numpy(), leaf


@dataclass
class MovedPositives(_Guided):
    """Each training positive lies in the leaf of its mean training query; nothing else is learned.

    It shows the share of a learned index's gain that is known answers put near their queries.
    """

    version: ClassVar[str] = "moved-positives 3"

    def guided(
        self, documents: Floats, centroids: Floats, leaf: Ints, asked: Asked, seed: int
    ) -> tuple[Floats, Ints]:
        """Move the positives."""
        relevance = asked.relevance
        moved, place = np.unique(relevance.documents, return_inverse=True)
        if not len(moved):
            return centroids, leaf
        means = np.zeros((len(moved), documents.shape[1]), np.float32)
        np.add.at(means, place, asked.vectors[relevance.queries])
        leaf = leaf.copy()
        leaf[moved] = top_k(means, centroids, 1)[1][:, 0]
        return centroids, leaf
