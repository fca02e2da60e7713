"""What an index is: vectors in, ranked documents and the leaves they were looked for in out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from bench.method import Workspace
from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.method import Point, SearchResult
    from bench.task import Judgements, Relevance
    from bench.types import Floats, Ints
    from methods.trees.indexer import Indexer


class Asked(NamedTuple):
    """Training queries.

    Attributes:
        vectors: [n, dim].
        relevance: their relevant documents, rows in the same order.
    """

    vectors: Floats
    relevance: Relevance


class Guide(NamedTuple):
    """What an index may be laid out by, besides the documents.

    Attributes:
        vectors: [n, dim] of the validation queries.
        judged: what their rankings are judged by.
        training: gives the training queries, whose vectors not every index needs; None: not known.
        tree: what was learned with the encoder to send vectors to leaves, or None.
        workspace: how much memory there is, and where to keep what does not fit into it.
    """

    vectors: Floats
    judged: Judgements
    training: Callable[[], Asked] | None = None
    tree: Indexer | None = None
    workspace: Workspace = Workspace()

    def score(self, ids: Ints) -> float:
        """How good rankings [n, k] of the validation queries are."""
        return self.judged.score(ids)

    @property
    def depth(self) -> int:
        """How deep rankings of the validation queries are judged."""
        return int(self.judged.depth.max(initial=0))


@dataclass
class Index(Hyperparameters, ABC):
    """Searches document vectors by dot product; its fields are its hyper-parameters.

    Attributes:
        requires: packages that it imports.
        needs_tree: whether its leaves are those that were learned with the encoder.
        needs_training: whether training queries have a say in its leaves.
        reads_chunks: whether it takes vectors that are mapped or half as precise; for others they
            are made single in memory.
    """

    requires: ClassVar[tuple[str, ...]] = ()
    needs_tree: ClassVar[bool] = False
    needs_training: ClassVar[bool] = False
    reads_chunks: ClassVar[bool] = False

    @abstractmethod
    def build(self, documents: Floats, guide: Guide) -> None:
        """Index [n_documents, dim] vectors."""

    @abstractmethod
    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """The k best documents of each query vector."""

    @abstractmethod
    def memory_bytes(self) -> int:
        """Size of the index in memory."""

    def operating_points(self) -> list[Point]:
        """Settings of the search effort, cheapest first."""
        return [{}]

    def partition(self) -> Ints | None:
        """[n_documents] the leaf of each document, [n_documents, r] its leaves, or None."""
        return None
