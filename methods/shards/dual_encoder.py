"""A dual encoder over an index in shards, whose actors also embed its documents."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from methods.dual_encoder import DualEncoder

if TYPE_CHECKING:
    from bench.task import Corpus


class ShardedDualEncoder(DualEncoder):
    """A composition with an index of :mod:`methods.shards`."""

    version: ClassVar[str] = "sharded-dual-encoder 1"

    def index(self, corpus: Corpus) -> None:
        """Index the document vectors; Ray actors, if used, also embed the documents' texts."""
        from methods.encoders.text import TextEncoder
        from methods.encoders.towers import Frozen
        from methods.shards.encode import encode_by_actors

        encoder = self.encoder
        if (
            self.values["workers"] == "ray"
            and isinstance(encoder, TextEncoder)
            and isinstance(encoder.documents, Frozen)
        ):
            workers = int(self.values["shards"])
            encoder.documents = copy.copy(encoder.documents)  # not for queries, which may share it
            encoder.documents.encode_chunks = partial(encode_by_actors, workers=workers)
        super().index(corpus)


def sharded(composed: type[DualEncoder]) -> type[DualEncoder]:
    """The same composition, over shards."""
    return type(
        "ShardedDualEncoder",
        (ShardedDualEncoder, composed),
        {"__module__": __name__, "__doc__": composed.__doc__},
    )
