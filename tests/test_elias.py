"""ELIAS: clusters, edges to documents, and the loss over ways."""

import numpy as np
import pytest
import torch

from bench.errors import InputError
from methods.indexes.adjacent_leaves import AdjacentLeaves
from methods.trainers.batches import make_batch
from methods.trainers.elias import ELIAS
from methods.trainers.losses import Temperature
from methods.trees.adjacency import ClusterGraph, strongest
from methods.trees.elias_loss import AdjacencyLoss
from methods.trees.indexer import Indexer, TreeShape
from tests.test_ehi import set_level, unit
from tests.test_indexes import guide_of

AXES = [[[100.0, 0], [0, 100.0], [-100.0, 0]]]
"""Three clusters: along x, along y, against x."""


def graph_of(n_documents, edges=2):
    graph = ClusterGraph(TreeShape(2, 3, 1), n_documents, edges)
    set_level(graph, 0, AXES)
    return graph


X, Y, AGAINST = (torch.tensor([each]) for each in ([1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]))


def test_the_largest_entries_of_rows_are_kept():
    indptr, columns = np.array([0, 3, 5]), np.array([0, 1, 2, 0, 2])
    weights = np.array([0.1, 0.5, 0.3, 0.2, 0.2], np.float32)
    found, kept = strongest(indptr, columns, weights, 2)
    assert found.tolist() == [[1, 2], [0, 2]]
    np.testing.assert_allclose(kept, [[0.5, 0.3], [0.2, 0.2]])


class TestClusterGraph:
    def test_edges_lead_to_where_the_queries_of_a_document_go(self):
        graph = graph_of(2)
        votes = [
            (torch.cat([X, Y]), np.array([0, 1])),
            (torch.cat([Y, AGAINST, AGAINST]), [0, 1, 1]),
        ]
        graph.connect((vectors, np.array(documents)) for vectors, documents in votes)
        assert graph.leaves_of_documents(1).tolist() in ([[0], [2]], [[1], [2]])
        assert sorted(graph.leaves_of_documents(2)[0].tolist()) == [0, 1]
        assert sorted(graph.leaves_of_documents(2)[1].tolist()) == [1, 2]
        weights = graph.strength.softmax(1).detach()
        np.testing.assert_allclose(weights[0], [0.5, 0.5], atol=1e-4)
        np.testing.assert_allclose(weights[1].max(), 2 / 3, atol=1e-4)

    def test_a_way_has_the_probability_of_its_clusters_times_its_edges(self):
        graph = graph_of(1)
        graph.clusters.copy_(torch.tensor([[0, 2]]))
        with torch.no_grad():
            graph.strength.copy_(torch.tensor([[0.75, 0.25]]).log())
        probabilities = torch.tensor([[0.5, 0.1, 0.4]])
        found = graph.reached(probabilities, torch.tensor([0]))
        assert found.item() == pytest.approx(0.75 * 0.5 + 0.25 * 0.4)

    def test_more_edges_than_clusters_are_refused(self):
        with pytest.raises(InputError, match="edges is 4, but there are 3 clusters"):
            graph_of(1, edges=4).connect([(X, np.array([0]))])

    def test_it_is_loaded_as_it_was_saved(self, tmp_path):
        graph = graph_of(2)
        graph.connect([(torch.cat([X, Y]), np.array([0, 1]))])
        graph.save(tmp_path)
        loaded = ClusterGraph.load(tmp_path)
        assert torch.equal(loaded.clusters, graph.clusters)
        assert torch.equal(loaded.strength, graph.strength)
        assert torch.equal(loaded.leaves(torch.cat([X, Y]), 3), graph.leaves(torch.cat([X, Y]), 3))


class TestAdjacencyLoss:
    def step(self, second_stage, steps=2):
        graph = graph_of(2)
        graph.clusters.copy_(torch.tensor([[0, 1], [1, 2]]))
        settings = ELIAS(similarity_weight=0.0)
        loss = AdjacencyLoss(
            graph,
            settings,
            edge_lr=0.1,
            temperature=Temperature(20.0),
            steps=steps,
            second_stage=second_stage,
        )
        from bench.task import Relevance

        relevance = Relevance.from_pairs(np.array([0]), np.array([0]), np.array([0]), 1, 2)
        batch = make_batch(np.array([0]), relevance, negatives=np.array([1]))
        query, documents = torch.tensor([[0.7, 0.7]]), torch.cat([X, Y])
        found = [loss(query, documents, batch) for _ in range(steps)]
        return graph, found

    def test_edges_are_kept_in_the_first_stage_and_learned_in_the_second(self):
        kept, _ = self.step(second_stage=2)
        assert not kept.strength.any()
        learned, _ = self.step(second_stage=0)
        first = learned.strength.softmax(1)[0]
        assert first[0] > first[1]  # the cluster that the negative has no edge to

    def test_each_step_lowers_the_loss_and_pulls_the_query(self):
        _, (first, second) = self.step(second_stage=0)
        assert second.loss < first.loss
        assert first.queries[0, 0] < 0  # towards x, where document 0 alone is


class TestAdjacentLeaves:
    def test_documents_lie_in_the_clusters_of_their_strongest_edges(self):
        graph = graph_of(40, edges=3)
        documents = unit(40, 2)
        graph.connect([(torch.tensor(documents), np.arange(40))])
        index = AdjacentLeaves(leaves_per_document=2)
        index.build(documents, guide_of(unit(5, 2, 1), tree=graph, n_documents=40))
        assert index.partition().tolist() == graph.leaves_of_documents(2).tolist()
        found = index.search(documents[:3], 40, {"nprobe": 3})
        assert np.sort(found.ids).tolist() == [list(range(40))] * 3

    def test_a_tree_without_edges_is_refused(self):
        tree = Indexer(TreeShape(2, 3, 1))
        with pytest.raises(InputError, match="clusters with learned edges"):
            AdjacentLeaves().build(unit(9, 2), guide_of(unit(5, 2), tree=tree, n_documents=9))

    def test_more_leaves_than_edges_are_refused(self):
        with pytest.raises(InputError, match="leaves_per_document is 3, but 2 edges"):
            AdjacentLeaves(leaves_per_document=3).build(
                unit(9, 2), guide_of(unit(5, 2), tree=graph_of(9), n_documents=9)
            )


@pytest.mark.parametrize("setting", [{"height": 2}, {"paths": "best"}, {"neighbour_weight": 1.0}])
def test_what_only_ehi_has_is_refused(setting):
    (name,) = setting
    with pytest.raises(InputError, match=f"elias has {name}="):
        ELIAS(**setting)
