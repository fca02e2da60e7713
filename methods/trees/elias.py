"""elias: clusters with learned edges to documents, over an encoder trained with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from methods.catalog import compose
from methods.dual_encoder import DualEncoder
from methods.encoders.routed import RoutedEncoder
from methods.trees.adjacency import ClusterGraph

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import FitIdentity

_Composed: Any = compose("elias", "elias-encoder", "adjacent-leaves")


class ELIAS(_Composed):  # type: ignore[misc]
    """Clusters and their edges to documents are learned with the encoder (arXiv 2210.08410).

    A query visits the documents that edges lead to from its most probable clusters. The paper
    labels by extreme classification; here labels are documents, scored by their vectors.
    """

    version: ClassVar[str] = "elias 1"
    encoder: Any

    def load(self, folder: Path) -> None:
        """Load encoder, clusters and edges."""
        DualEncoder.load(self, folder)
        self.encoder = RoutedEncoder(self.encoder.encoder, ClusterGraph.load(folder))

    def fit_identity(self) -> FitIdentity:
        """What the fitted state of its trainer depends on, and how it is loaded."""
        identity: FitIdentity = super().fit_identity()
        return identity._replace(parts=(*identity.parts, ELIAS))
