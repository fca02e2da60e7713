"""Vectors that the task gives, in place of an encoder's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.method import Code
from methods.encoders.base import Encoder

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Corpus, Queries, Strings
    from bench.types import Floats

FILE = "given"
ENCODE = '''

def encode(queries):
    """[n, dim] vectors; a query is the path of a file .npy of some."""
    return np.concatenate([np.load(file).astype(np.float32) for file in queries])
'''


class GivenVectors(Encoder):
    """Nothing is encoded: queries and documents come with their vectors."""

    def encode_queries(self, queries: Queries) -> Floats:
        """[n, dim] the vectors of the queries."""
        if queries.vectors is None:
            raise ValueError("vectors are given, but not with these queries")
        return np.asarray(queries.vectors, np.float32)

    def encode_documents(self, texts: Strings | None) -> Floats:
        """Raise an error: documents come with the corpus."""
        raise NotImplementedError("documents come with their vectors: see encode_corpus")

    def encode_corpus(self, corpus: Corpus) -> Floats:
        """[n_documents, dim] the vectors as they are kept: a memory map."""
        if corpus.vectors is None:
            raise ValueError("vectors are given, but not with this corpus")
        return corpus.vectors

    def copy(self) -> GivenVectors:
        """The same object: there is nothing to train."""
        return self

    def save(self, folder: Path) -> None:
        """Write a mark that there is nothing to load."""
        (folder / FILE).touch()

    def export(self, folder: Path) -> Code:
        """Nothing is written: queries come with their vectors."""
        return Code(ENCODE)
