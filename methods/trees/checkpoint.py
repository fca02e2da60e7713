"""The best encoder and tree on validation, at a share of documents visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from methods.indexes.base import Guide
from methods.indexes.learned_tree import LearnedTree
from methods.trainers.checkpoint import BestCheckpoint

if TYPE_CHECKING:
    from bench.task import Training
    from methods.encoders.routed import RoutedEncoder


class TreeCheckpoint(BestCheckpoint):
    """Validates by recall within a budget: exact search would not use the tree.

    A tree whose first leaf alone is over the budget scores below all trees that are not; among such
    trees, the one with the smaller first leaf is better.
    """

    def __init__(
        self,
        routed: RoutedEncoder,
        data: Training,
        *,
        budget: float,
        steps: int,
        checks: int,
        patience: int = 0,
    ) -> None:
        """``budget``: share of documents that may be visited."""
        self._budget = budget
        super().__init__(routed, data, steps=steps, checks=checks, patience=patience)

    def _validate(self) -> float:
        routed = cast("RoutedEncoder", self._training)
        data = self._data
        documents = np.asarray(routed.encode_documents(data.document_texts), np.float32)
        queries = data.validation_queries
        vectors = routed.encode_queries(queries)
        judged = data.validation.rows(queries.rows)
        guide = Guide(vectors, judged, tree=routed.tree)
        index = LearnedTree()
        index.build(documents, guide)
        if index.least_visited > self._budget:
            return -index.least_visited
        ids = index.search(vectors, guide.depth, {"nprobe": index.probes_within(self._budget)}).ids
        return guide.score(ids)
