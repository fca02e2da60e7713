"""Exact search: every document is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import faiss

from bench.method import Code, Point, SearchResult
from methods.chunks import chunks, merged, numbered
from methods.indexes.base import Index
from methods.indexes.faiss_file import search_of, write_faiss

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.types import Floats, Ints
    from methods.encoders.similarity import Similarity
    from methods.indexes.base import Guide


@dataclass
class Exact(Index):
    """Every document is scored by dot product, with Faiss.

    Documents on disk are read in chunks. A score that is no dot product is searched in blocks, with
    PyTorch, on a GPU where there is one.
    """

    version: ClassVar[str] = "exact 1"
    scores_all: ClassVar[bool] = True
    reads_chunks: ClassVar[bool] = True
    takes_similarity: ClassVar[bool] = True
    exports: ClassVar[bool] = True

    def build(self, documents: Floats, guide: Guide) -> None:
        """Keep the vectors as they are."""
        self._documents = documents
        self._ceiling = guide.workspace.memory_bytes
        self._device = guide.workspace.device
        self._similarity = guide.similarity

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Score every document."""
        scores, ids = top_k(
            queries, self._documents, k, self._ceiling, self._similarity, self._device
        )
        return SearchResult(ids, scores)

    def memory_bytes(self) -> int:
        """Size of the vectors."""
        return self._documents.nbytes

    def export(self, folder: Path, documents: Floats, point: Point) -> Code:
        """Write Faiss's IndexFlatIP."""
        flat = faiss.IndexFlatIP(documents.shape[1])
        for _, chunk in chunks(documents, self._ceiling):
            flat.add(chunk)
        return write_faiss(
            folder, flat, search_of("INDEX.search(vectors, {k})[1]", len(documents), 1)
        )


def top_k(
    queries: Floats,
    documents: Floats,
    k: int,
    ceiling: int = 0,
    similarity: Similarity | None = None,
    device: str = "cpu",
) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, k], of the k largest dot products; -1 past the corpus.

    Args:
        queries: [n, dim] float32.
        documents: [n_documents, dim] float32, or float16, or a memory map of them.
        k: number of documents.
        ceiling: bytes that the process may allocate; 0: not known.
        similarity: the score, where it is no dot product: the columns end with the corpus then.
        device: where such a score is computed, by the name that a workspace gives it.
    """
    if similarity is not None:
        from methods.encoders.similarity import best_by

        return best_by(similarity, queries, documents, k, ceiling, device)

    def found() -> Iterator[tuple[Floats, Ints]]:
        for begin, chunk in chunks(documents, ceiling):
            scores, ids = faiss.knn(queries, chunk, k, metric=faiss.METRIC_INNER_PRODUCT)
            yield scores, numbered(ids, begin) if begin else ids

    return merged(found(), k)
