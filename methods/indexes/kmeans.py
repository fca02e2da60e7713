"""Spherical k-means: the centroids of leaves, and the start of trees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import faiss
import numpy as np

from methods.chunks import DEFAULT_MEMORY, mapping, rows_of

if TYPE_CHECKING:
    from bench.types import Floats

ITERATIONS = 20
"""Rounds of k-means that starts trees."""
ROUNDS, ROUNDS_NESTED = 10, 2
"""Rounds of k-means for leaves, from documents drawn at random and from nested clusters."""
PER_LEAF, AT_LEAST = 128, 1 << 16
"""Documents that leaves are clustered from: so many a leaf, or the second number if it is more."""
NESTED = 1024
"""Leaves from which k-means starts from nested clusters. For 1,146 leaves of WordNet this takes a
third of the time and finds a little more; for 573 leaves it finds less."""
TWO_LEVELS = 2048
"""Leaves from which documents are compared with some of the centroids: here that takes as long as
comparing them with all, for 4,000 leaves half as long."""
PROBED, PROBED_IN_TRAINING = 8, 4
"""Clusters of centroids that a document is compared with: 99.8 % and 99 % of a million documents
get the leaf that is nearest of all."""


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


def leaf_centroids(documents: Floats, nlist: int, seed: int, ceiling: int = 0) -> Floats:
    """[nlist, dim] unit centroids of leaves, by k-means over documents that are drawn at random.

    Many leaves start from nested clusters, so that few rounds over all documents drawn remain.

    Args:
        documents: [n_documents, dim] float32, or float16, or a memory map of them.
        nlist: number of leaves, at most that of the documents.
        seed: seed of the draws.
        ceiling: bytes that the process may allocate, of which the documents drawn take a quarter at
            most; 0: not known.
    """
    vectors = _drawn(documents, nlist, seed, ceiling)
    start = _nested_clusters(vectors, nlist, seed) if nlist >= NESTED else None
    clustering = faiss.Kmeans(
        vectors.shape[1],
        nlist,
        niter=ROUNDS if start is None else ROUNDS_NESTED,
        seed=seed,
        spherical=True,
        min_points_per_centroid=1,  # no warning on small corpora
        max_points_per_centroid=len(vectors),
    )
    if start is not None:
        clustering.index = quantizer_of(start, PROBED_IN_TRAINING)
    clustering.train(vectors, init_centroids=start)
    centroids: Floats = clustering.centroids
    return centroids


def quantizer_of(centroids: Floats, n_probed: int = PROBED) -> faiss.Index:
    """An index of centroids [nlist, dim] that finds the nearest of a document.

    From ``TWO_LEVELS`` on the centroids are in clusters themselves, about as many as each has
    centroids, and the nearest ``n_probed`` clusters are searched.
    """
    nlist, dim = centroids.shape
    flat = faiss.IndexFlatIP(dim)
    if nlist < TWO_LEVELS:
        flat.add(centroids)
        return flat
    clusters = spherical_kmeans(centroids, round(math.sqrt(nlist)), seed=0)
    nearest = faiss.knn(centroids, clusters, 1, metric=faiss.METRIC_INNER_PRODUCT)[1]
    occupied = np.unique(nearest)  # a document near empty clusters alone would have no leaf
    flat.add(clusters[occupied])
    two_levels = faiss.IndexIVFFlat(flat, dim, len(occupied), faiss.METRIC_INNER_PRODUCT)
    two_levels.is_trained = True
    two_levels.add(centroids)
    two_levels.nprobe = n_probed
    return two_levels


def _nested_clusters(vectors: Floats, k: int, seed: int) -> Floats:
    """[k, dim] clusters of about sqrt(k) clusters, each divided in proportion to its size."""
    outer = spherical_kmeans(vectors, round(math.sqrt(k)), seed)
    nearest = faiss.knn(vectors, outer, 1, metric=faiss.METRIC_INNER_PRODUCT)[1][:, 0]
    ends = np.bincount(nearest, minlength=len(outer)).cumsum()
    shares = np.diff(np.round(ends * (k / len(vectors))).astype(int), prepend=0)
    members = np.split(np.argsort(nearest, kind="stable"), ends[:-1])
    return np.concatenate(
        [
            spherical_kmeans(vectors[rows], share, seed)
            for rows, share in zip(members, shares, strict=True)
            if share
        ]
    )


def _drawn(documents: Floats, nlist: int, seed: int, ceiling: int) -> Floats:
    """[n, dim] float32 documents that leaves are clustered from."""
    n_documents, dim = documents.shape
    most = max(nlist, (ceiling or DEFAULT_MEMORY) // 4 // (4 * dim))
    n = min(max(PER_LEAF * nlist, AT_LEAST), most, n_documents)
    if n == n_documents and documents.dtype == np.float32 and mapping(documents) is None:
        return np.ascontiguousarray(documents)
    rng = np.random.default_rng(seed)
    return rows_of(documents, np.sort(rng.choice(n_documents, n, replace=False)), ceiling)
