"""ELIAS's leaves: documents lie in the clusters that their strongest edges lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.errors import InputError
from methods.indexes.leaf_lists import LeafLists
from methods.indexes.learned_tree import LearnedTree

if TYPE_CHECKING:
    from bench.types import Floats
    from methods.indexes.base import Guide


@dataclass
class AdjacentLeaves(LearnedTree):
    """The most probable clusters of a query are scanned; the edges that were learned fill them."""

    version: ClassVar[str] = "adjacent-leaves 1"
    exports: ClassVar[bool] = False

    leaves_per_document: int = 2  # edges that are kept, the strongest

    def build(self, documents: Floats, guide: Guide) -> None:
        """Put the documents into their clusters, and measure the cost of validation queries."""
        from methods.trees.adjacency import ClusterGraph  # PyTorch, which planning does without

        graph = guide.tree
        if not isinstance(graph, ClusterGraph):
            raise InputError(
                "adjacent-leaves searches clusters with learned edges, as elias-encoder trains "
                "them; take another index"
            )
        if self.leaves_per_document > graph.clusters.shape[1]:
            raise InputError(
                f"leaves_per_document is {self.leaves_per_document}, but {graph.clusters.shape[1]} "
                "edges of each document were learned; lower it, or raise edges"
            )
        self._tree = graph
        self._leaf = graph.leaves_of_documents(self.leaves_per_document).numpy()
        self._lists = LeafLists(documents, self._leaf, graph.shape.n_leaves)
        self.measure(guide.sample(documents))
