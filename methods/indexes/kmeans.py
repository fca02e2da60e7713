"""Spherical k-means: the start of trees, and the centroids of guided leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faiss
import numpy as np

if TYPE_CHECKING:
    from bench.types import Floats

ITERATIONS = 20


def spherical_kmeans(vectors: Floats, k: int, seed: int) -> Floats:
    """[k, dim] unit centroids; if there are fewer than k vectors, some centroids repeat them."""
    if len(vectors) <= k:
        repeated: Floats = np.resize(vectors, (k, vectors.shape[1]))
        return repeated
    clustering = faiss.Kmeans(vectors.shape[1], k, niter=ITERATIONS, seed=seed + 1, spherical=True)
    clustering.cp.min_points_per_centroid = 1  # no warning on small corpora
    clustering.train(np.ascontiguousarray(vectors))
    centroids: Floats = clustering.centroids
    return centroids
