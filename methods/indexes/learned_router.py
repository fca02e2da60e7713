"""learned-router: a linear layer that learns which leaf holds a query's nearest document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from bench.errors import InputError
from methods.indexes.exact import top_k
from methods.indexes.routed_leaves import LinearRouter, RoutedLeaves

if TYPE_CHECKING:
    import torch

    from bench.task import Training
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide

HELD_OUT = 0.1
"""Share of the queries that the router is chosen on, and not trained."""
PATIENCE = 3
"""Epochs without a better loss on these queries before training stops."""


class Labelled(NamedTuple):
    """Queries and their nearest documents.

    Attributes:
        documents: [n_documents, dim] the vectors that were searched.
        queries: [n, dim] unit vectors.
        nearest: [n, neighbours] the nearest documents of each query.
    """

    documents: Floats
    queries: torch.Tensor
    nearest: Ints


@dataclass
class LearnedRouter(RoutedLeaves):
    """A linear layer predicts which leaf holds a query's nearest document (arXiv 2404.11731).

    Labels come from exact search over the same vectors: no judgement is used. Queries are the
    training queries and the first sentences of the documents, where they have texts. It departs
    from the paper by these sentences, where the paper has many queries of the kind that is asked,
    and by its start at the k-means centroids. The layer with the least loss on queries that are
    held out is kept; documents stay where they are.
    """

    version: ClassVar[str] = "learned-router 4"
    is_learned: ClassVar[bool] = True
    exports: ClassVar[bool] = True
    may_be_zero: ClassVar[tuple[str, ...]] = (*RoutedLeaves.may_be_zero, "router_sentences")

    router_neighbors: int = 1  # nearest documents whose leaves are a query's labels
    router_sentences: int = 12  # the most of a document that are used as queries
    router_queries: int = 65_536  # the most of training queries, and the most of sentences
    router_epochs: int = 40  # passes over the queries, the most
    router_batch: int = 512  # queries a step
    router_lr: float = 0.001
    router_temperature: float = 20.0  # factor of the scores

    def __post_init__(self) -> None:
        """No query is labelled yet."""
        super().__post_init__()
        self._labelled: Labelled | None = None

    @classmethod
    def skip(cls, train: Training) -> str | None:
        """There must be queries, or texts whose sentences stand for them."""
        if train.relevance.n_pairs or train.document_texts is not None:
            return None
        return "there are neither training queries nor texts for its router to learn from"

    def build(self, documents: Floats, guide: Guide) -> None:
        """Divide the documents and train the router; the queries are not kept."""
        super().build(documents, guide)
        self._labelled = None

    def routed(
        self, documents: Floats, centroids: Floats, leaf: Ints, guide: Guide
    ) -> tuple[LinearRouter, Ints]:
        """Train the router by cross-entropy against the leaves of the nearest documents."""
        import torch

        labelled = self._labelled
        if labelled is None or labelled.documents is not documents:
            # The same for each number of leaves that is tried.
            labelled = self._labelled = self._label(documents, guide)
        labels = torch.tensor(leaf[labelled.nearest, 0])
        router = self._trained(torch.tensor(centroids), labelled.queries, labels, guide.seed)
        return LinearRouter(router.numpy()), leaf

    def _label(self, documents: Floats, guide: Guide) -> Labelled:
        """The queries, with their nearest documents by exact search.

        Raises:
            InputError: there is no query.
        """
        import torch
        from torch.nn.functional import normalize

        asked = guide.training().vectors if guide.training else documents[:0]
        if len(asked) > self.router_queries:
            rng = np.random.default_rng(guide.seed)
            asked = asked[rng.choice(len(asked), self.router_queries, replace=False)]
        queries = [asked]
        if guide.sentences is not None and self.router_sentences:
            queries.append(guide.sentences(self.router_sentences, self.router_queries))
        vectors = np.concatenate(queries)
        if not len(vectors):
            raise InputError(
                "learned-router has no query to learn from: there are no training queries, and "
                f"router_sentences={self.router_sentences} gives no sentence of the documents; "
                "take faiss-ivf or optimist, which need none"
            )
        k = min(self.router_neighbors, len(documents))
        nearest = top_k(vectors, documents, k, guide.workspace.memory_bytes)[1]
        return Labelled(documents, normalize(torch.tensor(vectors)), nearest)

    def _trained(
        self, start: torch.Tensor, queries: torch.Tensor, labels: torch.Tensor, seed: int
    ) -> torch.Tensor:
        """[nlist, dim] the router that has the least loss on the queries held out.

        Args:
            start: [nlist, dim] the router to start from.
            queries: [n, dim] unit vectors.
            labels: [n, neighbours] the leaves of each query's nearest documents.
            seed: the seed of the queries' order.
        """
        import torch
        from torch.nn.functional import log_softmax

        router = start.clone().requires_grad_()
        optimizer = torch.optim.AdamW([router], lr=self.router_lr)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(labels))
        held_out, trained = np.split(order, [max(1, round(HELD_OUT * len(order)))])

        def loss_of(rows: Ints) -> torch.Tensor:
            logits = self.router_temperature * queries[rows] @ router.T
            return -log_softmax(logits, dim=1).gather(1, labels[rows]).mean()

        best, least, waited = start, float(loss_of(held_out).detach()), 0
        for _ in range(self.router_epochs):
            rng.shuffle(trained)
            for begin in range(0, len(trained), self.router_batch):
                optimizer.zero_grad()
                torch.autograd.backward(loss_of(trained[begin : begin + self.router_batch]))
                optimizer.step()
            loss = float(loss_of(held_out).detach())
            if not np.isfinite(loss):
                raise InputError(f"the router's loss is {loss}; lower router_lr")
            waited += 1
            if loss < least:
                best, least, waited = router.detach().clone(), loss, 0
            if waited == PATIENCE:
                break
        return best
