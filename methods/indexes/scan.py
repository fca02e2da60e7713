"""Scanning leaves that were chosen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import faiss

    from bench.types import Floats, Ints

BY_QUERY = 3
"""Faiss's way of sharing queries out to threads; left alone, it scans chosen leaves on one."""


def scan(
    ivf: faiss.IndexIVF, queries: Floats, k: int, leaves: Ints, scores_of_leaves: Floats
) -> tuple[Floats, Ints]:
    """Scores and numbers, both [n, k], of the best documents in the leaves of each query.

    Args:
        ivf: whose inverted lists are the leaves.
        queries: [n, dim].
        k: documents asked for.
        leaves: [n, nprobe] to be scanned, -1 for none.
        scores_of_leaves: [n, nprobe] by a centroid; not read where lists hold whole vectors.
    """
    ivf.nprobe, ivf.parallel_mode = leaves.shape[1], BY_QUERY
    probed = np.ascontiguousarray(leaves, np.int64)
    scores, ids = ivf.search_preassigned(queries, k, probed, scores_of_leaves)
    return scores, ids
