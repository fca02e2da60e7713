"""A start for the tables of a hierarchy: each node near the mean of its parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import sparse

if TYPE_CHECKING:
    from bench.task import Relevance


def hierarchical_start(relevance: Relevance, dim: int, decay: float, seed: int) -> torch.Tensor:
    """Unit vectors [n, dim], from the roots down: parents' mean + decay^(level - 1) * noise.

    It uses the direct links, the pairs at distance 1; query ``i`` and document ``i`` must be the
    same node. Noise is N(0, 1) / sqrt(dim); a level is the longest path up to a root.

    Args:
        relevance: training pairs of a hierarchy.
        dim: dimension of the vectors.
        decay: factor of the noise from one level to the next.
        seed: seed of the noise.
    """
    n_nodes = relevance.n_documents
    direct = relevance.distances == 1
    children, parents = relevance.queries[direct], relevance.documents[direct]
    links = np.ones(len(children), np.float32)
    up = sparse.csr_array((links, (children, parents)), (n_nodes, n_nodes))
    n_parents = up.sum(axis=1)
    generator = torch.Generator().manual_seed(seed)
    noise = (torch.randn(n_nodes, dim, generator=generator) / dim**0.5).numpy()
    vectors = np.zeros_like(noise)
    placed = np.zeros(n_nodes, bool)
    level = 0
    while not placed.all():
        ready = ~placed & (up @ (~placed).astype(np.float32) == 0)
        mean = (up[ready] @ vectors) / np.maximum(n_parents[ready], 1)[:, None]
        laid = mean + decay ** max(level - 1, 0) * noise[ready]
        vectors[ready] = laid / np.linalg.norm(laid, axis=1, keepdims=True)
        placed |= ready
        level += 1
    return torch.from_numpy(vectors)
