"""hope: the Katz proximity of links, factored by a truncated singular value decomposition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.node_embeddings.trainer import lacks_nodes
from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from scipy.sparse import csc_array

    from bench.method import Progress, Workspace
    from bench.task import Relevance, Training
    from bench.types import Floats
    from methods.encoders.base import Encoder
    from methods.encoders.table import TableEncoder


@dataclass(frozen=True)
class HOPE(Trainer):
    """High-order proximity preserved embedding: a source and a target vector for each node.

    Ou, Cui, Pei, Zhang & Zhu, KDD 2016, "Asymmetric transitivity preserving graph embedding":
    A[i, j] is 1 if j is a parent of i, and (I - beta A)^-1 beta A the Katz proximity, in which a
    path of length l counts beta^l. Its largest singular triplets (s, u, v) give the sources
    sqrt(s) u, which are the queries, and the targets sqrt(s) v, the documents: no vectors of as
    many dimensions have dot products with a smaller squared error. The proximity is never formed.

    Departures: a node is relevant to itself, so that I is added to the proximity, which makes it
    (I - beta A)^-1, as in the paper's rooted PageRank; the triplets come from ARPACK with solves by
    a sparse LU, not from a generalised decomposition of the two factors.
    """

    version: ClassVar[str] = "hope 1"

    dim: int = 64  # dimension of the vectors
    beta: float = 0.8  # weight of a path for each of its links; a hierarchy allows any

    def skip(self, data: Training) -> str | None:
        """There must be links between nodes without texts, and more nodes than dimensions."""
        if reason := lacks_nodes(data):
            return reason
        if not (data.relevance.distances == 1).any():
            return "learns from links, and no training pair is at distance 1"
        n_nodes = data.relevance.n_documents
        if self.dim >= n_nodes:
            return f"dim must be below the number of nodes, {n_nodes:,}, got {self.dim}: set dim"
        return None

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> TableEncoder:
        """Decompose the proximity; the seed draws the vector that ARPACK starts from."""
        import torch

        from methods.encoders.table import TableEncoder
        from methods.trainers.circle import nodes_of

        nodes = nodes_of(data.relevance)
        first = np.random.default_rng(seed).normal(size=len(nodes))
        sources, targets = _factors(self.beta * _parents(data.relevance), self.dim, first)
        queries, documents = (each.astype(np.float32, "C") for each in (sources, targets[nodes]))
        return TableEncoder(torch.from_numpy(queries), torch.from_numpy(documents), "dot")


def _parents(relevance: Relevance) -> csc_array:
    """[n, n] 1 where the column's node is a parent of the row's."""
    from scipy.sparse import csc_array

    from methods.trainers.circle import nodes_of

    links = relevance.distances == 1
    children, parents = relevance.queries[links], nodes_of(relevance)[relevance.documents[links]]
    n_nodes = relevance.n_queries
    return csc_array((np.ones(len(children)), (children, parents)), (n_nodes, n_nodes))


def _factors(links: csc_array, dim: int, first: Floats) -> tuple[Floats, Floats]:
    """[n, dim] sources and targets, whose dot products are nearest to (I - links)^-1."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import LinearOperator, splu, svds

    factor = (eye_array(links.shape[0]) - links).tocsc()
    solver, of_transpose = splu(factor), splu(factor.T.tocsc())
    proximity = LinearOperator(links.shape, solver.solve, of_transpose.solve, dtype=np.float64)
    u, s, vt = svds(proximity, dim, v0=first)
    return u * s**0.5, vt.T * s**0.5
