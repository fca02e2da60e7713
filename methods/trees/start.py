"""A new tree: its form, and its start at nested k-means clusters of the documents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from bench.errors import InputError
from methods.indexes.kmeans import spherical_kmeans
from methods.trees.indexer import Indexer, TreeShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.types import Bools, Floats, Ints
    from methods.trees.settings import TreeSettings

ROUTING = 2
"""What ranking the leaves of a tree costs by default, in document dot products and square roots of
the corpus: the number of leaves follows."""
FIT_STEPS, FIT_BATCH, FIT_RATE = 300, 512, 0.01
SCORED = 1 << 26
"""Pairs of a document and a centroid that are scored at once."""


def new_tree(settings: TreeSettings, documents: Floats, seed: int, device: torch.device) -> Indexer:
    """The tree before joint training.

    Args:
        settings: the form of the tree, and whether it starts at clusters.
        documents: [n, dim] vectors of length 1.
        seed: seed of the draws.
        device: the device that the tree is trained on.

    Raises:
        InputError: the tree would have more leaves than there are documents.
    """
    n_documents, dim = documents.shape
    height = settings.height
    routing_dim = settings.routing_dim if settings.routing_dim < dim else 0
    branching = settings.branching or default_branching(n_documents, height, dim, routing_dim)
    shape = TreeShape(dim, branching, height, settings.children, settings.transform, routing_dim)
    if shape.n_leaves > n_documents:
        raise InputError(
            f"branching ** height is {branching} ** {height} = {shape.n_leaves:,} leaves "
            f"for {n_documents:,} documents; lower branching or height"
        )
    tree = Indexer(shape, seed).to(device)
    if settings.warm_start:
        start_at_clusters(tree, documents, settings.start_scale, seed)
    return tree


def default_branching(n_documents: int, height: int, dim: int, routing_dim: int) -> int:
    """The number of children for which a tree of height 1 with as many leaves costs ``ROUTING``.

    Args:
        n_documents: size of the corpus.
        height: height of the tree.
        dim: dimension of the vectors.
        routing_dim: dimension that the classifiers read, after a projection; 0: ``dim``.

    Raises:
        InputError: even two children of a node would be too many.
    """
    if 2**height > n_documents:
        raise InputError(
            f"height is {height}, which takes at least 2 ** {height} = {2**height:,} leaves, but "
            f"there are {n_documents:,} documents; lower height"
        )
    affordable = ROUTING * math.sqrt(n_documents)
    # The projection costs routing_dim, and each classifier its share of a document.
    leaves = max(affordable, (affordable - routing_dim) * dim / (routing_dim or dim))
    branching: int = max(2, round(leaves ** (1 / height)))
    while branching**height > n_documents:
        branching -= 1
    return branching


def start_at_clusters(tree: Indexer, documents: Floats, scale: float, seed: int) -> None:
    """Set a tree's classifiers to ``scale`` times the centroids of nested clusters.

    A tree whose nodes share their classifiers cannot hold centroids below the root: it is fitted
    to the clusters' labels by cross-entropy, along each document's own path.

    Args:
        tree: the tree, which is changed in place.
        documents: [n, dim] vectors of length 1.
        scale: factor of the centroids, as a temperature is one of a cosine.
        seed: seed of the clusterings.
    """
    shape = tree.shape
    if tree.projection is not None:
        documents = _on_main_axes(documents, tree.projection.weight)
    node = np.zeros(len(documents), np.int64)
    paths = [node]
    for depth, level in enumerate(tree.levels):
        centroids = np.stack(
            [
                _centroids_of(documents, node == parent, shape.branching, seed)
                for parent in range(shape.branching**depth)
            ]
        )
        child = np.empty_like(node)
        for parent in np.unique(node):
            rows = node == parent
            child[rows] = _nearest(documents[rows], centroids[parent])
        node = node * shape.branching + child
        paths.append(node)
        with torch.no_grad():
            if shape.children == "own":
                level.W.copy_(torch.from_numpy(scale * centroids))
            elif depth == 0:
                level.W[0].copy_(torch.from_numpy(scale * centroids[0]))
    if shape.children == "shared" and shape.height > 1:
        _fit_to_labels(tree, documents, paths, seed)


def _on_main_axes(documents: Floats, projection: torch.Tensor) -> Floats:
    """[n, routing_dim] unit vectors on the principal axes, to which the projection is set.

    A document without a part on them, as one whose text has no known token, keeps the vector 0.
    """
    centred = documents - documents.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, : -len(projection) - 1 : -1]
    with torch.no_grad():
        projection.copy_(torch.from_numpy(axes.T.copy()))
    projected = documents @ axes
    lengths = np.linalg.norm(projected, axis=1, keepdims=True)
    unit: Floats = projected / np.where(lengths > 0, lengths, 1)
    return unit


def _centroids_of(documents: Floats, mask: Bools, k: int, seed: int) -> Floats:
    """Centroids of some documents; of no documents, small random vectors that attract nothing."""
    if mask.any():
        return spherical_kmeans(documents[mask], k, seed)
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1e-3, (k, documents.shape[1])).astype(np.float32)


def _nearest(documents: Floats, centroids: Floats) -> Ints:
    """[n] the centroid of the largest dot product with each document."""
    size = max(1, SCORED // len(centroids))
    parts = np.split(documents, range(size, len(documents), size))
    return np.concatenate([(part @ centroids.T).argmax(axis=1) for part in parts])


def _fit_to_labels(tree: Indexer, documents: Floats, paths: Sequence[Ints], seed: int) -> None:
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(tree.parameters(), lr=FIT_RATE)
    for _ in range(FIT_STEPS):
        rows = rng.integers(0, len(documents), FIT_BATCH)
        x = torch.from_numpy(documents[rows]).to(tree.device)
        loss = x.new_zeros(())
        for level, above, below in zip(tree.levels, paths[:-1], paths[1:], strict=True):
            parents = torch.from_numpy(above[rows]).to(tree.device)
            logits = level.some_parents(x, parents[:, None])[:, 0]
            labels = torch.from_numpy(below[rows] % tree.shape.branching).to(tree.device)
            loss = loss + cross_entropy(logits, labels)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
