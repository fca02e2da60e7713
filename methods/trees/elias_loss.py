"""ELIAS's loss over ways to documents, and its best checkpoint."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch

from methods.indexes.adjacent_leaves import AdjacentLeaves
from methods.indexes.base import Guide
from methods.trainers.loop import LossWatch
from methods.trainers.losses import Gradients, MaskedSoftmax
from methods.trees.checkpoint import TreeCheckpoint
from methods.trees.losses import TINY, softmax

if TYPE_CHECKING:
    from methods.encoders.routed import RoutedEncoder
    from methods.trainers.batches import Batch
    from methods.trainers.losses import Temperature
    from methods.trees.adjacency import ClusterGraph
    from methods.trees.settings import TreeSettings


class AdjacencyLoss:
    """The loss of a batch; each call updates the clusters and returns the vectors' gradients."""

    checkpointed: ClassVar[tuple[str, ...]] = (
        "_graph",
        "_optimizer",
        "_softmax",
        "_step",
        "_watch",
    )

    def __init__(
        self,
        graph: ClusterGraph,
        settings: TreeSettings,
        *,
        edge_lr: float,
        temperature: Temperature,
        steps: int,
        second_stage: int,
    ) -> None:
        """Train ``graph`` with its own AdamW.

        Args:
            graph: clusters and edges, which each call updates.
            settings: weights and the learning rate of clusters.
            edge_lr: learning rate of the weights of edges.
            temperature: factor of the scores of vectors.
            steps: number of steps over which learning rates fall to 0, on half a cosine.
            second_stage: step from which the weights of edges are learned.
        """
        self._graph, self._settings, self._edge_lr = graph, settings, edge_lr
        self._steps, self._second, self._step = steps, second_stage, 0
        others = [each for name, each in graph.named_parameters() if name != "strength"]
        groups: list[dict[str, Any]] = [
            {"params": others},
            {"params": [graph.strength], "weight_decay": 0.0},
        ]
        self._optimizer = torch.optim.AdamW(groups)
        self._softmax = MaskedSoftmax(temperature)
        self._watch = LossWatch(math.isfinite, "lr, indexer_lr or edge_lr")

    def __call__(self, q: torch.Tensor, x: torch.Tensor, batch: Batch) -> Gradients:
        """Loss and gradients of a batch.

        Raises:
            InputError: the loss is not a number.
        """
        settings, graph = self._settings, self._graph
        of_vectors = self._softmax(q, x, batch)
        irrelevant = torch.ones(len(q), len(x), dtype=torch.bool, device=q.device)
        irrelevant.view(-1)[batch.pairs] = False
        asked = q.detach().requires_grad_()
        documents = batch.documents.long().to(q.device)
        ways = graph.reached(graph.probabilities(asked), documents)
        loss = settings.indexing_weight * softmax((ways + TINY).log(), irrelevant, batch)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._move()
        weight = settings.similarity_weight
        total = loss.detach() + weight * of_vectors.loss
        self._watch.add(total)
        if self._step == self._steps:
            self._watch.look()
        of_ways = asked.grad if asked.grad is not None else torch.zeros_like(q)
        return Gradients(
            total, weight * of_vectors.queries + of_ways, weight * of_vectors.documents
        )

    def _move(self) -> None:
        falling = (1 + math.cos(math.pi * self._step / self._steps)) / 2
        of_clusters, of_edges = self._optimizer.param_groups
        of_clusters["lr"] = self._settings.indexer_lr * falling
        of_edges["lr"] = self._edge_lr * falling
        if self._step < self._second:
            self._graph.strength.grad = None
        self._optimizer.step()
        self._step += 1


class GraphCheckpoint(TreeCheckpoint):
    """The best encoder and clusters on validation, at a share of documents visited."""

    def _validate(self) -> float:
        routed = cast("RoutedEncoder", self._training)
        graph = cast("ClusterGraph", routed.tree)
        data = self._data
        documents = np.asarray(routed.encode_documents(data.document_texts), np.float32)
        queries = data.validation_queries
        vectors = routed.encode_queries(queries)
        judged = data.validation.rows(queries.rows)
        guide = Guide(vectors, judged, tree=graph)
        index = AdjacentLeaves(leaves_per_document=min(2, graph.clusters.shape[1]))
        index.build(documents, guide)
        if index.least_visited > self._budget:
            return -index.least_visited
        ids = index.search(vectors, guide.depth, {"nprobe": index.probes_within(self._budget)}).ids
        return guide.score(ids)
