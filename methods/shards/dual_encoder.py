"""A dual encoder over an index in shards: its documents are never all in the cell's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.dual_encoder import DualEncoder

if TYPE_CHECKING:
    from bench.task import Corpus


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
