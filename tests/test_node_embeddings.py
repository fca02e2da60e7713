"""Embeddings of a hierarchy's nodes, each with a score of its own."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.data.load import load_dataset
from bench.data.readers.hierarchy import transductive_task
from bench.errors import InputError
from bench.method import Workspace
from bench.registry import Registry
from bench.task import Queries
from methods.encoders.similarity import DOCUMENTS, best_by, box, order, table_of
from methods.encoders.table import TableEncoder
from methods.node_embeddings.box import BoxEmbedding
from methods.node_embeddings.distance_softmax import DistanceSoftmax, HyperbolicSoftmax
from methods.node_embeddings.euclidean import EuclideanEmbedding
from methods.node_embeddings.hyperbolic import BallSGD, LorentzSGD, distances, in_ball, norms
from methods.node_embeddings.order import OrderEmbedding
from methods.node_embeddings.pair_loss import PairLoss
from methods.node_embeddings.poincare import Poincare
from methods.trainers.batches import make_batch
from tests.searching import searcher_of

TRAINERS = (EuclideanEmbedding, Poincare, OrderEmbedding, BoxEmbedding)
LN2 = math.log(2)


def rows(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def trained(task, trainer):
    return trainer.train(
        task.training(), None, Workspace(), seed=0, progress=lambda done, total: None
    )


def recall(task, name, **params):
    method = Registry().resolve(name)(**params)
    method.fit(task.training(), seed=0, progress=lambda done, total: None)
    method.index(task.corpus)
    relevance = task.test.relevance
    run = searcher_of(method, task, int(relevance.counts.max())).run({}, lambda done, total: None)
    pair = relevance.rows(relevance.answered).pairs_of(run.ids)
    own = np.arange(run.ids.shape[1]) < relevance.counts[relevance.answered][:, None]
    return np.count_nonzero((pair >= 0) & own) / relevance.n_pairs


@pytest.mark.parametrize(
    ("name", "params", "least"),
    [
        ("poincare", {"model": "poincare"}, 0.90),
        ("poincare", {"model": "lorentz"}, 0.90),
        ("euclidean-embedding", {"dim": 8}, 0.9),
        ("order-embedding", {"dim": 8}, 0.97),
        ("box-embedding", {}, 0.99),
    ],
)
def test_nearly_all_that_a_small_tree_trains_on_is_found(name, params, least):
    task = load_dataset("tree:H=4,W=3")
    assert recall(task, name, **{"dim": 3, "steps": 1000, **params}) >= least


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_node_with_two_parents_finds_both(trainer):
    links = np.array([(1, 0), (2, 0), (3, 1), (3, 2), (4, 1), (5, 2)])
    task = transductive_task("dag", list("abcdef"), *links.T, 8)
    encoder = trained(task, trainer(dim=4, steps=600, batch=6))
    query = Queries(np.repeat(3, 6), ["d"] * 6)
    scores = encoder.score(query, np.arange(6))
    assert set(np.argsort(-scores)[:4]) == {0, 1, 2, 3}


def test_distance_and_norm_by_hand():
    # From the origin a point at norm p lies at ln((1 + p) / (1 - p)): 1/3 -> ln 2, 0 -> 0.
    third = rows([2 * (1 / 3) / (1 - 1 / 9), 0.0])
    assert in_ball(third)[0].tolist() == pytest.approx([1 / 3, 0])
    assert norms(third).item() == pytest.approx(1 / 3)
    assert distances(third, rows([0.0, 0.0])).item() == pytest.approx(LN2)
    # On a line through the origin distances add up.
    assert distances(third, -third).item() == pytest.approx(2 * LN2)


def test_the_score_of_words_by_hand():
    # |u| = 1/3 and |v| = 0, ln 2 apart: -(1 + 3 (0 - 1/3)) ln 2 = 0, and the other way -2 ln 2.
    table = torch.tensor([[0.75, 0.0], [0.0, 0.0]])
    encoder = TableEncoder(table, table, "lorentz")
    queries, documents = Queries(np.array([0, 1]), ["u", "v"]), np.array([1, 0])
    found = Poincare(alpha=3.0).score(encoder, queries, documents)
    assert found == pytest.approx([0, -2 * LN2], abs=1e-6)
    found = Poincare(alpha=0.0).score(encoder, queries, documents)
    assert found == pytest.approx([-LN2, -LN2], abs=1e-6)
    # In flat space |u| = 0.75, and d is its square.
    flat = replace(encoder, geometry="euclidean")
    found = EuclideanEmbedding(alpha=4.0).score(flat, queries, documents)
    assert found == pytest.approx([2 * 0.75**2, -4 * 0.75**2])


def test_a_dot_product_ranks_by_distance_in_flat_space():
    # |q|^2 = 2; squared distances are 0, 1 and 8.
    table = torch.tensor([[1.0, 1.0], [1.0, 2.0], [-1.0, -1.0]])
    encoder = TableEncoder(table, table, "euclidean")
    scores = encoder.score(Queries(np.zeros(3, int), ["q"] * 3), np.arange(3))
    assert scores.tolist() == [2 - 0, 2 - 1, 2 - 8]


def test_order_and_box_scores_by_hand():
    # Only the second dimension is violated, by 3 - 1; signs do not count.
    assert order(rows([2.0], [1.0]), rows([-1.0], [3.0])).item() == -4
    # One dimension: softplus(ln(e^s - 1)) is a side of s.
    side = [math.log(math.expm1(s)) for s in (1.0, 3.0)]
    inside = box(rows([1.0], [side[0]]), rows([0.0], [side[1]]))
    assert inside.item() == pytest.approx(0)  # [1, 2] lies in [0, 3]
    softplus = [math.log1p(math.exp(length)) for length in (1.0, 3.0)]
    around = box(rows([0.0], [side[1]]), rows([1.0], [side[0]]))
    assert around.item() == pytest.approx(math.log(softplus[0] / softplus[1]))


def small_batch(self_weight=0.0):
    task = load_dataset("tree:H=3,W=2")
    asked = np.array([1, 3, 6])
    return make_batch(
        asked, task.train.rows(asked), negatives=np.arange(7), self_weight=self_weight
    )


@pytest.mark.parametrize(
    ("geometry", "softmax", "distance"),
    [
        ("lorentz", HyperbolicSoftmax, distances),
        ("euclidean", DistanceSoftmax, lambda u, v: (u - v).square().sum(1)),
    ],
)
def test_the_gradient_of_the_distances_is_that_of_autograd(geometry, softmax, distance):
    from methods.encoders.geometry import to_rows, to_vectors

    batch = small_batch()
    # A node's distance to itself has no slope, so that documents have other points here.
    tables = torch.randn(2, 7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    q = tables[0, batch.queries.long()].requires_grad_()
    x = tables[1, batch.documents.long()].requires_grad_()
    both = [to_vectors(q, geometry, queries=True), to_vectors(x, geometry, queries=False)]
    relevant = torch.zeros(len(q) * len(x), dtype=torch.bool)
    relevant[batch.pairs] = True
    minus = torch.stack([-distance(each.expand_as(x), x) for each in q])
    others = torch.where(relevant.view_as(minus), -torch.inf, minus).logsumexp(1)[batch.pair_rows]
    positive = minus.flatten()[batch.pairs]
    loss = (batch.weights * (torch.logaddexp(others, positive) - positive)).sum()
    loss.backward()
    with torch.no_grad():
        found = softmax()(*(each.detach() for each in both), batch)
        assert found.loss.item() * len(batch.pairs) == pytest.approx(loss.item())
        sides = zip(found[1:3], (q, x), both, (True, False), strict=True)
        for gradient, leaf, vectors, queries in sides:
            of_rows = to_rows(gradient, leaf.detach(), vectors.detach(), geometry, queries=queries)
            torch.testing.assert_close(of_rows, leaf.grad)


@pytest.mark.parametrize("kind", [BallSGD, LorentzSGD])
def test_a_step_moves_a_point_by_its_rate_towards_the_other(kind):
    # The gradient of the distance to the origin has length 1.
    table = rows([0.75, 0.0], [5.0, 5.0])
    free = table[:1].clone().requires_grad_()
    distances(free, rows([0.0, 0.0])).backward()
    rate = 1e-4
    kind(table).step(torch.tensor([0]), free.grad, rate)
    moved = LN2 - distances(table[:1], rows([0.0, 0.0])).item()
    assert moved == pytest.approx(rate, rel=1e-3)
    assert table[1].tolist() == [5, 5]


def test_a_step_on_the_hyperboloid_is_exact_for_long_moves_too_and_burn_in_is_a_tenth():
    for burn_in, way in ((0, LN2), (1, LN2 / 10)):
        table = rows([0.75, 0.0])
        free = table.clone().requires_grad_()
        distances(free, rows([0.0, 0.0])).backward()
        LorentzSGD(table, burn_in).step(torch.tensor([0]), free.grad, LN2)
        left = distances(table, rows([0.0, 0.0])).item()
        assert left == pytest.approx(LN2 - way, abs=1e-6)


def test_a_point_stays_within_the_ball():
    table = rows([0.75, 0.0])
    BallSGD(table).step(torch.tensor([0]), rows([-100.0, 0.0]), 1.0)
    assert norms(table).item() == pytest.approx(1 - 1e-5)


def test_the_loss_of_order_embeddings_by_hand():
    # Query 0 is relevant to document 0 (E = 1), not to 1 (E = 0.25, so 0.75 below the margin).
    q, x = rows([1.0, 1.0]), rows([2.0, 0.0], [1.0, 1.5])
    relevance = load_dataset("tree:H=2,W=1").train  # node 1 with itself and its parent, 0
    batch = make_batch(np.array([0]), relevance.rows(np.array([1])).where(np.array([False, True])))
    batch = batch._replace(documents=torch.tensor([0, 1]), pairs=torch.tensor([0]))
    loss = PairLoss(order, lambda scores: (1 + scores).clamp_min(0), 2.0)(q, x, batch)
    assert loss.loss.item() == pytest.approx(1 + 2 * 0.75)
    # d/dq of E(q, x0) is -2 (x - q) = -2; of -2 E(q, x1) it is +2 * 2 * 0.5.
    assert loss.queries.tolist() == [pytest.approx([-2, 2])]


@pytest.mark.parametrize("similarity", [order, box])
@pytest.mark.parametrize("k", [1, 7, DOCUMENTS + 100])
def test_the_search_in_blocks_is_that_of_the_whole_table(similarity, k):
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(9, 6)).astype(np.float32)
    documents = rng.normal(size=(DOCUMENTS + 50, 6)).astype(np.float32)
    scores, ids = best_by(similarity, queries, documents, k, ceiling=1 << 20)
    whole = table_of(similarity, torch.from_numpy(queries), torch.from_numpy(documents)).numpy()
    k = min(k, len(documents))
    np.testing.assert_allclose(scores, -np.sort(-whole, axis=1)[:, :k], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(whole, ids, 1), scores, rtol=1e-5, atol=1e-6)
    assert all(len(set(row)) == k for row in ids.tolist())


@pytest.mark.parametrize("name", ["order-embedding", "box-embedding"])
@pytest.mark.parametrize("index", ["faiss-ivf", "hnsw", "scann", "sharded-exact"])
def test_an_index_that_cannot_search_a_score_says_so(name, index):
    with pytest.raises(InputError, match=f"the score of {name} is no dot product.*{name}.exact"):
        Registry().resolve(f"{name}+{index}")


@pytest.mark.parametrize("name", ["poincare", "euclidean-embedding"])
def test_an_index_searches_by_distance(name):
    task = load_dataset("tree:H=4,W=3")
    method = Registry().resolve(f"{name}+hnsw")(dim=3, steps=200)
    method.fit(task.training(), seed=0, progress=lambda done, total: None)
    method.index(task.corpus)
    queries = task.queries_of(task.test)
    found = method.search(queries, 3, method.operating_points()[-1]).ids
    exact = method.rank_exactly(queries, 3)
    assert (found == exact).mean() > 0.9


@pytest.mark.parametrize("trainer", TRAINERS)
def test_bad_input_is_told(trainer, small_task, small_text_task):
    with pytest.raises(InputError, match="dim must be more than 0, got 0"):
        trainer(dim=0)
    assert "makes tables" in trainer().skip(small_text_task.training())
    training = small_task.training()
    of_nodes, distances_ = training.relevance, training.relevance.distances
    no_nodes = replace(training, relevance=of_nodes.where(distances_ > 0))
    assert "needs a hierarchy" in trainer().skip(no_nodes)
    alone = replace(training, relevance=of_nodes.where(distances_ == 0))
    assert "pairs of two nodes" in trainer().skip(alone)


@pytest.mark.parametrize("trainer", TRAINERS)
def test_each_node_has_one_row_as_query_and_as_document(trainer, small_task):
    encoder = trained(small_task, trainer(dim=4, steps=20))
    torch.testing.assert_close(encoder.queries, encoder.documents, rtol=0, atol=0)
    assert encoder.queries.dtype == torch.float32
    assert encoder.queries.shape == (21, 8 if trainer is BoxEmbedding else 4)
