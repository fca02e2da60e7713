"""A task in memory: corpus, queries, and who is relevant to whom at what distance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.recall import found_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.types import Bools, Ints


@dataclass(frozen=True, eq=False)
class Relevance:
    """Which documents are relevant to each query and how far away, as compressed sparse rows.

    Query ``q`` has the documents ``documents[indptr[q]:indptr[q + 1]]``, ordered by distance.

    Attributes:
        indptr: [n_queries + 1] where each query's documents begin.
        documents: [n_pairs] document numbers.
        distances: [n_pairs] hops (hierarchies) or level (0 the nearest).
        n_documents: size of the corpus.
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
        """Number of query rows, those without documents included."""
        return len(self.indptr) - 1

    @property
    def n_pairs(self) -> int:
        """Number of (query, document) pairs."""
        return len(self.documents)

    @cached_property
    def counts(self) -> Ints:
        """[n_queries] how many documents are relevant to each query: |S|."""
        return _read_only(np.diff(self.indptr))

    @cached_property
    def queries(self) -> Ints:
        """[n_pairs] the query of each pair."""
        return _read_only(np.repeat(np.arange(self.n_queries, dtype=np.int32), self.counts))

    @property
    def answered(self) -> Ints:
        """The queries that have at least one relevant document."""
        return _read_only(np.flatnonzero(self.counts))

    def where(self, keep: Bools) -> Relevance:
        """The same queries with only the pairs that a [n_pairs] mask keeps."""
        indptr = np.zeros_like(self.indptr)
        np.cumsum(np.bincount(self.queries[keep], minlength=self.n_queries), out=indptr[1:])
        return Relevance(indptr, self.documents[keep], self.distances[keep], self.n_documents)

    def rows(self, queries: Ints) -> Relevance:
        """The given queries alone, renumbered 0, 1, … in the order given."""
        counts = self.counts[queries]
        indptr = np.zeros(len(queries) + 1, np.int64)
        np.cumsum(counts, out=indptr[1:])
        pairs = np.repeat(self.indptr[queries] - indptr[:-1], counts) + np.arange(indptr[-1])
        return Relevance(indptr, self.documents[pairs], self.distances[pairs], self.n_documents)

    def arrays(self) -> dict[str, Ints]:
        """Its arrays by name, for storing and hashing."""
        return {
            "indptr": self.indptr,
            "documents": self.documents,
            "distances": self.distances,
        }


def _read_only(array: Ints) -> Ints:
    """The same array, which a method that is handed it cannot change."""
    array.flags.writeable = False
    return array


class Queries(NamedTuple):
    """A batch of queries handed to a method.

    Attributes:
        rows: [n] numbers of the queries, the rows of an encoder table.
        names: [n] their names.
    """

    rows: Ints
    names: Sequence[str]


class Corpus(NamedTuple):
    """The documents to index; document ``i`` is row ``i``.

    Attributes:
        names: [n] their names.
        sample: the validation queries, for an index that is laid out by what is asked.
    """

    names: Sequence[str]
    sample: Queries

    @property
    def size(self) -> int:
        """Number of documents."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Judgements:
    """What a split is judged by.

    Attributes:
        relevance: the relevant documents; queries without any are not asked.
        removed: documents taken out of a query's ranking first (training pairs of a held-out
            task), or None.
    """

    relevance: Relevance
    removed: Relevance | None = None

    @property
    def depth(self) -> Ints:
        """[n_queries] how deep a ranking is read: |S|, and room for what is removed first."""
        if self.removed is None:
            return self.relevance.counts
        return np.where(self.relevance.counts > 0, self.relevance.counts + self.removed.counts, 0)

    def rows(self, queries: Ints) -> Judgements:
        """The judgements of the given queries alone."""
        removed = self.removed.rows(queries) if self.removed else None
        return Judgements(self.relevance.rows(queries), removed)


@dataclass(frozen=True, eq=False)
class Training:
    """All that a method may see when it is fitted: training pairs and validation, never the test.

    Attributes:
        relevance: the training pairs.
        validation: judgements of a sample of queries, to choose and to stop by.
        query_names, document_names: names of the table rows.
        test: None, but for a method that declares ``sees_test`` (the oracle).
    """

    relevance: Relevance
    validation: Judgements
    query_names: Sequence[str]
    document_names: Sequence[str]
    test: Relevance | None = None

    @cached_property
    def validation_queries(self) -> Queries:
        """The queries of the validation split."""
        return queries_of(self.validation, self.query_names)

    def validation_recall(self, rank: Callable[[Queries, int], Ints]) -> float:
        """Recall@|S| over the pairs of the validation queries.

        Args:
            rank: returns the [n, k] best documents of a batch of queries.
        """
        queries = self.validation_queries
        judged = self.validation.rows(queries.rows)
        ids = rank(queries, int(judged.depth.max()))
        return float(found_at(ids, judged.relevance, judged.removed).mean())


@dataclass(frozen=True, eq=False)
class Task:
    """One dataset in memory.

    Attributes:
        name: its name on the board.
        query_names, document_names: what the numbers stand for.
        train, validation, test: the three splits.
        notes: sentences that the board prints under its title.
        defaults: hyper-parameters that suit this dataset, before the user's own.
    """

    name: str
    query_names: Sequence[str]
    document_names: Sequence[str]
    train: Relevance
    validation: Judgements
    test: Judgements
    notes: tuple[str, ...] = ()
    defaults: dict[str, bool | int | float | str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """Hash of all that can change a result: names, pairs, distances and splits."""
        digest = hashlib.sha256(self.name.encode())
        for names in (self.query_names, self.document_names):
            digest.update("\n".join(names).encode() + b"\0")
        for label, part in self.relevances().items():
            for name, array in part.arrays().items():
                digest.update(f"{label}.{name}:{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def relevances(self) -> dict[str, Relevance]:
        """Every relevance of the task by name."""
        parts = {
            "train": self.train,
            "validation": self.validation.relevance,
            "validation_removed": self.validation.removed,
            "test": self.test.relevance,
            "test_removed": self.test.removed,
        }
        return {label: part for label, part in parts.items() if part is not None}

    def training(self, *, sees_test: bool = False) -> Training:
        """What a method is given to fit on."""
        return Training(
            self.train,
            self.validation,
            self.query_names,
            self.document_names,
            self.test.relevance if sees_test else None,
        )

    @property
    def corpus(self) -> Corpus:
        """What a method indexes."""
        return Corpus(self.document_names, queries_of(self.validation, self.query_names))


def queries_of(split: Judgements, names: Sequence[str]) -> Queries:
    """The queries of a split that have an answer."""
    rows = split.relevance.answered
    return Queries(rows, [names[row] for row in rows])
