"""The relevant documents of each query, and their distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.types import Bools, Ints


@dataclass(frozen=True, eq=False)
class Relevance:
    """The relevant documents of each query and their distances, as compressed sparse rows.

    Query ``q`` has the documents ``documents[indptr[q]:indptr[q + 1]]``, ordered by distance.

    Attributes:
        indptr: [n_queries + 1] where each query's documents begin.
        documents: [n_pairs] document numbers.
        distances: [n_pairs] hops (hierarchies) or level (0 the nearest).
        n_documents: number of documents in the corpus, or more: the numbers from its size on stand
            for documents that are judged and not there.
    """

    indptr: Ints
    documents: Ints
    distances: Ints
    n_documents: int

    @classmethod
    def from_pairs(
        cls, queries: Ints, documents: Ints, distances: Ints, n_queries: int, n_documents: int
    ) -> Relevance:
        """Build from [n_pairs] columns in any order."""
        order = np.lexsort((documents, distances, queries))
        indptr = np.zeros(n_queries + 1, np.int64)
        np.cumsum(np.bincount(queries, minlength=n_queries), out=indptr[1:])
        return cls(
            indptr,
            documents[order].astype(np.int32),
            distances[order].astype(np.int8),
            n_documents,
        )

    @property
    def n_queries(self) -> int:
        """Number of query rows, including those without documents."""
        return len(self.indptr) - 1

    @property
    def n_pairs(self) -> int:
        """Number of (query, document) pairs."""
        return len(self.documents)

    @cached_property
    def counts(self) -> Ints:
        """[n_queries] number of relevant documents of each query: |S|."""
        return _read_only(np.diff(self.indptr))

    @cached_property
    def queries(self) -> Ints:
        """[n_pairs] the query of each pair."""
        return _read_only(np.repeat(np.arange(self.n_queries, dtype=np.int32), self.counts))

    @property
    def answered(self) -> Ints:
        """The queries that have at least one relevant document."""
        return _read_only(np.flatnonzero(self.counts))

    @cached_property
    def codes(self) -> Ints:
        """[n_pairs] one number for each (query, document) pair, in the order of the pairs."""
        return _read_only(self.queries * np.int64(self.n_documents) + self.documents)

    def where(self, keep: Bools) -> Relevance:
        """The same queries with only the pairs that a mask [n_pairs] keeps."""
        indptr = np.zeros_like(self.indptr)
        np.cumsum(np.bincount(self.queries[keep], minlength=self.n_queries), out=indptr[1:])
        return Relevance(indptr, self.documents[keep], self.distances[keep], self.n_documents)

    def rows(self, queries: Ints) -> Relevance:
        """The given queries alone, renumbered 0, 1, … in the order given."""
        pairs = self.pair_numbers(queries)
        indptr = np.zeros(len(queries) + 1, np.int64)
        np.cumsum(self.counts[queries], out=indptr[1:])
        return Relevance(indptr, self.documents[pairs], self.distances[pairs], self.n_documents)

    def pair_numbers(self, queries: Ints) -> Ints:
        """Numbers of all pairs of the given queries, in their order."""
        counts = self.counts[queries]
        before = np.cumsum(counts) - counts
        numbers: Ints = np.repeat(self.indptr[queries] - before, counts) + np.arange(counts.sum())
        return numbers

    def pairs_of(self, ids: Ints) -> Ints:
        """The pair that each ranked document makes with its query, -1 where it makes none.

        Args:
            ids: [n_queries, k] document numbers, -1 for none.
        """
        if not self.n_pairs:
            return np.full(ids.shape, -1)
        order = np.argsort(self.codes)
        asked = np.arange(len(ids), dtype=np.int64)[:, None] * self.n_documents + ids
        place = np.searchsorted(self.codes, asked, sorter=order)
        pair: Ints = order[np.minimum(place, self.n_pairs - 1)]
        return np.where((self.codes[pair] == asked) & (ids >= 0), pair, -1)

    def arrays(self) -> dict[str, Ints]:
        """The arrays by name, for storing and hashing."""
        return {
            "indptr": self.indptr,
            "documents": self.documents,
            "distances": self.distances,
        }


def _read_only(array: Ints) -> Ints:
    """The same array, made read-only, so that no method can change it."""
    array.flags.writeable = False
    return array
