"""How evenly documents lie in leaves; a method may read the same figures while it trains.

It may import ``types``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from bench.types import Ints


class LeafHealth(NamedTuple):
    """Statistics of how documents are distributed over leaves.

    Attributes:
        leaves: number of leaves.
        empty: number of leaves without a document.
        largest: share of the documents in the largest leaf.
        gini: Gini coefficient of the sizes: 0 if all leaves are alike, near 1 if one holds all.
        entropy: entropy of a document's leaf, divided by the entropy of equal leaves.
        expected: documents in the leaf of a random document, sum of p_i c_i (EHI, appendix E.4);
            ``even`` if all leaves were alike.
        even: mean number of documents in a leaf.
    """

    leaves: int
    empty: int
    largest: float
    gini: float
    entropy: float
    expected: float
    even: float


def load(sizes: Ints) -> float:
    """The leaf of a random member over an even leaf, m sum of p_l^2; 1 if all m leaves are alike.

    Args:
        sizes: [m] members of each leaf, such as queries that probe it.
    """
    share = sizes / sizes.sum()
    return float(len(sizes) * (share @ share))


def leaf_health(leaf: Ints, n_leaves: int) -> LeafHealth:
    """The statistics of a partition.

    Args:
        leaf: [n_documents] or [n_documents, r] the leaves of each document; one that is named
            twice holds it once.
        n_leaves: number of leaves, including the empty ones.
    """
    held = np.sort(leaf.reshape(len(leaf), -1), axis=1)
    again = np.diff(held, axis=1, prepend=-1) == 0
    sizes = np.sort(np.bincount(held[~again], minlength=n_leaves)).astype(np.float64)
    n_leaves, total = len(sizes), sizes.sum()
    share = sizes / total
    rank = np.arange(1, n_leaves + 1)
    occupied = share[share > 0]
    most = np.log(n_leaves)
    return LeafHealth(
        leaves=n_leaves,
        empty=int((sizes == 0).sum()),
        largest=float(share[-1]),
        gini=float(((2 * rank - n_leaves - 1) * share).sum() / n_leaves),
        entropy=float(-(occupied * np.log(occupied)).sum() / most) if most else 1.0,
        expected=float((share * sizes).sum()),
        even=float(total / n_leaves),
    )
