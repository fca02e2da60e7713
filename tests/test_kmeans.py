"""Leaves of many documents: k-means from nested clusters, and a quantizer in two levels."""

import numpy as np
import pytest

from methods.indexes import kmeans
from methods.indexes.kmeans import leaf_centroids, quantizer_of

NLIST = 100


def unit(n, seed, dim=8):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def nested_from(monkeypatch, nlist):
    monkeypatch.setattr(kmeans, "NESTED", nlist)
    monkeypatch.setattr(kmeans, "TWO_LEVELS", nlist)


def test_nested_clusters_lie_as_near_to_the_documents_as_those_from_a_random_start(monkeypatch):
    documents = unit(5000, 0)
    near = []
    for nlist in (NLIST + 1, NLIST):
        nested_from(monkeypatch, nlist)
        centroids = leaf_centroids(documents, NLIST, seed=0)
        assert centroids.shape == (NLIST, 8)
        np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, rtol=1e-5)
        near.append((documents @ centroids.T).max(axis=1).mean())
    assert near[1] > 0.99 * near[0]


def test_two_levels_find_the_nearest_centroid_of_nearly_every_document(monkeypatch):
    documents, centroids = unit(5000, 0), unit(400, 1)
    nested_from(monkeypatch, 401)
    nearest = quantizer_of(centroids).assign(documents, 1)
    nested_from(monkeypatch, 400)
    found = quantizer_of(centroids)
    assert found.nlist == 20
    assert (found.assign(documents, 1) == nearest).mean() > 0.99


@pytest.mark.parametrize("different", [1, 3, 90])
def test_each_document_has_a_leaf_where_documents_repeat(monkeypatch, different):
    nested_from(monkeypatch, NLIST)
    documents = unit(different, 0)[np.random.default_rng(1).integers(0, different, 3000)]
    centroids = leaf_centroids(documents, NLIST, seed=0)
    leaf = quantizer_of(centroids).assign(documents, 1)
    assert np.isfinite(centroids).all()
    assert leaf.min() >= 0
    assert len(np.unique(leaf)) <= different
