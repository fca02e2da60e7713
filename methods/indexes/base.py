"""What an index is: vectors in, ranked documents and the leaves they were looked for in out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from methods.part import Part

if TYPE_CHECKING:
    from bench.method import Point, SearchResult
    from bench.task import Judgements
    from bench.types import Floats, Ints


class Sample(NamedTuple):
    """Validation queries, to lay an index out by.

    Attributes:
        vectors: [n, dim] of the queries.
        judged: what their rankings are judged by.
    """

    vectors: Floats
    judged: Judgements

    def score(self, ids: Ints) -> float:
        """How good rankings [n, k] of the sample are."""
        return self.judged.score(ids)

    @property
    def depth(self) -> int:
        """How deep rankings of the sample are judged."""
        return int(self.judged.depth.max(initial=0))


@dataclass
class Index(Part, ABC):
    """Searches document vectors by dot product; its fields are its hyper-parameters."""

    requires: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def build(self, documents: Floats, sample: Sample) -> None:
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
        """[n_documents] the leaf of each document."""
        return None
