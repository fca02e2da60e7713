"""sharded-ivf: one set of k-means leaves, filled and scanned in shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.chunks import cuts, merged
from methods.indexes.faiss_ivf import FaissIVF
from methods.indexes.ivf_block import IVFBlock
from methods.shards.pool import Sharded

if TYPE_CHECKING:
    from bench.method import Workspace
    from bench.types import Floats, Ints


@dataclass
class ShardedIVF(Sharded, FaissIVF):
    """The leaves and rankings of ``faiss-ivf``, over vectors that need not fit into one memory."""

    version: ClassVar[str] = "sharded-ivf 3"

    def fill(self, documents: Floats, centroids: Floats, workspace: Workspace) -> None:
        """Let each worker put its documents into leaves around centroids [nlist, dim]."""
        vars(self).pop("_shards", None)  # frees the leaves of another number of leaves
        shared = self.share(centroids)
        parts = cuts(len(documents), self.shards)
        self._shards = self.start(
            IVFBlock, [(self.share(documents[cut]), cut.start, shared) for cut in parts]
        )
        self._copies = len(parts)
        self._leaf: Ints = np.concatenate(self._shards.call("leaves"))

    def scan(
        self, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
    ) -> tuple[Floats, Ints]:
        """Scores and numbers [n, k] of the best in the leaves [n, nprobe] of each query."""
        return merged(self._shards.call("search", queries, k, leaves, scores_of_leaves), k)

    def memory_bytes(self) -> int:
        """Vectors and ids in the leaves, and the centroids of each shard."""
        dim, nlist = self._quantizer.d, self._quantizer.ntotal
        return int(super().memory_bytes() + (self._copies - 1) * nlist * 4 * dim)
