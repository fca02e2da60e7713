"""Leaves of a learned tree, as many for each query as it is unsure of its answer's leaf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from bench.method import Point, SearchResult
from methods.indexes.learned_tree import LearnedTree
from methods.indexes.tree_file import AT_LEAST

if TYPE_CHECKING:
    from bench.types import Floats, Ints

LEAST_SHARE, GROWTH = 0.005, 1.1
"""Share of the corpus that a sample of queries visits at the first operating point, and its growth
from one to the next: a budget is used up to a tenth, however other queries are routed."""
BELOW = 0.995
"""Share of a value of the sample that a point takes: with three digits it stays below the value."""
RANKED = 1 << 25
"""Pairs of a query and a leaf that are ranked at once."""


class Setting(NamedTuple):
    """An operating point.

    Attributes:
        nprobe: mean number of leaves of a sample of queries.
        least: the least value of a leaf that is visited.
    """

    nprobe: int
    least: float


class Probed(NamedTuple):
    """Leaves of n queries.

    Attributes:
        leaves: [n, p] leaves, the most probable first.
        values: [n, p] probability for each document in them; infinite for the best.
        routing: document dot products of ranking them.
    """

    leaves: Ints
    values: Floats
    routing: float


@dataclass
class AdaptiveTree(LearnedTree):
    """A query visits the leaves that are probable enough for the documents they hold.

    The value of a leaf is its probability divided by the number of its documents. The leaves of at
    least some value are visited, and the best leaf always, where EHI visits as many for each query
    (arXiv 2310.08891, section 3.4): a query that the tree is unsure of visits more, one that it is
    sure of fewer. If probabilities were true, no other choice would find more for as many documents
    visited in the mean.
    """

    version: ClassVar[str] = "adaptive-tree 2"

    def measure(self, queries: Floats, n_documents: int = 0) -> None:
        """Find the least values at which a sample of queries [n, dim] visits growing shares."""
        n, total = len(queries), self._tree.shape.n_leaves
        self._sizes = np.bincount(self._leaf.ravel(), minlength=total)
        found = self._probed(queries, total)
        order = np.argsort(-found.values, axis=None)
        values = found.values.ravel()[order]
        visited = self._sizes[found.leaves].ravel()[order].cumsum()
        self._settings = [Setting(1, 1.0)]
        share = LEAST_SHARE
        while share < 1:
            leaves = int(np.searchsorted(visited, share * visited[-1], side="right"))
            # A little below a sample's value: its last bits are not the same in every batch.
            least = float(f"{BELOW * values[leaves - 1]:.3g}")
            if leaves > n and 0 < least < self._settings[-1].least:
                self._settings.append(Setting(-(-leaves // n), least))
            share *= GROWTH
        self._settings.append(Setting(total, 0.0))

    def operating_points(self) -> list[Point]:
        """Shares of the corpus that grow by a tenth, from the best leaf alone to all."""
        total = self._tree.shape.n_leaves
        return [{"nlist": total, "nprobe": n, "least": least} for n, least in self._settings]

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the leaves that the beam ends in and whose value is at least ``point["least"]``."""
        nprobe, least = int(point["nprobe"]), float(point["least"])
        size = max(1, RANKED // self._tree.shape.n_leaves)
        blocks = [
            self._probed(queries[start : start + size], nprobe)
            for start in range(0, max(len(queries), 1), size)
        ]
        leaves = np.concatenate([_at_least(least, block) for block in blocks])
        leaves = leaves[:, : int((leaves >= 0).sum(axis=1).max(initial=1))]
        ids, scores = self._lists.search(queries, k, leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=blocks[0].routing)

    def choice(self, point: Point) -> str:
        """Leaves of at least the value of ``point["least"]``."""
        return AT_LEAST.format(least=float(point["least"]))

    def _probed(self, queries: Floats, nprobe: int) -> Probed:
        """All leaves below the nodes that a beam for ``nprobe`` leaves keeps."""
        import torch

        shape = self._tree.shape
        kept = max(self.beam, -(-nprobe // shape.branching)) if self.beam else shape.n_leaves
        count = min(kept * shape.branching, shape.n_leaves)
        with torch.inference_mode():
            vectors = torch.tensor(queries, device=self._tree.device)
            found = self._tree.search(vectors, count, self.beam)
        leaves = found.leaves.cpu().numpy()
        probabilities = np.exp(found.log_probs.cpu().numpy().astype(float))
        sizes = self._sizes[leaves]
        values = np.divide(probabilities, sizes, out=np.zeros(sizes.shape), where=sizes > 0)
        np.put_along_axis(values, values.argmax(axis=1)[:, None], np.inf, axis=1)
        return Probed(leaves, values, found.routing)


def _at_least(least: float, found: Probed) -> Ints:
    """[n, p] the leaves whose value is ``least`` or more, the most probable first, then -1."""
    probed = found.values >= least
    order = np.argsort(~probed, axis=1, kind="stable")
    leaves: Ints = np.take_along_axis(np.where(probed, found.leaves, -1), order, axis=1)
    return leaves
