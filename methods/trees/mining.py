"""Hard negatives from a query's own leaves (EHI, Algorithm 1), and statistics of the leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from bench.leaves import LeafHealth, leaf_health
from methods.indexes.leaf_lists import LeafLists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.task import Relevance
    from bench.types import Floats, Ints
    from methods.trees.indexer import Indexer
    from methods.trees.settings import TreeSettings

POOL = 50
"""Number of the most similar irrelevant documents that hard negatives are drawn from."""
MOST_EMPTY, MOST_IN_ONE, MOST_EVENS = 0.5, 0.25, 4
"""Bounds of a collapse: this share of the leaves is empty, or one leaf holds this share of the
documents and this many times as many as an even leaf."""


class HardNegatives:
    """Irrelevant documents in the leaves of a query that resemble its answers."""

    checkpointed: ClassVar[tuple[str, ...]] = ("_rng", "_pool", "_sizes", "_health")

    def __init__(self, relevance: Relevance, settings: TreeSettings, seed: int) -> None:
        """Mine for queries with an answer.

        Args:
            relevance: the relevance of the training queries.
            settings: number of negatives and of leaves, and whether the most similar ones are
                taken.
            seed: seed of the draws.
        """
        self._relevance = relevance
        self._settings = settings
        self._rng = np.random.default_rng([seed, 2])
        self._pool: Ints = np.empty((0, POOL), np.int64)
        self._sizes: Ints = np.empty(0, np.int64)
        self._health: list[Iterable[Any]] = []

    @property
    def history(self) -> list[LeafHealth]:
        """Statistics of the leaves at each refresh."""
        return [LeafHealth(*each) for each in self._health]

    def refresh(self, tree: Indexer, queries: Floats, documents: Floats, leaf: Ints) -> LeafHealth:
        """Send all queries through the tree again.

        Args:
            tree: the tree in its present state.
            queries: [n, dim] vectors of the queries with an answer.
            documents: [n_documents, dim] vectors.
            leaf: [n_documents, 1] their leaves.
        """
        total = tree.shape.n_leaves
        if self._settings.hard_negatives:
            nprobe = min(self._settings.mined_leaves, total)
            probed = tree.leaves(torch.tensor(queries), nprobe).numpy()
            if not self._settings.similar_negatives:
                # The nearest to a random direction are random documents.
                queries = self._rng.normal(size=queries.shape).astype(np.float32)
            answers = self._relevance.rows(self._relevance.answered)
            depth = POOL + int(answers.counts.max())
            ids = LeafLists(documents, leaf, total).search(queries, depth, probed)[0]
            wrong = (answers.pairs_of(ids) < 0) & (ids >= 0)
            order = np.argsort(~wrong, axis=1, kind="stable")[:, :POOL]
            kept = np.take_along_axis(wrong, order, axis=1)
            self._pool = np.take_along_axis(ids, order, axis=1)
            self._sizes = np.count_nonzero(kept, axis=1)
        health = leaf_health(leaf, total)
        self._health.append(health)
        return health

    def draw(self, queries: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Hard negatives of some query rows; none for a query whose leaves hold only answers.

        Returns:
            [n] the place of a query among ``queries``, and [n] its hard negative.
        """
        if not len(self._pool):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        rows = self._relevance.answered.searchsorted(queries)
        asked = np.flatnonzero(self._sizes[rows])
        rows = rows[asked]
        places = rng.random((len(rows), self._settings.hard_negatives)) * self._sizes[rows, None]
        drawn: Ints = np.take_along_axis(self._pool[rows], places.astype(np.int64), axis=1)
        return np.repeat(asked, self._settings.hard_negatives), drawn.ravel()


def health_warning(health: LeafHealth) -> str | None:
    """A warning text if the leaves have collapsed, or None."""
    too_large = max(MOST_IN_ONE, min(1.0, MOST_EVENS / health.leaves))
    if health.empty < MOST_EMPTY * health.leaves and health.largest < too_large:
        return None
    return (
        f"the leaves collapse: {health.empty} of {health.leaves} are empty, the largest holds "
        f"{100 * health.largest:.0f} % of the documents"
    )
