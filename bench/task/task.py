"""A task in memory: corpus, queries, training pairs, and the judgements of its splits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings, Taken
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.arrays.vectors import Vectors
    from bench.task.word_pairs import WordPairs
    from bench.types import Floats, Ints

__all__ = ["Corpus", "Judgements", "Queries", "Relevance", "Strings", "Task", "Training"]


VALIDATION = "validation"
"""The view of a dataset whose test is the validation queries, as its name ends behind an @."""


class Queries(NamedTuple):
    """A batch of queries for a method.

    Attributes:
        rows: [n] numbers of the queries, the rows of an encoder table.
        names: [n] their names.
        texts: [n] their texts, or None where the task has none.
        vectors: [n, dim] vectors to search with, if the task gives them; or None.
    """

    rows: Ints
    names: Sequence[str]
    texts: Strings | None = None
    vectors: Floats | None = None

    def part(self, place: slice) -> Queries:
        """The queries of a slice."""
        return Queries(*(None if values is None else values[place] for values in self))  # type: ignore[arg-type]


class Corpus(NamedTuple):
    """The documents to index; document ``i`` is row ``i``.

    Attributes:
        names: [n] their names.
        sample: the validation queries, for an index that is tuned on queries.
        judged: the judgements of the sample, with rows in its order.
        training: the training queries.
        relevance: the relevance of the training queries, with rows in their order.
        texts: [n] the documents' texts, or None where the task has none.
        vectors: [n, dim] float32 or float16, the documents' vectors as a read-only memory map, if
            the task gives them; or None.
    """

    names: Sequence[str]
    sample: Queries
    judged: Judgements
    training: Queries
    relevance: Relevance
    texts: Strings | None = None
    vectors: Floats | None = None

    @property
    def size(self) -> int:
        """Number of documents."""
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Training:
    """All that a method may see when it is fitted: training pairs and validation, never the test.

    Attributes:
        relevance: the training pairs.
        validation: judgements of a sample of queries, to choose and to stop by.
        query_names, document_names: names of the table rows.
        query_texts, document_texts: their texts, or None where the task has none.
        query_vectors, document_vectors: the given vectors, or None if they are to be learned.
        pairs_only: whether the test asks for scores of single pairs, and for no ranking.
        test: None, but for a method that declares ``sees_test`` (the oracle).
    """

    relevance: Relevance
    validation: Judgements
    query_names: Sequence[str]
    document_names: Sequence[str]
    query_texts: Strings | None = None
    document_texts: Strings | None = None
    query_vectors: Vectors | None = None
    document_vectors: Vectors | None = None
    pairs_only: bool = False
    test: Relevance | None = None

    def queries(self, rows: Ints) -> Queries:
        """The queries of the given rows."""
        return _queries(rows, self)

    @cached_property
    def validation_queries(self) -> Queries:
        """The queries of the validation split."""
        return self.queries(self.validation.relevance.answered)

    def validation_score(self, rank: Callable[[Queries, int], Ints]) -> float:
        """How well a ranking does on validation: nDCG@10 over text, recall@|S| in a hierarchy.

        Args:
            rank: returns the [n, k] best documents of a batch of queries.
        """
        queries = self.validation_queries
        judged = self.validation.rows(queries.rows)
        return judged.score(rank(queries, int(judged.depth.max())))


@dataclass(frozen=True, eq=False)
class Task:
    """One dataset in memory.

    Attributes:
        name: its name on the board.
        query_names, document_names: names of the query rows and of the document rows.
        train, validation, test: the three splits.
        query_texts, document_texts: texts for a text encoder, or None: tables are trained then.
        query_vectors, document_vectors: vectors that are searched as they are, without an encoder;
            or None.
        similarity: pairs of words to score, if that is the test instead of a search.
        seen: the meaning of "seen" on this task, in words: a test pair's answer was in training.
        notes: sentences that the board prints under its title.
        defaults: hyper-parameters that suit this dataset, before the user's own.
        judged_alone: whether queries and documents are those judged and no others are known, so
            that nothing can be searched: a test for runs that were made elsewhere.
    """

    name: str
    query_names: Sequence[str]
    document_names: Sequence[str]
    train: Relevance
    validation: Judgements
    test: Judgements
    query_texts: Strings | None = None
    document_texts: Strings | None = None
    query_vectors: Vectors | None = None
    document_vectors: Vectors | None = None
    similarity: WordPairs | None = None
    seen: str = ""
    notes: tuple[str, ...] = ()
    defaults: dict[str, bool | int | float | str] = field(default_factory=dict)
    judged_alone: bool = False

    @cached_property
    def digest(self) -> str:
        """Hash of all that can change a result: names, texts, pairs, splits, judgements."""
        digest = hashlib.sha256(self.name.encode())
        for names in (self.query_names, self.document_names):
            digest.update("\n".join(names).encode() + b"\0")
        for label, part in self.relevances().items():
            for name, array in part.arrays().items():
                digest.update(f"{label}.{name}:{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        texts = {"queries": self.query_texts, "documents": self.document_texts}
        vectors = {f"{label}.vectors": part for label, part in self.vectors().items()}
        for label, content in (texts | vectors).items():
            if content is not None:
                digest.update(f"{label}:{content.digest}".encode())
        for split in (self.validation, self.test):
            for said in split.hashed():
                digest.update(said)
        if self.similarity is not None:
            digest.update(self.similarity.digest.encode())
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

    def vectors(self) -> dict[str, Vectors]:
        """The vectors that the task gives, by name; empty if they are learned."""
        parts = {"queries": self.query_vectors, "documents": self.document_vectors}
        return {label: part for label, part in parts.items() if part is not None}

    def training(self, test: Relevance | None = None) -> Training:
        """The data that a method is fitted on; ``test`` for one that declares ``sees_test``."""
        if test is not None:
            test = test.where(test.documents < len(self.document_names))
        return Training(
            self.train,
            self.validation,
            self.query_names,
            self.document_names,
            self.query_texts,
            self.document_texts,
            self.query_vectors,
            self.document_vectors,
            self.similarity is not None,
            test,
        )

    @property
    def tests_validation(self) -> bool:
        """Whether it is the view of a dataset whose test is the validation queries."""
        return self.name.endswith(f"@{VALIDATION}")

    @property
    def n_asked(self) -> int:
        """Number of queries to search, or of word pairs to score."""
        pairs = self.similarity
        return len(self.test.relevance.answered if pairs is None else pairs.gold)

    @property
    def corpus(self) -> Corpus:
        """The corpus that a method indexes."""
        sample = self.queries_of(self.validation)
        judged = self.validation.rows(sample.rows)
        asked = self.train.answered
        return Corpus(
            self.document_names,
            sample,
            judged,
            self.queries(asked),
            self.train.rows(asked),
            self.document_texts,
            None if self.document_vectors is None else self.document_vectors.array,
        )

    def queries_of(self, split: Judgements) -> Queries:
        """The queries of a split that have a relevant document."""
        return self.queries(split.relevance.answered)

    def queries(self, rows: Ints) -> Queries:
        """The queries of the given rows."""
        return _queries(rows, self)


def _queries(rows: Ints, source: Task | Training) -> Queries:
    texts, vectors = source.query_texts, source.query_vectors
    return Queries(
        rows,
        Taken(source.query_names, rows),
        None if texts is None else texts.take(rows),
        None if vectors is None else vectors.array[rows],
    )
