"""Clusters with a learned sparse adjacency to documents (ELIAS, arXiv 2210.08410)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.sparse import coo_array
from torch import nn

from bench.errors import InputError
from methods.trees.indexer import WEIGHTS, Indexer, TreeShape

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.types import Ints

EDGES, EDGES_FILE = ("clusters", "strength"), "edges.safetensors"
VOTED = 16
"""Clusters of a query that count for its documents: the most probable ones."""
LEAST = 1e-6
"""Weight of an edge that no query speaks for, before the logarithm."""


class ClusterGraph(Indexer):
    """A classifier of clusters, and for each document its edges to a few of them.

    Attributes:
        clusters: [n_documents, edges] clusters that a document has edges to, each once.
        strength: [n_documents, edges] logits; their softmax is the weight of each edge.
    """

    clusters: torch.Tensor

    def __init__(self, shape: TreeShape, n_documents: int, edges: int, seed: int = 0) -> None:
        super().__init__(shape, seed)
        self.register_buffer("clusters", torch.zeros(n_documents, edges, dtype=torch.long))
        self.strength = nn.Parameter(torch.zeros(n_documents, edges))

    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        """[n, n_clusters] probability of each cluster for vectors [n, dim]."""
        return self.node_probabilities(x)[-1]

    def reached(self, probabilities: torch.Tensor, documents: torch.Tensor) -> torch.Tensor:
        """[n, c] probability of a way over some cluster to each document.

        Args:
            probabilities: [n, n_clusters] of n queries.
            documents: [c] document numbers.
        """
        weights = self.strength[documents].softmax(1)
        over = probabilities[:, self.clusters[documents].flatten()]
        return (over.view(len(over), *weights.shape) * weights).sum(2)

    @torch.no_grad()
    def connect(self, votes: Iterable[tuple[torch.Tensor, Ints]]) -> None:
        """Set each document's edges to the clusters that its queries are sent to most.

        Args:
            votes: vectors [n, dim] of queries, with a document [n] that each is relevant to; every
                document is in one at least, as that of its own vector.

        Raises:
            InputError: there are fewer clusters than edges.
        """
        n_documents, edges = self.clusters.shape
        n_clusters = self.shape.n_leaves
        if edges > n_clusters:
            raise InputError(
                f"edges is {edges}, but there are {n_clusters} clusters; lower edges, or raise "
                "branching"
            )
        total = coo_array((n_documents, n_clusters), dtype=np.float32).tocsr()
        for vectors, documents in votes:
            found = self.probabilities(vectors).topk(min(max(VOTED, edges), n_clusters), dim=1)
            rows = np.repeat(documents, found.indices.shape[1])
            columns = found.indices.flatten().cpu().numpy()
            weights = found.values.flatten().cpu().numpy()
            total = total + coo_array((weights, (rows, columns)), shape=total.shape).tocsr()
        clusters, weights = strongest(total.indptr, total.indices, total.data, edges)
        self.clusters.copy_(torch.from_numpy(clusters))
        self.strength.copy_(torch.from_numpy(np.log(weights + LEAST)))

    @torch.no_grad()
    def leaves_of_documents(self, count: int) -> torch.Tensor:
        """[n_documents, count] the clusters of each document's strongest edges, on the CPU."""
        order = self.strength.argsort(dim=1, descending=True, stable=True)[:, :count]
        return self.clusters.gather(1, order).cpu()

    @classmethod
    def over(cls, tree: Indexer, n_documents: int, edges: int) -> ClusterGraph:
        """The clusters of a tree, with edges that are still to be set."""
        graph = cls(tree.shape, n_documents, edges).to(tree.device)
        graph.load_state_dict(tree.state_dict(), strict=False)
        graph.history = tree.history
        return graph

    def save(self, folder: Path) -> None:
        """Write the clusters as a tree, and the edges beside them."""
        from safetensors.torch import save_file

        super().save(folder)
        weights = self.state_dict()
        edges = {name: weights.pop(name) for name in EDGES}
        save_file(weights, folder / WEIGHTS)
        save_file(edges, folder / EDGES_FILE)

    @classmethod
    def load(cls, folder: Path) -> ClusterGraph:
        """What ``save`` wrote."""
        from safetensors.torch import load_file

        edges = load_file(folder / EDGES_FILE)
        graph = cls.over(Indexer.load(folder), *edges["clusters"].shape)
        graph.load_state_dict(edges, strict=False)
        return graph


def strongest(
    indptr: Ints, columns: Ints, weights: np.ndarray, edges: int
) -> tuple[Ints, np.ndarray]:
    """The ``edges`` largest entries of each row of a sparse matrix: columns and weights.

    Every row has as many entries or more.

    Args:
        indptr: [n_rows + 1] where each row begins.
        columns: [n] columns of the entries.
        weights: [n] the entries.
        edges: number of entries that are kept.
    """
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    order = np.lexsort((columns, -weights, rows))
    kept = order[(indptr[:-1, None] + np.arange(edges)).ravel()]
    return columns[kept].reshape(-1, edges).astype(np.int64), weights[kept].reshape(-1, edges)
