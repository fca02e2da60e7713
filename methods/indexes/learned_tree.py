"""EHI's leaves: the tree learned with the encoder routes, Faiss scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from bench.errors import InputError
from bench.method import Code, Point, SearchResult
from methods.indexes.leaf_lists import LeafLists
from methods.indexes.leaves import LeafIndex
from methods.indexes.tree_file import FIRST, write_tree

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


@dataclass
class LearnedTree(LeafIndex):
    """A beam finds a query's most probable leaves (arXiv 2310.08891, section 3.4).

    By default the beam holds all nodes above the leaves. Documents are routed with all nodes, so
    that their leaves do not depend on the beam. Operating points come from the ranking of all
    leaves; the visits of a narrow beam are counted in the search.
    """

    version: ClassVar[str] = "learned-tree 2"
    needs_tree: ClassVar[bool] = True
    exports: ClassVar[bool] = True
    may_be_zero: ClassVar[tuple[str, ...]] = ("beam",)

    leaves_per_document: int = 1
    beam: int = 0  # nodes kept for a query at each height above the leaves; 0: all

    def build(self, documents: Floats, guide: Guide) -> None:
        """Send the documents to their leaves, and measure the cost of validation queries."""
        if guide.tree is None:
            raise ValueError("no tree was learned with this encoder")
        self._tree = guide.tree
        total = self._tree.shape.n_leaves
        if self.leaves_per_document > total:
            raise InputError(
                f"leaves_per_document is {self.leaves_per_document}, but the tree has {total} "
                "leaves; lower it"
            )
        import torch

        leaf = self._tree.leaves(torch.tensor(documents), self.leaves_per_document)
        self._leaf = leaf.numpy()
        self._lists = LeafLists(documents, self._leaf, total)
        self.measure(guide.sample(documents))

    def rank_leaves(self, queries: Floats) -> Ints:
        """[n, B^H] all leaves by their probability."""
        import torch

        ranked: Ints = self._tree.leaves(torch.tensor(queries), self._tree.shape.n_leaves).numpy()
        return ranked

    def routing(self, nlist: int) -> Floats:
        """[B^H] the cost of the beam search that ends in 1, 2 … leaves."""
        return np.array([self._tree.routing(count, self.beam) for count in range(1, nlist + 1)])

    def partition(self) -> Ints:
        """[n_documents] the leaf of each document, or [n_documents, r] its leaves."""
        return self._leaf[:, 0] if self._leaf.shape[1] == 1 else self._leaf

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Scan the ``nprobe`` leaves that the beam ends in."""
        import torch

        with torch.inference_mode():
            vectors = torch.tensor(queries, device=self._tree.device)
            found = self._tree.search(vectors, int(point["nprobe"]), self.beam)
        leaves = found.leaves.cpu().numpy()
        ids, scores = self._lists.search(queries, k, leaves)
        return SearchResult(ids, scores, leaves=leaves, routing=found.routing)

    def memory_bytes(self) -> int:
        """Vectors and numbers in the leaves, and the tree."""
        weights = sum(weight.numel() for weight in self._tree.parameters())
        return int(self._lists.memory_bytes() + 4 * weights + np.asarray(self._leaf).nbytes)

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write the tree and the leaves."""
        nprobe = int(point["nprobe"])
        return write_tree(
            folder, self._tree, documents, self._leaf, nprobe, self.beam, self.choice(point)
        )

    def choice(self, point: Point) -> str:
        """The statements by which an export chooses leaves."""
        return FIRST
