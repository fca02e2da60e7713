"""The base of indexes: from vectors to ranked documents and the leaves that were probed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from bench.method import Code, Workspace
from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.method import Point, SearchResult
    from bench.task import Judgements, Relevance, Training
    from bench.types import Floats, Ints
    from methods.encoders.similarity import Similarity
    from methods.trees.indexer import Indexer

LARGEST_SEED = 2**31 - 1
STAND_INS = 1000


class Asked(NamedTuple):
    """Training queries and their relevance.

    Attributes:
        vectors: [n, dim] vectors of the queries.
        relevance: the relevance of the queries, with rows in the same order.
    """

    vectors: Floats
    relevance: Relevance

    def among(self, rows: Ints) -> Asked:
        """The same queries, with the pairs of some of the documents; see ``Guide.among``."""
        there = np.isin(self.relevance.documents, rows)
        return self._replace(relevance=_renumbered(self.relevance.where(there), rows))


class Guide(NamedTuple):
    """Data that an index may be laid out by, in addition to the documents.

    Attributes:
        vectors: [n, dim] vectors of the validation queries.
        judged: the judgements of their rankings.
        training: a function that gives the training queries, for indexes that need them; or None.
        tree: the tree that was learned with the encoder, or None.
        workspace: its seed, its memory, and a folder for data that does not fit into memory.
        sentences: a function that gives vectors [n, dim] of sentences of the documents, encoded as
            queries; it takes the most of a document and the most of all. None: there are no texts.
        similarity: the score, where it is not the dot product of the vectors; or None.
    """

    vectors: Floats
    judged: Judgements
    training: Callable[[], Asked] | None = None
    tree: Indexer | None = None
    workspace: Workspace = Workspace()
    sentences: Callable[[int, int], Floats] | None = None
    similarity: Similarity | None = None

    @property
    def seed(self) -> int:
        """The seed of random choices, as libraries take it: it and the next one have 31 bits."""
        seed = self.workspace.seed
        if seed < LARGEST_SEED:
            return seed
        # A remainder would be the seed of another cell, and their rows would be one row twice.
        return int(np.random.SeedSequence(seed).generate_state(1)[0]) % LARGEST_SEED

    def among(self, rows: Ints) -> Guide:
        """The same queries over some of the documents, which become a corpus of their own.

        Args:
            rows: [n] numbers of these documents, in rising order; the others are judged as
                documents that are not there.
        """
        judged, training = self.judged, self.training
        removed = judged.removed and _renumbered(judged.removed, rows)
        judged = replace(judged, relevance=_renumbered(judged.relevance, rows), removed=removed)
        return self._replace(judged=judged, training=training and (lambda: training().among(rows)))

    def sample(self, documents: Floats) -> Floats:
        """Queries to measure the cost of a search on: if there are none, documents stand in."""
        if len(self.vectors):
            return self.vectors
        return np.asarray(documents[:: max(1, len(documents) // STAND_INS)], np.float32)

    def score(self, ids: Ints) -> float:
        """The score of rankings [n, k] of the validation queries."""
        return self.judged.score(ids)

    @property
    def depth(self) -> int:
        """The depth to which rankings of the validation queries are judged."""
        return int(self.judged.depth.max(initial=0))


def _renumbered(relevance: Relevance, rows: Ints) -> Relevance:
    """The same pairs in a corpus of the documents ``rows``; n stands for all others."""
    place = np.searchsorted(rows, relevance.documents).astype(np.int32)
    there = np.isin(relevance.documents, rows)
    return replace(
        relevance, documents=np.where(there, place, len(rows)), n_documents=len(rows) + 1
    )


@dataclass
class Index(Hyperparameters, ABC):
    """Searches document vectors by dot product; its fields are its hyper-parameters.

    Attributes:
        needs_tree: whether its leaves are those of a tree learned with the encoder.
        is_learned: whether its leaves depend on queries.
        reads_chunks: whether it takes vectors that are mapped or in half precision; other indexes
            get them in single precision, row by row.
        scores_all: whether it scores every document.
        takes_similarity: whether it can search by a score that is no dot product.
        exports: whether ``export`` writes it.
    """

    needs_tree: ClassVar[bool] = False
    is_learned: ClassVar[bool] = False
    reads_chunks: ClassVar[bool] = False
    scores_all: ClassVar[bool] = False
    takes_similarity: ClassVar[bool] = False
    exports: ClassVar[bool] = False

    @classmethod
    def skip(cls, train: Training) -> str | None:  # noqa: ARG003 - for those that override it
        """The reason why it cannot be laid out by this data, or None."""
        return None

    @abstractmethod
    def build(self, documents: Floats, guide: Guide) -> None:
        """Index the documents; random choices take ``guide.seed``.

        Args:
            documents: [n_documents, dim] their vectors, read-only; document ``i`` is row ``i``.
            guide: a sample of queries with judgements, to choose a setting by.
        """

    @abstractmethod
    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """The k best documents of each query at one of ``operating_points()``.

        Args:
            queries: [n, dim] vectors of the queries, read-only.
            k: documents asked for; fewer may be returned, and -1 stands for none.
            point: the operating point.

        Returns:
            [n, at most k] numbers of documents and scores; and the leaves that each query probed,
            which ``partition`` then names for each document, or the documents that it visited by
            the library's own count. With neither, a query visited all.
        """

    @abstractmethod
    def memory_bytes(self) -> int:
        """Size of the index in memory, in bytes."""

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write files that its library searches, and give the definition of ``search``.

        Args:
            folder: the folder to write into.
            documents: [n_documents, dim] the vectors that it was built of.
            point: the operating point to search at.
        """
        raise NotImplementedError

    def operating_points(self) -> list[Point]:
        """Settings of the search effort, cheapest first."""
        return [{}]

    def partition(self) -> Ints | None:
        """[n_documents] the leaf of each document, [n_documents, r] its leaves, or None."""
        return None
