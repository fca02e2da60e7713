"""sharded-exact: every document is scored in shards, and the rankings are merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.method import Point, SearchResult
from methods.chunks import cuts, merged, numbered
from methods.indexes.base import Index
from methods.indexes.exact import top_k
from methods.shards.pool import Sharded

if TYPE_CHECKING:
    from bench.types import Floats, Ints
    from methods.indexes.base import Guide


class ExactShard:
    """The documents of one shard."""

    def __init__(self, documents: Floats, first: int, ceiling: int) -> None:
        """``first``: number of its first document; ``ceiling``: bytes that it may allocate."""
        self._ceiling = ceiling
        self._documents = documents
        self._first = first

    def search(self, queries: Floats, k: int) -> tuple[Floats, Ints]:
        """Scores and numbers [n, k] of the best."""
        scores, ids = top_k(queries, self._documents, k, self._ceiling)
        return scores, numbered(ids, self._first)


@dataclass
class ShardedExact(Sharded, Index):
    """The ranking of ``exact``, over vectors that need not fit into one memory."""

    version: ClassVar[str] = "sharded-exact 1"
    scores_all: ClassVar[bool] = True
    reads_chunks: ClassVar[bool] = True

    def build(self, documents: Floats, guide: Guide) -> None:
        """Give each worker its documents."""
        self._bytes = documents.nbytes
        ceiling = guide.workspace.memory_bytes if self.workers == "here" else 0
        parts = [
            (self.share(documents[cut]), cut.start, ceiling)
            for cut in cuts(len(documents), self.shards)
        ]
        self._shards = self.start(ExactShard, parts)

    def search(self, queries: Floats, k: int, point: Point) -> SearchResult:
        """Score every document."""
        scores, ids = merged(self._shards.call("search", queries, k), k)
        return SearchResult(ids, scores)

    def memory_bytes(self) -> int:
        """Size of the vectors."""
        return self._bytes
