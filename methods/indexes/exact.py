"""Exact search: every document is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import faiss

from bench.method import Point, SearchResult
from methods.indexes.base import Index

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


@dataclass
class Exact(Index):
    """All documents by dot product, with Faiss."""

    def build(self, documents: Floats, guide: Guide) -> None:
        """Keep the vectors as they are."""
        self._documents = documents

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Score every document."""
        scores, ids = top_k(queries, self._documents, k)
        return SearchResult(ids, scores)

    def memory_bytes(self) -> int:
        """Size of the vectors."""
        return self._documents.nbytes


def top_k(queries: Floats, documents: Floats, k: int) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, k], of the k largest dot products; -1 past the corpus."""
    scores, ids = faiss.knn(queries, documents, k, metric=faiss.METRIC_INNER_PRODUCT)
    return scores, ids
