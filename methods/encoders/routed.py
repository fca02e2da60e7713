"""An encoder together with the tree that was learned to send its vectors to leaves."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar

from methods.encoders.base import Encoder

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Code
    from bench.task import Queries, Strings
    from bench.types import Floats, Ints
    from methods.trees.indexer import Indexer


class RoutedEncoder(Encoder):
    """The vectors of ``encoder``, and a tree over them.

    Attributes:
        encoder: a table or text encoder.
        tree: the tree that routes its vectors.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("encoder", "tree")

    def __init__(self, encoder: Encoder, tree: Indexer) -> None:
        self.encoder = encoder
        self.tree = tree

    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim] the vectors of the encoder."""
        return self.encoder.encode_queries(queries)

    def encode_documents(self, texts: Strings | None) -> Floats:
        """[n_documents, dim] the vectors of the encoder."""
        return self.encoder.encode_documents(texts)

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """[n] scores of single pairs, by the encoder."""
        return self.encoder.score(queries, documents)

    def settle(self) -> None:
        """Bring tables and tree to the CPU."""
        self.encoder.settle()
        self.tree.to("cpu")

    def copy(self) -> RoutedEncoder:
        """A copy whose training does not change this one."""
        return RoutedEncoder(self.encoder.copy(), copy.deepcopy(self.tree))

    def save(self, folder: Path) -> None:
        """Write encoder and tree."""
        self.encoder.save(folder)
        self.tree.save(folder)

    def export(self, folder: Path) -> Code:
        """Write the encoder; the tree is part of the index."""
        return self.encoder.export(folder)
