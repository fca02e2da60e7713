"""How far leaves follow a hierarchy: the share of a leaf's documents that lie below one ancestor.

Purity is that of clusters (Manning, Raghavan & Schütze, Introduction to Information Retrieval,
2008, section 16.3), with the ancestors of a document as its classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from bench.arrays.relevance import Relevance
    from bench.types import Ints

MOST = 0.1
"""An ancestor of a larger share of the documents is no class: it would be that of any leaf."""


class Purity(NamedTuple):
    """Purity, as fractions.

    Attributes:
        purity: mean over documents of the largest share of the documents of its leaf below one
            ancestor.
        by_chance: the same where documents lie in leaves of these sizes at random.
    """

    purity: float
    by_chance: float


def leaf_purity(leaf: Ints, relevance: Relevance) -> Purity | None:
    """The purity of leaves by ancestor; None if no document has a known ancestor.

    Args:
        leaf: [n_documents, r] the leaves of each document.
        relevance: the relevant documents of nodes: themselves, at distance 0, and ancestors.
            Documents that are no such node count in no leaf.
    """
    itself = relevance.distances == 0
    document = np.full(relevance.n_queries, -1)
    document[relevance.queries[itself]] = relevance.documents[itself]
    below, above = document[relevance.queries], relevance.documents
    sizes = np.bincount(above[below >= 0], minlength=relevance.n_documents)
    is_class = (below >= 0) & (sizes[above] <= MOST * len(leaf))
    below, above = below[is_class], above[is_class]
    known = np.unique(document[document >= 0])
    if not len(below):
        return None
    shuffled = np.arange(len(leaf))
    shuffled[known] = np.random.default_rng(0).permutation(known)
    found = (_purity(each, known, below, above) for each in (leaf, leaf[shuffled]))
    return Purity(*found)


def _purity(leaf: Ints, known: Ints, below: Ints, above: Ints) -> float:
    """The purity of leaves [n, r] of known documents, by pairs of a document and a class."""
    n_classes = int(above.max()) + 1
    of_pairs = leaf[below].astype(np.int64) * n_classes + above[:, None]
    codes, counts = np.unique(of_pairs, return_counts=True)
    most = np.zeros(int(leaf.max()) + 1, np.int64)
    np.maximum.at(most, codes // n_classes, counts)
    return float(most.sum() / leaf[known].size)
