"""Faiss-IVF with each document in two leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.indexes.routed_leaves import LinearRouter, RoutedLeaves

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


@dataclass
class FaissIVF2(RoutedLeaves):
    """Faiss-IVF with each document in two leaves: of its nearest centroid and of the next nearest.

    It is what faiss-ivf is otherwise. A document that is found in both leaves counts once, in
    rankings and in what is visited; its vector takes memory twice.
    """

    version: ClassVar[str] = "faiss-ivf-2 1"
    leaves_per_document: ClassVar[int] = 2
    exports: ClassVar[bool] = True

    def routed(
        self,
        documents: Floats,
        centroids: Floats,
        leaf: Ints,
        guide: Guide,
    ) -> tuple[LinearRouter, Ints]:
        """The centroids rank the leaves; documents stay where they are."""
        return LinearRouter(centroids), leaf
