"""Rivals of a learned tree: each router and each second leaf, on numbers checked apart."""

import numpy as np
import pytest

from bench.errors import InputError
from bench.leaves import leaf_health
from bench.method import Workspace
from bench.registry import Registry
from bench.task import Judgements, Relevance
from methods.indexes.base import Asked, Guide
from methods.indexes.exact import top_k
from methods.indexes.faiss_ivf import FaissIVF
from methods.indexes.faiss_ivf_2 import FaissIVF2
from methods.indexes.learned_router import LearnedRouter
from methods.indexes.optimist import Moments, Optimist
from methods.indexes.scann_soar import ScaNNSOAR
from tests.test_methods import fitted

NONE = np.empty((0, 16), np.float32)


def unit(n, seed, dim=16):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def guide_of(asked=NONE, sentences=None, relevant=0):
    """A guide with training queries that are all judged alike, and no validation."""
    n = len(asked)
    pairs = np.arange(n), np.full(n, relevant), np.zeros(n, int)
    relevance = Relevance.from_pairs(*pairs, n, 2000)
    none = Judgements(Relevance.from_pairs(*np.zeros((3, 0), int), 0, 2000), cut=10)
    training = Asked(asked, relevance)
    return Guide(NONE, none, lambda: training, None, Workspace(seed=1), sentences)


def first_leaf_holds_the_nearest(index, queries, documents):
    """Share of queries whose nearest document is in the leaf that is probed first."""
    nearest = top_k(queries, documents, 1)[1][:, 0]
    return (index.rank_leaves(queries)[:, 0] == index.partition()[nearest]).mean()


class TestOptimist:
    def test_a_wide_leaf_is_ahead_of_one_with_a_larger_mean(self):
        # Leaf 0: 1 and 1. Leaf 1: 1.5 and 0.4, mean 0.95, standard deviation 0.55.
        documents = np.array([[1, 0], [1, 0], [1.5, 0], [0.4, 0]], np.float32)
        leaf, query = np.array([0, 0, 1, 1]), np.array([[1, 0]], np.float32)
        for delta, bound in ((0.0, 0.95 + 0.55), (0.6, 0.95 + 2 * 0.55)):
            moments = Moments.of(documents, leaf, 2, rank=0, delta=delta)
            np.testing.assert_allclose(moments.scores(query), [[1, bound]], rtol=1e-6)
            assert moments.rank(query, 2).tolist() == [[1, 0]]

    @pytest.mark.parametrize("rank", [0, 1, 3])
    def test_the_bound_is_that_of_the_paper(self, rank):
        documents, queries = unit(300, 0, dim=6), unit(20, 1, dim=6)
        documents *= np.array([3, 2, 1, 1, 0.5, 0.1], np.float32)
        leaf = np.random.default_rng(2).integers(0, 4, 300)
        moments = Moments.of(documents, leaf, 5, rank=rank, delta=0.8)  # leaf 4 is empty
        expected = np.zeros((20, 5))
        for number in range(4):
            members = documents[leaf == number].astype(np.float64)
            covariance = np.cov(members.T, bias=True)
            root = np.diag(np.sqrt(np.diag(covariance)))
            inverse = np.linalg.inv(root)
            weights, vectors = np.linalg.eigh(inverse @ covariance @ inverse - np.eye(6))
            top = np.argsort(-weights)[:rank]
            kept = vectors[:, top] * np.maximum(weights[top], 0) @ vectors[:, top].T
            sketch = root @ (np.eye(6) + kept) @ root
            spread = np.einsum("qi,ij,qj->q", queries, sketch, queries)
            expected[:, number] = queries @ members.mean(axis=0) + np.sqrt(1.8 / 0.2 * spread)
        np.testing.assert_allclose(moments.scores(queries), expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize(("rank", "dot_products"), [(0, 2 * 12), (3, 5 * 12)])
    def test_its_routing_counts_means_diagonals_and_directions(self, rank, dot_products):
        index = Optimist(nlist=12, sketch_rank=rank)
        index.build(unit(500, 0), guide_of())
        assert index.search(unit(3, 1), 5, {"nprobe": 2}).routing == dot_products
        assert index.routing(12).tolist() == [dot_products] * 12

    @pytest.mark.parametrize("delta", [1.0, 1.5, -0.1])
    def test_a_degree_of_optimism_outside_zero_to_one_is_refused(self, delta):
        with pytest.raises(InputError, match=f"delta must be .*, got {delta}"):
            Optimist(delta=delta)


class TestLearnedRouter:
    # Queries lie around one direction, where the nearest documents are on the rims of leaves.
    documents = unit(2000, 0)
    queries = unit(3000, 1) + 2 * unit(1, 2)
    new = unit(500, 3) + 2 * unit(1, 2)

    @pytest.mark.parametrize("source", ["training queries", "sentences"])
    def test_it_finds_the_nearest_documents_of_new_queries_more_often_than_centroids(self, source):
        centroids = FaissIVF(nlist=40)
        centroids.build(self.documents, guide_of())
        of_centroids = first_leaf_holds_the_nearest(centroids, self.new, self.documents)
        if source == "sentences":
            guide = guide_of(sentences=lambda _of_each, _at_most: self.queries)
        else:
            guide = guide_of(self.queries)
        router = LearnedRouter(nlist=40)
        router.build(self.documents, guide)
        learned = first_leaf_holds_the_nearest(router, self.new, self.documents)
        assert learned > of_centroids + 0.05

    def test_judgements_change_nothing(self):
        routed = []
        for relevant in (0, 7):
            router = LearnedRouter(nlist=10, router_epochs=2)
            router.build(self.documents, guide_of(self.queries, relevant=relevant))
            routed.append(router.rank_leaves(self.new))
        assert np.array_equal(*routed)

    def test_labels_of_queries_that_teach_nothing_leave_the_centroids(self):
        # One query is held out, and none is left to be trained.
        router, centroids = LearnedRouter(nlist=10), FaissIVF(nlist=10)
        for index in (router, centroids):
            index.build(self.documents, guide_of(self.queries[:1]))
        assert np.array_equal(router.rank_leaves(self.new), centroids.rank_leaves(self.new))

    def test_without_any_query_it_says_what_else_there_is(self):
        with pytest.raises(InputError, match="no query to learn from: .* take faiss-ivf"):
            LearnedRouter(nlist=10).build(self.documents, guide_of())

    def test_given_vectors_without_training_queries_are_skipped(self):
        import bench

        method = Registry().resolve("zero-shot-de+learned-router")()
        task = bench.load("clusters:n=100,dim=4")
        assert "neither training queries nor texts" in method.skip(task.training())

    def test_a_rate_at_which_it_diverges_is_named(self):
        with pytest.raises(InputError, match="loss is .*; lower router_lr"):
            LearnedRouter(nlist=10, router_lr=1e30).build(self.documents, guide_of(self.queries))

    def test_sentences_serve_where_there_is_no_training_query(self, small_text_task):
        from dataclasses import replace

        untaught = replace(
            small_text_task,
            train=small_text_task.train.where(np.zeros(small_text_task.train.n_pairs, bool)),
        )
        method = fitted(untaught, "zero-shot-de+learned-router", nlist=4)
        assert method.partition().max() == 3


class TestTwoLeaves:
    @pytest.mark.parametrize("kind", [FaissIVF2, ScaNNSOAR])
    def test_one_leaf_is_too_few_for_two(self, kind):
        with pytest.raises(InputError, match="lies in 2 leaves: nlist must be 2 or more.*nlist=1"):
            kind(nlist=1).build(unit(50, 0), guide_of())

    def test_the_second_leaf_of_faiss_ivf_is_that_of_the_next_nearest_centroid(self):
        documents = unit(500, 0)
        index, plain = FaissIVF2(nlist=20), FaissIVF(nlist=20)
        for each in (index, plain):
            each.build(documents, guide_of())
        ranked = plain.rank_leaves(documents)[:, :2]
        assert np.array_equal(index.partition(), ranked)

    @pytest.mark.parametrize("kind", [FaissIVF2, ScaNNSOAR])
    @pytest.mark.parametrize("nprobe", [1, 3, 20])
    def test_a_search_for_all_finds_the_documents_of_its_leaves_once_each(self, kind, nprobe):
        documents, queries = unit(1000, 0), unit(30, 1)
        index = kind(nlist=20)
        index.build(documents, guide_of())
        assert index.partition().shape == (1000, 2)
        found = index.search(queries, 1000, {"nprobe": nprobe})
        for ids, leaves in zip(found.ids, found.leaves, strict=True):
            inside = np.isin(index.partition(), leaves).any(axis=1)
            assert sorted(ids[ids >= 0]) == np.flatnonzero(inside).tolist()

    def test_most_documents_of_soar_have_two_leaves(self):
        index = ScaNNSOAR(nlist=20)
        index.build(unit(1000, 0), guide_of())
        first, second = index.partition().T
        assert 0.8 < (first != second).mean() <= 1

    def test_leaves_that_tie_do_not_confuse_those_of_soar(self):
        index = ScaNNSOAR(nlist=20)
        index.build(unit(1000, 0), guide_of())
        for nprobe in (1, 4, 9):  # all leaves score 0, and ScaNN takes any of them
            found = index.search(np.zeros((1, 16), np.float32), 1000, {"nprobe": nprobe})
            inside = np.isin(index.partition(), found.leaves).any(axis=1)
            ids = found.ids[found.ids >= 0]
            assert 0 < len(ids) < 1000
            assert sorted(ids) == np.flatnonzero(inside).tolist()

    def test_a_leaf_that_is_named_twice_holds_its_document_once(self):
        assert leaf_health(np.array([[0, 0], [0, 1]]), 2).even == 1.5
