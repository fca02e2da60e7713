"""A dual encoder over an index in shards: its documents are never all in the cell's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.dual_encoder import DualEncoder
from methods.shards.blocks import exact_top_k
from methods.shards.exact import ShardedExact

if TYPE_CHECKING:
    from bench.task import Corpus, Queries
    from bench.types import Ints


class ShardedDualEncoder(DualEncoder):
    """What a composition with an index of :mod:`methods.shards` does otherwise."""

    def index(self, corpus: Corpus) -> None:
        """Index the document vectors; those of a frozen encoder stay on disk."""
        from methods.encoders.text import TextEncoder
        from methods.encoders.towers import Frozen
        from methods.shards.encode import MappedTower

        encoder = self.encoder
        if isinstance(encoder, TextEncoder) and isinstance(encoder.documents, Frozen):
            workers = int(self.values["shards"]) if self.values["workers"] == "ray" else 0
            encoder.documents = MappedTower(encoder.documents, workers)
        super().index(corpus)

    def rank_exactly(self, queries: Queries, k: int) -> Ints:
        """By dot product with every document's vector."""
        vectors = self._vectors(queries)
        if isinstance(self._index, ShardedExact):
            return self._index.search(vectors, k, {}).ids
        return exact_top_k(vectors, self._documents, k)[1]

    def modules(self) -> tuple[str, ...]:
        """Those of the composition, and this file."""
        return (*super().modules(), __name__)


def sharded(composed: type[DualEncoder]) -> type[DualEncoder]:
    """The same composition, over shards."""
    return type(
        "ShardedDualEncoder",
        (ShardedDualEncoder, composed),
        {"__module__": __name__, "__doc__": composed.__doc__},
    )
