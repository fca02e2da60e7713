"""Pairs of words with human scores, each word standing for several senses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.types import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class WordPairs:
    """The questions of a word similarity benchmark: a score is asked for each pair of words.

    The score of a pair is that of its best pair of senses: those of pair ``i`` are
    ``indptr[i]:indptr[i + 1]``; there are none where a word is not in the graph.

    Attributes:
        gold: [n] human scores.
        indptr: [n + 1] the first sense pair of each pair, and the end of the last.
        queries, documents: [n_sense_pairs] rows of the task's queries and documents.
        subsets: parts by name, each [n] which pairs belong to it.
    """

    gold: Floats
    indptr: Ints
    queries: Ints
    documents: Ints
    subsets: dict[str, Bools]

    @cached_property
    def digest(self) -> str:
        """Hash of all arrays."""
        digest = hashlib.sha256()
        for name, array in self.arrays().items():
            digest.update(f"{name}:{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def arrays(self) -> dict[str, Ints | Floats | Bools]:
        """The arrays by name, for storing and hashing."""
        subsets = {f"subset.{name}": mask for name, mask in self.subsets.items()}
        own: dict[str, Ints | Floats | Bools] = {
            "gold": self.gold,
            "indptr": self.indptr,
            "queries": self.queries,
            "documents": self.documents,
        }
        return own | subsets
