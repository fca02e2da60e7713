"""elias-encoder: encoder, clusters and their edges to documents learned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from bench.errors import InputError
from methods.compose import compose
from methods.dual_encoder import DualEncoder
from methods.indexes.adjacent_leaves import AdjacentLeaves
from methods.trainers.ehi import EHI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

    from bench.method import FitIdentity, Progress, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder, Learner
    from methods.encoders.routed import RoutedEncoder

BLOCK = 4096
"""Queries whose vectors are computed at once."""


@dataclass(frozen=True)
class ELIAS(EHI):
    """Encoder, clusters and a sparse adjacency of documents, by one loss (arXiv 2210.08410).

    The paper labels by extreme classification; here labels are the documents, whose vectors take
    the place of its classifiers. As there, training has two stages: k-means leaves are kept while
    encoder and classifier of clusters learn; then each document gets edges to the clusters that its
    queries are sent to, and their weights are learned too. Pairs, negatives and the first loss are
    those of ``ehi``; a way to a document has the probability of its clusters times the weights of
    its edges.
    """

    version: ClassVar[str] = "elias-encoder 1"
    shares: ClassVar[tuple[str, ...]] = (*EHI.shares, "first_stage_share")

    neighbour_weight: float = 0.0
    edges: int = 4  # clusters that a document has learned edges to
    edge_lr: float = 0.05  # learning rate of their weights at the first step
    first_stage_share: float = 0.5  # share of the steps with k-means leaves

    def __post_init__(self) -> None:
        """Clusters have one height, and no terms that only EHI has."""
        super().__post_init__()
        for name, value in (
            ("height", 1),
            ("paths", "all"),
            ("children", "own"),
            ("neighbour_weight", 0),
            ("intra_leaf_weight", 0),
        ):
            if getattr(self, name) != value:
                raise InputError(f"elias has {name}={value}, got {getattr(self, name)!r}")

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train encoder, classifier and edges."""
        import torch

        from methods.device import device_of
        from methods.encoders.routed import RoutedEncoder
        from methods.trainers.loop import train_encoder
        from methods.trees.adjacency import ClusterGraph
        from methods.trees.elias_loss import AdjacencyLoss, GraphCheckpoint
        from methods.trees.mining import HardNegatives
        from methods.trees.start import new_tree

        encoder = start.copy() if start else self.new_encoder(data, workspace, seed=seed)
        documents = np.asarray(encoder.encode_documents(data.document_texts), np.float32)
        tree = new_tree(self, documents, seed, device_of(workspace))
        edges = min(self.edges, tree.shape.n_leaves)
        graph = ClusterGraph.over(tree, len(documents), edges)
        graph.clusters.copy_(graph.leaves(torch.tensor(documents), edges))
        with torch.no_grad():  # the nearest cluster alone, as k-means has it
            graph.strength[:, 1:] = -torch.inf
        routed = RoutedEncoder(encoder, graph)
        learner, joined = self._learner(encoder, data, workspace)
        mining = HardNegatives(data.relevance, self, seed)
        batches = self._batches(data.relevance, joined, mining, np.random.default_rng(seed))
        an_epoch = batches.per_epoch
        steps = self.epochs * an_epoch or min(self.steps, self.max_epochs * an_epoch)
        best = GraphCheckpoint(
            routed,
            data,
            budget=self.checkpoint_budget,
            steps=steps,
            checks=self.checks,
            patience=0,  # the second stage begins with other leaves
        )
        second = max(1, round(self.first_stage_share * steps))
        loss = AdjacencyLoss(
            graph,
            self,
            edge_lr=self.edge_lr,
            temperature=self.new_temperature(),
            steps=steps,
            second_stage=second,
        )

        def mine() -> None:
            queries = encoder.encode_queries(data.queries(data.relevance.answered))
            found = np.asarray(encoder.encode_documents(data.document_texts), np.float32)
            leaf = graph.leaves_of_documents(1).numpy()
            mining.refresh(graph, queries, found, leaf)

        def after_step(step: int) -> bool:
            if step == second:
                graph.connect(self._votes(encoder, learner, data, joined, graph.device))
            if step == second or step % (self.refresh * an_epoch) == 0:
                mine()
            best.after_step(step)
            return False

        mine()
        train_encoder(
            learner,
            batches,
            loss,
            steps=steps,
            lr=self.rate(data),
            progress=progress,
            checkpoint=workspace.checkpoint,
            after_step=after_step,
            changed={"best": best, "mining": mining},
        )
        if best.is_untrained:
            workspace.warn(
                "no checkpoint is better on validation than the start: encoder and clusters are "
                "kept as they were before training"
            )
        kept = cast("RoutedEncoder", best.encoder)
        kept.tree.history = mining.history
        return kept

    def _votes(
        self,
        encoder: Encoder,
        learner: Learner,
        data: Training,
        joined: Relevance,
        device: torch.device,
    ) -> Iterator[tuple[torch.Tensor, Ints]]:
        """Vectors of all queries and sentences with their documents, and of the documents."""
        import torch

        vectors = np.asarray(encoder.encode_documents(data.document_texts), np.float32)
        for begin in range(0, len(vectors), BLOCK):
            some = vectors[begin : begin + BLOCK]
            yield torch.tensor(some, device=device), begin + np.arange(len(some))
        of_text: Any = learner
        rows = joined.answered
        for begin in range(0, len(rows), BLOCK):
            block = rows[begin : begin + BLOCK]
            if joined is data.relevance:
                queries = torch.tensor(encoder.encode_queries(data.queries(block)), device=device)
            else:
                queries = of_text.query_vectors(block)
            asked = joined.rows(block)
            yield queries[np.array(asked.queries)], asked.documents


_Composed: Any = compose("elias", "elias-encoder", ELIAS, AdjacentLeaves)


class ELIASMethod(_Composed):  # type: ignore[misc]
    """Clusters and their edges to documents are learned with the encoder (arXiv 2210.08410).

    A query visits the documents that edges lead to from its most probable clusters. The paper
    labels by extreme classification; here labels are documents, scored by their vectors.
    """

    version: ClassVar[str] = "elias 1"
    encoder: Any

    def load(self, folder: Path) -> None:
        """Load encoder, clusters and edges."""
        from methods.encoders.routed import RoutedEncoder
        from methods.trees.adjacency import ClusterGraph

        DualEncoder.load(self, folder)
        self.encoder = RoutedEncoder(self.encoder.encoder, ClusterGraph.load(folder))

    def fit_identity(self) -> FitIdentity:
        """What the fitted state of its trainer depends on, and how it is loaded."""
        identity: FitIdentity = super().fit_identity()
        return identity._replace(parts=(*identity.parts, ELIASMethod))
