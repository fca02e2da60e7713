"""The operating points of an index use up the budgets, and the seed of a cell reaches it."""

import numpy as np
import pytest

from bench.errors import InputError
from bench.evaluation.fitted import FittedCache
from bench.method import Workspace, no_progress
from bench.registry import Registry
from bench.task import Judgements, Relevance
from methods.indexes import leaves
from methods.indexes.base import Asked, Guide
from methods.indexes.budgets import BUDGETS
from methods.indexes.faiss_ivf import FaissIVF
from methods.indexes.faiss_ivf_2 import FaissIVF2
from methods.indexes.guided import JudgedRouter, MovedPositives
from methods.indexes.hnsw import HNSW
from methods.indexes.ivf_rabitq import IVFRaBitQ
from methods.indexes.learned_router import LearnedRouter
from methods.indexes.learned_tree import LearnedTree
from methods.indexes.optimist import Optimist
from methods.indexes.scann import ScaNN
from methods.indexes.scann_soar import ScaNNSOAR
from methods.shards.ivf import ShardedIVF
from methods.trees.indexer import Indexer, TreeShape
from methods.trees.start import start_at_clusters

NLIST = 256


def unit(n, seed, dim=8):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def guide_of(queries, seed=0, tree=None, n_documents=1000):
    n = len(queries)
    relevance = Relevance.from_pairs(np.arange(n), np.arange(n), np.zeros(n, int), n, n_documents)
    asked = Asked(queries, relevance)
    workspace = Workspace(seed=seed)
    return Guide(queries, Judgements(relevance, cut=10), lambda: asked, tree, workspace)


def tree_of(documents):
    tree = Indexer(TreeShape(documents.shape[1], 16, 2))
    start_at_clusters(tree, documents, 20.0, seed=0)
    return tree


def costs_of(index, queries, n_documents):
    """Shares of the corpus at each point: visited, and visited with the cost of routing."""
    sizes = None if index.partition() is None else np.bincount(index.partition())
    visited, work = [], []
    for point in index.operating_points():
        found = index.search(queries, 10, point)
        if sizes is None:
            visited.append(found.visited.mean() / n_documents)
        else:
            visited.append(sizes[found.leaves].sum(axis=1).mean() / n_documents)
        work.append(visited[-1] + (found.routing or 0.0) / n_documents)
    return {"visited": np.array(visited), "work": np.array(work)}


@pytest.mark.parametrize(
    "index", [FaissIVF(NLIST), ScaNN(NLIST), LearnedTree(), LearnedTree(beam=4), HNSW()], ids=str
)
def test_a_budget_is_used_to_nine_tenths_by_visited_and_by_work(index):
    documents, sample, queries = unit(8000, 0), unit(100, 1), unit(300, 2)
    index.build(documents, guide_of(sample, tree=tree_of(documents), n_documents=8000))
    leaf = index.partition()
    if leaf is None:  # a beam of 1 visits this much
        least = index.search(queries, 1, {"efSearch": 1}).visited[0] / len(documents)
    else:
        least = 10 * np.bincount(leaf).max() / len(documents)
    asked = [budget for budget in BUDGETS if least < budget]
    assert {0.1, 0.2} <= set(asked)
    for by, costs in costs_of(index, queries, len(documents)).items():
        for budget in asked:
            assert 0.9 * budget <= costs[costs <= budget].max() <= budget, f"{budget} by {by}"


WITH_LEAVES = [
    FaissIVF, FaissIVF2, ShardedIVF, ScaNN, ScaNNSOAR, Optimist, LearnedRouter, JudgedRouter,
    MovedPositives,
]  # fmt: skip


@pytest.mark.parametrize("kind", [*WITH_LEAVES, IVFRaBitQ, HNSW])
def test_the_same_seed_makes_the_same_index_and_another_seed_another(kind):
    documents, queries = unit(1000, 0), unit(60, 1)
    found = []
    for seed in (3, 3, 4, 2**32 - 1):
        index = kind(nlist=20) if "nlist" in vars(kind()) else kind()
        index.build(documents, guide_of(queries, seed))
        result = index.search(queries, 20, {"nprobe": 1, "efSearch": 20})
        found.append((result.ids, index.operating_points()))
    (first, points), (again, same_points), *others = found
    assert np.array_equal(first, again)
    assert points == same_points
    assert not any(np.array_equal(first, ids) for ids, _ in others)


def test_a_graph_of_one_document_visits_it():
    index = HNSW()
    index.build(unit(1, 0), guide_of(unit(1, 1), n_documents=1))
    assert costs_of(index, unit(3, 2), 1)["visited"].tolist() == [1.0]


def test_an_index_has_the_seed_of_the_cell_whether_the_fit_was_made_or_loaded(small_task, tmp_path):
    cache, training = FittedCache(tmp_path, "task"), small_task.training()
    for loaded in (False, True):
        method = Registry().resolve("de-hnsw")(steps=1, dim=4)
        assert cache.fit(method, training, 5, no_progress).shared is loaded
        assert method.workspace.seed == 5


@pytest.mark.parametrize("seed", [2**31 - 1, 2**31, 2**32 - 1])
def test_a_seed_of_32_bits_is_not_that_of_a_small_one(seed):
    found = Guide(np.zeros((0, 2)), None, workspace=Workspace(seed=seed)).seed
    assert found not in {0, 1, 2}
    assert 0 <= found < 2**31 - 1


@pytest.mark.parametrize("kind", WITH_LEAVES)
def test_the_number_of_leaves_is_chosen_on_a_sample_and_all_documents_are_laid_out_once(
    kind, monkeypatch
):
    monkeypatch.setattr(leaves, "WHOLE", 2499)
    monkeypatch.setattr(leaves, "SAMPLE", 10)
    documents, queries = unit(2500, 0), unit(60, 1)
    index, sizes, lay_out = kind(), [], kind.lay_out

    def counted(self, documents, nlist, guide):
        sizes.append(len(documents))
        lay_out(self, documents, nlist, guide)

    monkeypatch.setattr(kind, "lay_out", counted)
    index.build(documents, guide_of(queries, n_documents=2500))
    *of_sample, whole = sizes
    assert len(set(of_sample)) == 1
    assert 500 <= of_sample[0] <= 560  # those drawn, and the answers of 60 queries
    assert (len(of_sample), whole) == (5, 2500)
    found = index.search(queries, 10, index.operating_points()[-1])
    exact = np.argsort(-queries @ documents.T, axis=1)[:, :10]
    assert np.array_equal(found.ids, exact)


def test_relevance_among_some_documents_keeps_what_is_judged_and_the_training_pairs_there_are():
    guide = guide_of(unit(4, 0), n_documents=10)  # the answer of query i is document i
    some = guide.among(np.array([1, 3, 8]))
    assert some.judged.relevance.documents.tolist() == [3, 0, 3, 1]  # 3: not there
    assert some.score(np.array([[0], [0], [0], [1]])) == 0.5
    asked = some.training()
    assert asked.relevance.queries.tolist() == [1, 3]
    assert asked.relevance.documents.tolist() == [0, 1]


class TestIVFRaBitQ:
    """Codes choose candidates, vectors rank them."""

    def test_with_every_document_rescored_it_finds_what_exact_search_does(self):
        documents, queries = unit(500, 0, dim=32), unit(20, 1, dim=32)
        index = IVFRaBitQ(nlist=10, rescored=50)
        index.build(documents, guide_of(queries))
        found = index.search(queries, 10, {"nprobe": 10})
        exact = np.argsort(-queries @ documents.T, axis=1)[:, :10]
        assert np.array_equal(found.ids, exact)
        scores = np.take_along_axis(queries @ documents.T, exact, axis=1)
        np.testing.assert_allclose(found.scores, scores, rtol=1e-5)

    def test_codes_find_most_of_the_best_and_finer_ones_more(self):
        documents, queries = unit(2000, 0, dim=64), unit(50, 1, dim=64)
        exact = np.argsort(-queries @ documents.T, axis=1)[:, :10]
        shares = []
        for bits in (1, 4):
            index = IVFRaBitQ(nlist=20, bits=bits, rescored=2)
            index.build(documents, guide_of(queries))
            ids = index.search(queries, 10, {"nprobe": 20}).ids
            shares.append(np.mean([len({*a} & {*b}) / 10 for a, b in zip(ids, exact, strict=True)]))
        assert 0.2 < shares[0] < shares[1]
        assert shares[1] > 0.9

    def test_only_documents_of_the_leaves_are_found(self):
        documents, queries = unit(300, 0), unit(10, 1)
        index = IVFRaBitQ(nlist=6)
        index.build(documents, guide_of(queries))
        found = index.search(queries, 300, {"nprobe": 2})
        sizes = np.bincount(index.partition(), minlength=6)
        assert ((found.ids >= 0).sum(axis=1) == sizes[found.leaves].sum(axis=1)).all()

    def test_more_than_nine_bits_are_refused(self):
        with pytest.raises(InputError, match="9 at most, got 10"):
            IVFRaBitQ(bits=10)
