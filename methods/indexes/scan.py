"""Scanning leaves that were chosen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import faiss

    from bench.types import Floats, Ints

BY_QUERY = 3
"""Faiss's mode that shares queries among threads; by default it scans given leaves on one."""


def scan(
    ivf: faiss.IndexIVF, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, k], of the best documents in the leaves of each query.

    Args:
        ivf: the index whose inverted lists are the leaves.
        queries: [n, dim] vectors.
        k: number of documents asked for.
        leaves: [n, nprobe] leaves to be scanned, -1 for none.
        scores_of_leaves: [n, nprobe] scores of their centroids; not read if lists hold whole
            vectors.
    """
    ivf.nprobe, ivf.parallel_mode = leaves.shape[1], BY_QUERY
    probed = np.ascontiguousarray(leaves, np.int64)
    scores, ids = ivf.search_preassigned(queries, k, probed, scores_of_leaves)
    return scores, ids
