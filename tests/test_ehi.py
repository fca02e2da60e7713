"""EHI: the tree, its losses, its search and its health, on numbers checked by hand."""

import math
from types import SimpleNamespace

import faiss
import numpy as np
import pytest
import torch

from bench.errors import InputError
from bench.leaves import leaf_health
from bench.method import Workspace
from bench.task import Judgements, Relevance
from methods.indexes.base import Asked, Guide
from methods.indexes.guided import JudgedRouter, MovedPositives
from methods.indexes.kmeans import spherical_kmeans
from methods.indexes.leaf_lists import LeafLists
from methods.indexes.learned_tree import LearnedTree
from methods.indexes.leaves import visited_shares
from methods.trainers.batches import make_batch
from methods.trainers.ehi import EHI
from methods.trainers.ehi_paper import EHIPaper
from methods.trainers.losses import Temperature
from methods.trees.indexer import Indexer, TreeShape
from methods.trees.losses import JointLoss, softmax, triplet, unevenness
from methods.trees.mining import HardNegatives, health_warning
from methods.trees.neighbours import Neighbours
from methods.trees.sentences import Sentences
from methods.trees.start import default_branching, new_tree, start_at_clusters


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def tree_of(children="shared", branching=2, height=2, dim=2, **shape):
    return Indexer(TreeShape(dim, branching, height, children, **shape))


def set_level(tree, depth, weights):
    level = list(tree.levels)[depth]
    with torch.no_grad():
        level.W.copy_(torch.tensor(np.array(weights)))


def joint_loss(tree, settings, documents=None, leaf=None):
    """The loss of a tree, whose neighbours are among ``documents``."""
    neighbours = Neighbours(0, torch.device("cpu"))
    if documents is None:
        documents = np.zeros((1, tree.shape.dim), next(tree.parameters()).detach().numpy().dtype)
    neighbours.refresh(documents, np.zeros(1) if leaf is None else leaf)
    return JointLoss(tree, settings, neighbours, temperature=Temperature(20.0), steps=10)


def unit(n, dim, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def guide_of(queries, tree=None, relevant=None, n_documents=100):
    relevant = np.zeros(len(queries), int) if relevant is None else relevant
    n = len(queries)
    relevance = Relevance.from_pairs(np.arange(n), relevant, np.zeros(n, int), n, n_documents)
    return Guide(queries, Judgements(relevance, cut=10), lambda: Asked(queries, relevance), tree)


class TestPathEmbedding:
    def test_by_hand_for_two_branches_and_two_heights(self):
        # At the root: logits log 3 and 0, so P1 = 3/4 and P2 = 1/4; branch 0 is taken.
        # Below: logits log 4 and 0 after branch 0, so P3 = 4/5 and P4 = 1/5.
        tree = tree_of()
        set_level(tree, 0, [[[math.log(3), 0], [0, 0]]])
        set_level(tree, 1, [[[math.log(4), 0, 0, 0], [0, 0, 0, 0]]])
        found = tree.path_embedding(torch.tensor([[1.0, 0.0]]))
        expected = [3 / 4, 1 / 4, 3 / 4 * 4 / 5, 3 / 4 * 1 / 5]
        np.testing.assert_allclose(found.detach()[0], expected, rtol=1e-6)

    def test_the_residual_layer_comes_before_the_classifier(self):
        # x = (1, -2) and U = identity: x + ReLU(x) = (2, -2); the logits are 2 and -2.
        tree = tree_of(height=1, transform=True)
        set_level(tree, 0, [[[1.0, 0.0], [0.0, 1.0]]])
        with torch.no_grad():
            next(tree.levels).U.weight.copy_(torch.eye(2))
        found = tree.path_embedding(torch.tensor([[1.0, -2.0]]))
        np.testing.assert_allclose(found.detach()[0, 0], 1 / (1 + math.exp(-4)), rtol=1e-6)

    @pytest.mark.parametrize("children", ["shared", "own"])
    def test_probabilities_of_all_leaves_sum_to_one(self, children):
        tree = tree_of(children, branching=3, height=3, dim=5)
        for of_nodes in tree.node_probabilities(torch.randn(7, 5)):
            np.testing.assert_allclose(of_nodes.detach().sum(1), 1, rtol=1e-5)


class TestSearch:
    @pytest.mark.parametrize("children", ["shared", "own"])
    def test_a_wide_beam_ranks_all_leaves_by_their_probability(self, children):
        tree = tree_of(children, branching=3, height=3, dim=5)
        x = torch.randn(11, 5)
        every = tree.node_probabilities(x)[-1]
        found = tree.search(x, 27)
        np.testing.assert_allclose(
            found.log_probs.detach().exp(), every.detach().sort(1, descending=True)[0], rtol=1e-4
        )
        assert (every.gather(1, found.leaves).log() - found.log_probs).abs().max() < 1e-4

    def test_a_narrow_beam_follows_the_best_nodes(self):
        tree = tree_of("own", branching=4, height=2, dim=5)
        x = torch.randn(9, 5)
        best_node = tree.node_probabilities(x)[0].argmax(1)
        found = tree.search(x, 4, beam=1)
        assert (found.leaves // 4 == best_node[:, None]).all()
        assert found.routing < tree.search(x, 4).routing

    @pytest.mark.parametrize("children", ["shared", "own"])
    def test_no_query_finds_no_leaf(self, children):
        tree = tree_of(children, branching=4, height=2, dim=5)
        assert tree.search(torch.zeros(0, 5), 3).leaves.shape == (0, 3)

    def test_few_nodes_of_many_are_scored_as_all_are(self):
        tree = tree_of("own", branching=40, height=2, dim=5)
        level = list(tree.levels)[1]
        x, parents = torch.randn(9, 5), torch.randint(0, 40, (9, 2))
        expected = level.all_parents(x).gather(1, parents[:, :, None].expand(-1, -1, 40))
        torch.testing.assert_close(level.some_parents(x, parents), expected)

    def test_routing_counts_multiply_adds(self):
        x = torch.randn(1, 8)
        assert tree_of("own", 6, 1, 8).search(x, 2).routing == 6
        assert tree_of("own", 6, 1, 8, transform=True).search(x, 2).routing == 8 + 6
        # A projection to 4 of 8 dimensions, which halves the cost of a classifier.
        assert tree_of("own", 6, 1, 8, routing_dim=4).search(x, 2).routing == 4 + 3
        # A beam of one node: 6 children of the root and 6 of the node.
        assert tree_of("own", 6, 2, 8).search(x, 2, beam=1).routing == 12

    def test_all_leaves_give_what_exact_search_gives(self):
        documents, queries = unit(100, 6), unit(9, 6, seed=1)
        index = LearnedTree()
        index.build(documents, guide_of(queries, tree_of("own", 3, 2, 6)))
        found = index.search(queries, 10, {"nprobe": 9})
        exact = np.argsort(-(queries @ documents.T), axis=1)[:, :10]
        assert (found.ids == exact).all()
        assert (np.sort(found.leaves, axis=1) == np.arange(9)).all()

    def test_a_document_in_several_leaves_is_returned_once(self):
        documents, queries = unit(100, 6), unit(9, 6, seed=1)
        index = LearnedTree(leaves_per_document=3)
        index.build(documents, guide_of(queries, tree_of("own", 3, 2, 6)))
        assert index.partition().shape == (100, 3)
        found = index.search(queries, 100, {"nprobe": 9})
        assert all(len(set(row)) == 100 for row in found.ids.tolist())
        assert (found.ids[:, 0] == np.argmax(queries @ documents.T, axis=1)).all()

    def test_only_documents_of_the_probed_leaves_are_returned(self):
        documents, queries = unit(60, 4), unit(5, 4, seed=1)
        leaf = np.arange(60)[:, None] % 6
        probed = np.array([[0, 3]] * 5)
        ids, scores = LeafLists(documents, leaf, 6).search(queries, 30, probed)
        assert set(leaf[ids[ids >= 0], 0]) == {0, 3}
        assert (ids >= 0).sum(axis=1).tolist() == [20] * 5
        np.testing.assert_allclose(scores[0, 0], (documents[ids[0, 0]] @ queries[0]), rtol=1e-5)

    def test_scores_are_those_of_faiss(self):
        documents, queries = unit(500, 16), unit(20, 16, seed=1)
        ivf = faiss.IndexIVFFlat(faiss.IndexFlatIP(16), 16, 10, faiss.METRIC_INNER_PRODUCT)
        ivf.train(documents)
        ivf.add(documents)
        ivf.nprobe = 3
        leaf = ivf.quantizer.search(documents, 1)[1]
        probed = ivf.quantizer.search(queries, 3)[1]
        scores, ids = ivf.search(queries, 10)
        ours = LeafLists(documents, leaf, 10).search(queries, 10, probed)
        assert (ours[0] == ids).all()
        np.testing.assert_allclose(ours[1], scores, atol=1e-6)


class TestLosses:
    def batch(self):
        relevance = Relevance.from_pairs(np.array([0]), np.array([0]), np.array([0]), 1, 2)
        return make_batch(np.array([0]), relevance, negatives=np.array([1]))

    def test_the_triplet_by_hand(self):
        # q·d+ = 0.6 and q·d- = 0.8: [0.8 - 0.6 + 0.3]+ = 0.5; and swapped: [0.6 - 0.8 + 0.3]+.
        negatives = torch.tensor([[False, True]])
        for scores, expected in (([0.6, 0.8], 0.5), ([0.8, 0.6], 0.1), ([0.9, 0.5], 0.0)):
            found = triplet(torch.tensor([scores]), negatives, self.batch(), margin=0.3)
            assert found.item() == pytest.approx(expected, abs=1e-6)

    def test_the_softmax_by_hand(self):
        negatives = torch.tensor([[False, True]])
        found = softmax(torch.tensor([[math.log(3), 0.0]]), negatives, self.batch())
        assert found.item() == pytest.approx(-math.log(3 / 4))

    def test_the_intra_leaf_term_by_hand(self):
        # Of one pair: the document's own path (1, 0) against (.6, .4): [.6 - 1 + .5]+ = .1; an
        # irrelevant document whose cosine is over the threshold does not count.
        tree = tree_of("own", 2, 1, 2)
        paths = torch.tensor([[1.0, 0.0], [0.6, 0.4]])
        loss = joint_loss(tree, EHI(margin=0.5, threshold=0.9))
        negatives = torch.tensor([[False, True]])
        for unlike, expected in (([0.0, 1.0], 0.1), ([1.0, 0.1], 0.0)):
            x = torch.tensor([[1.0, 0.0], unlike])
            x = x / x.norm(dim=1, keepdim=True)
            found = loss._intra_leaf(x, paths, negatives, self.batch())
            assert found.item() == pytest.approx(expected, abs=1e-6)

    def test_a_relevant_document_in_a_far_leaf_has_the_gradient_of_float64(self):
        # The query is in leaf 0, its document in leaf 1, where the query is with e^-45.
        tree = tree_of("own", 3, 1, 4)
        set_level(tree, 0, [np.float32([[50, 0, 0, 0], [0, 50, 0, 0], [0, 0, 50, 0]])])
        q, x = torch.tensor([[1, 0.1, 0, 0]]), torch.tensor([[0, 1, 0, 0], [0.9, 0, 0.1, 0]])
        settings = EHI(paths="all", neighbour_weight=0.0)
        own, others = q.clone().requires_grad_(), x.clone().requires_grad_()
        loss = joint_loss(tree, settings)
        found = loss._of_paths(own, others, torch.tensor([[False, True]]), self.batch())
        of_found = torch.autograd.grad(found, [own, others])
        own, others = q.double().requires_grad_(), x.double().requires_grad_()
        weights = next(tree.levels).W[0].detach().double()
        leaves = [torch.log_softmax(vectors @ weights.T, 1) for vectors in (own, others)]
        met = (leaves[0][:, None] + leaves[1]).logsumexp(2)[0]
        expected = met.logsumexp(0) - met[0]
        of_expected = torch.autograd.grad(expected, [own, others])
        assert found.item() == pytest.approx(expected.item(), rel=1e-5)
        assert of_expected[0][0, 1] < -49
        for one, other in zip(of_found, of_expected, strict=True):
            torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=1e-4)

    def test_an_even_tree_is_not_uneven(self):
        assert unevenness(torch.full((5, 4), 0.25)).item() == pytest.approx(0, abs=1e-6)
        collapsed = torch.tensor([[1.0, 0, 0, 0]] * 5)
        assert unevenness(collapsed).item() == pytest.approx(math.log(4), abs=1e-6)

    @pytest.mark.parametrize("trainer", [EHI(), EHIPaper()])
    def test_gradients_reach_queries_documents_and_tree(self, trainer):
        tree = tree_of(trainer.children, 3, 2, 4, transform=trainer.transform)
        relevance = Relevance.from_pairs(
            np.array([0, 1, 2]), np.array([0, 1, 2]), np.zeros(3, int), 3, 5
        )
        rows = np.arange(3)
        batch = make_batch(rows, relevance, negatives=np.array([3, 4]))
        q, x = torch.tensor(unit(3, 4)), torch.tensor(unit(5, 4, seed=1))
        before = [weight.detach().clone() for weight in tree.parameters()]
        found = joint_loss(tree, trainer)(q, x, batch)
        assert found.queries.abs().sum() > 0
        assert found.documents.abs().sum() > 0
        moved = [not torch.equal(a, b) for a, b in zip(before, tree.parameters(), strict=True)]
        assert all(moved)

    def test_the_gradient_is_the_slope_of_the_loss(self):
        torch.manual_seed(0)
        settings = SimpleNamespace(
            similarity_loss="triplet",
            indexing_loss="softmax",
            paths="all",
            similarity_weight=0.7,
            indexing_weight=1.3,
            neighbour_weight=0.5,
            neighbours=1,
            intra_leaf_weight=0.4,
            balance=0.2,
            margin=0.3,
            threshold=0.9,
            temperature=5.0,
            indexer_lr=0.0,
        )
        relevance = Relevance.from_pairs(
            np.array([0, 1, 1]), np.array([0, 1, 2]), np.zeros(3, int), 2, 4
        )
        batch = make_batch(np.arange(2), relevance, negatives=np.array([3]))
        q = torch.tensor(unit(2, 3), dtype=torch.float64)
        x = torch.tensor(unit(4, 3, seed=1), dtype=torch.float64)
        batch = batch._replace(weights=batch.weights.double())
        tree = tree_of("own", 2, 2, 3).double()
        loss = joint_loss(tree, settings)
        found, step = loss(q, x, batch), 1e-6
        for row, column in np.ndindex(*q.shape):
            moved = q.clone()
            moved[row, column] += step
            slope = (loss(moved, x, batch).loss - found.loss).item() / step
            assert slope == pytest.approx(found.queries[row, column].item(), abs=1e-4)

    def test_the_leaves_of_the_nearest_documents_are_labels(self):
        tree = tree_of("own", 2, 1, 2)
        settings = EHI(similarity_weight=0.0, indexing_weight=0.0, neighbours=2)
        documents, leaf = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32), np.array([0, 1, 1])
        relevance = Relevance.from_pairs(np.zeros(1, int), np.zeros(1, int), np.zeros(1, int), 1, 1)
        batch = make_batch(np.arange(1), relevance)
        x = torch.tensor(documents[:1])
        probabilities = tree.node_probabilities(x)[-1][0]
        found = joint_loss(tree, settings, documents, leaf)(x, x, batch)
        assert found.loss.item() == pytest.approx(-probabilities.log().mean().item())

    def test_what_is_not_a_number_stops_with_a_way_out(self):
        tree = tree_of("own", 3, 1, 4)
        x = torch.full((2, 4), math.nan)
        relevance = Relevance.from_pairs(np.array([0]), np.array([0]), np.array([0]), 1, 2)
        batch = make_batch(np.array([0]), relevance, negatives=np.array([1]))
        with pytest.raises(InputError, match="the loss is nan at step 1; lower lr or indexer_lr"):
            joint_loss(tree, EHI())(x[:1], x, batch)


class TestStart:
    @pytest.mark.parametrize("routing_dim", [0, 4])
    @pytest.mark.parametrize("height", [1, 2, 3])
    def test_documents_go_to_the_leaves_of_nested_clusters(self, height, routing_dim):
        documents = unit(600, 8)
        tree = tree_of("own", 3, height, 8, routing_dim=routing_dim)
        start_at_clusters(tree, documents, 20.0, seed=0)
        health = leaf_health(tree.leaves(torch.tensor(documents), 1).numpy(), 3**height)
        assert health.empty == 0
        assert health.gini < 0.3

    def test_the_projection_starts_at_the_axes_along_which_documents_differ(self):
        documents = unit(600, 8)
        documents[:, 3:] *= 0.01
        tree = tree_of("own", 3, 1, 8, routing_dim=3)
        start_at_clusters(tree, documents, 20.0, seed=0)
        weight = tree.projection.weight.detach()
        torch.testing.assert_close(weight @ weight.T, torch.eye(3), atol=1e-4, rtol=0)
        assert weight[:, 3:].abs().max() < 0.01

    def test_documents_scored_in_parts_start_the_same_tree(self, monkeypatch):
        documents, weights = unit(600, 8), []
        for scored in (1 << 26, 3 * 7):
            monkeypatch.setattr("methods.trees.start.SCORED", scored)
            tree = tree_of("own", 3, 2, 8)
            start_at_clusters(tree, documents, 20.0, seed=0)
            weights.append(list(tree.levels)[1].W)
        assert torch.equal(*weights)

    def test_a_document_with_the_vector_0_starts_no_nan(self):
        documents = unit(50, 8)
        documents[3] = 0
        tree = tree_of("own", 3, 1, 8, routing_dim=3)
        start_at_clusters(tree, documents, 20.0, seed=0)
        assert all(weight.isfinite().all() for weight in tree.parameters())

    def test_vectors_of_few_dimensions_are_not_projected(self):
        settings = EHI(routing_dim=8, branching=2)
        assert new_tree(settings, unit(20, 8), 0, torch.device("cpu")).projection is None
        tree = new_tree(settings, unit(20, 9), 0, torch.device("cpu"))
        assert tree.projection.weight.shape == (8, 9)

    def test_shared_classifiers_are_fitted_to_the_clusters(self):
        documents = unit(600, 8)
        own, shared = tree_of("own", 3, 2, 8), tree_of("shared", 3, 2, 8)
        for tree in (own, shared):
            start_at_clusters(tree, documents, 20.0, seed=0)
        x = torch.tensor(documents)
        alike = (own.leaves(x, 1) // 3 == shared.leaves(x, 1) // 3).float().mean()
        assert alike > 0.9

    def test_more_centroids_than_vectors(self):
        assert spherical_kmeans(unit(3, 4), 5, seed=0).shape == (5, 4)


class TestHealth:
    def test_even_leaves(self):
        health = leaf_health(np.repeat(np.arange(4), 25), 4)
        assert health == (4, 0, 0.25, pytest.approx(0), pytest.approx(1), 25, 25)

    def test_a_collapsed_tree(self):
        health = leaf_health(np.zeros(100, int), 4)
        assert (health.empty, health.largest, health.entropy) == (3, 1.0, 0)
        assert health.gini == pytest.approx(0.75)
        assert (health.expected, health.even) == (100, 25)
        assert "3 of 4 are empty, the largest holds 100 %" in health_warning(health)

    def test_expected_documents_by_hand(self):
        # Leaves of 3 and 1: 3/4 · 3 + 1/4 · 1.
        assert leaf_health(np.array([0, 0, 0, 1]), 2).expected == pytest.approx(2.5)

    def test_a_healthy_tree_is_not_warned_of(self):
        assert health_warning(leaf_health(np.repeat(np.arange(8), 25), 8)) is None


class TestMining:
    @pytest.mark.parametrize("similar", [True, False])
    def test_hard_negatives_lie_in_the_querys_leaves_and_answer_nothing(self, similar):
        documents, queries = unit(200, 6), unit(12, 6, seed=1)
        relevance = Relevance.from_pairs(np.arange(12), np.arange(12), np.zeros(12, int), 12, 200)
        tree = tree_of("own", 8, 1, 6)
        start_at_clusters(tree, documents, 20.0, seed=0)
        settings = EHI(mined_leaves=2, hard_negatives=5, similar_negatives=similar)
        mining = HardNegatives(relevance, settings, seed=0)
        rng = np.random.default_rng(0)
        assert not len(mining.draw(np.arange(12), rng)[1])
        leaf = tree.leaves(torch.tensor(documents), 1).numpy()
        mining.refresh(tree, queries, documents, leaf)
        probed = tree.leaves(torch.tensor(queries), 2).numpy()
        for row in range(12):
            places, drawn = mining.draw(np.array([row]), rng)
            assert places.tolist() == [0] * 5
            assert row not in drawn
            assert set(leaf[drawn, 0]) <= set(probed[row])


class TestNeighbours:
    def test_the_leaves_of_the_nearest(self):
        neighbours, documents = Neighbours(0, torch.device("cpu")), unit(50, 4)
        neighbours.refresh(documents, np.arange(50))
        queries = unit(3, 4, seed=1)
        nearest = np.argsort(-(queries @ documents.T), axis=1)
        assert neighbours.leaves(torch.tensor(queries), 5).tolist() == nearest[:, :5].tolist()
        assert neighbours.leaves(torch.tensor(queries), 99).shape == (3, 50)

    def test_they_are_sought_among_documents_drawn_from_a_large_corpus(self, monkeypatch):
        monkeypatch.setattr("methods.trees.neighbours.MOST", 20)
        neighbours, documents = Neighbours(0, torch.device("cpu")), unit(50, 4)
        found = []
        for _ in range(2):
            neighbours.refresh(documents, np.arange(50))
            drawn = neighbours.leaves(torch.tensor(documents[:1]), 50)[0].tolist()
            assert len(set(drawn)) == 20
            found.append(sorted(drawn))
        assert found[0] != found[1]


class TestSentences:
    def test_sentences_and_their_documents(self):
        from bench.task import Strings

        texts = Strings.of(
            ["A first sentence is here. Short one. A third sentence is here.", "Nothing"]
        )
        found = Sentences.of(texts, most=5)
        assert list(found.texts) == ["A first sentence is here.", "A third sentence is here."]
        assert found.documents.tolist() == [0, 0]
        relevance = Relevance.from_pairs(np.array([0]), np.array([1]), np.array([0]), 3, 2)
        joined = found.joined_to(relevance)
        assert joined.n_queries == 5
        assert joined.counts.tolist() == [1, 0, 0, 1, 1]

    @pytest.mark.parametrize(
        "text",
        [
            "Первое предложение вот здесь. Второе предложение вот здесь.",
            "Une première phrase est ici. Écrire une deuxième phrase ensuite.",
            "这是第一个句子它说的是一些关于鲸鱼的事情真的。这是第二个句子它说的是一些关于海豚的事情真的。",
            "यह पहला वाक्य है जो यहाँ लिखा है। यह दूसरा वाक्य है जो यहाँ लिखा है।",
        ],
    )
    def test_sentences_of_any_script(self, text):
        from bench.task import Strings

        assert len(Sentences.of(Strings.of([text]), most=5).texts) == 2

    def test_a_point_before_a_small_letter_ends_nothing(self):
        from bench.task import Strings

        text = "Found in cells of E. coli and of approx. one in ten humans. Nothing else was found."
        assert len(Sentences.of(Strings.of([text]), most=5).texts) == 2


class TestGuided:
    def test_a_router_learns_where_the_answers_lie(self):
        documents = unit(300, 8)
        # Queries point away from their answers, so that centroids send them astray.
        queries = -documents[:200]
        guide = guide_of(queries, relevant=np.arange(200), n_documents=300)
        router = JudgedRouter(nlist=10)
        router.build(documents, guide)
        leaf = router.partition()[:200]
        assert (router.rank_leaves(queries)[:, 0] == leaf).mean() > 0.5

    def test_positives_move_to_the_leaf_of_their_mean_query(self):
        documents = unit(300, 8)
        queries = -documents[:200]
        moved = MovedPositives(nlist=10)
        moved.build(documents, guide_of(queries, relevant=np.arange(200), n_documents=300))
        assert (moved.rank_leaves(queries)[:, 0] == moved.partition()[:200]).all()


class TestVisitedShares:
    def test_a_document_in_two_leaves_is_met_once(self):
        leaf = np.array([[0, 1], [1, 2], [2, 0]])
        found = visited_shares(np.array([[0, 1, 2]]), leaf)
        np.testing.assert_allclose(found, [2 / 3, 1, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"branching": -1}, "branching must be 0 or more, got -1"),
        ({"height": 0}, "height must be more than 0, got 0"),
        ({"batch": 1}, "batch must be at least 2, got 1"),
        ({"branching": 1}, "branching must be 2 or more, or 0"),
        ({"paths": "some"}, "paths is one of best, all, got 'some'"),
        ({"indexing_loss": "hinge"}, "indexing_loss is one of triplet, softmax, got 'hinge'"),
        ({"checkpoint_budget": 2.0}, "checkpoint_budget takes a share up to 1, got 2.0"),
        ({"children": "none"}, "children is one of shared, own, got 'none'"),
    ],
)
def test_parameters_that_mean_nothing(change, message):
    with pytest.raises(InputError, match=message):
        EHI(**change)


def test_branching_by_default():
    # 2 sqrt(5183) = 144 dot products: 64 for the projection, 480 classifiers of a sixth.
    assert default_branching(5183, 1, dim=384, routing_dim=64) == 480
    assert default_branching(5183, 2, dim=384, routing_dim=64) == 22
    assert default_branching(5183, 1, dim=384, routing_dim=0) == 144
    assert default_branching(2, 1, dim=8, routing_dim=0) == 2  # 3 would be more than the documents
    with pytest.raises(InputError, match=r"height is 7, .* 2 \*\* 7 = 128 leaves"):
        default_branching(85, 7, dim=8, routing_dim=0)


def test_a_checkpoint_counts_a_tree_over_the_budget_below_any_within_it(small_text_task):
    from methods.trees.checkpoint import TreeCheckpoint

    data = small_text_task.training()
    n = len(data.document_names)
    documents = torch.eye(n).numpy()

    class Fixed:
        tree = tree_of("own", 2, 1, n)

        def encode_documents(self, _texts):
            return documents

        def encode_queries(self, queries):
            return documents[: len(queries.rows)]

        def copy(self):
            return self

    fixed = Fixed()
    set_level(fixed.tree, 0, [np.stack([np.ones(n), np.zeros(n)]).astype(np.float32)])
    best = TreeCheckpoint(fixed, data, budget=0.1, steps=1, checks=1)
    assert best.score == -1  # one leaf holds everything
    half = np.stack([np.arange(n) % 2, np.arange(n) % 2 == 0]).astype(np.float32)
    set_level(fixed.tree, 0, [half])
    assert TreeCheckpoint(fixed, data, budget=0.1, steps=1, checks=1).score == -0.5
    assert TreeCheckpoint(fixed, data, budget=0.6, steps=1, checks=1).score >= 0


@pytest.mark.parametrize(("first", "later", "warned"), [(0.5, 0.4, True), (0.5, 0.6, False)])
def test_a_tree_that_no_checkpoint_betters_is_said_to_be_untrained(
    first, later, warned, small_text_task, tmp_path, monkeypatch
):
    from methods.trees.checkpoint import TreeCheckpoint

    scores = iter([first, later])
    monkeypatch.setattr(TreeCheckpoint, "_validate", lambda _: next(scores))
    trainer, said = EHI(branching=4, batch=4, steps=1, checks=1, sentences=1), []
    workspace = Workspace(tmp_path, warn=said.append)
    data = small_text_task.training()
    trainer.train(data, None, workspace, seed=0, progress=lambda _done, _total: None)
    untrained = [text for text in said if text.startswith("no checkpoint is better on validation")]
    assert bool(untrained) == warned
