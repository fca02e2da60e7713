"""How well the ancestors of nodes that training never named are found, and by which of them.

The measures are those of hierarchical retrieval with queries out of the vocabulary (HR-OOV, arXiv
2511.16698): the node itself, which is no part of the corpus there, leaves a ranking first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats, Ints

ANCESTORS = "ancestors"
TRAINED, HELD_OUT = "trained ancestors", "held-out ancestors"
BY_PARENTS = ("1 parent", "2 parents", "3 parents or more")
"""Names of groups of pairs: see :func:`groups_of`."""
CUT = 100
REACH = CUT + 1
"""How deep rankings are read: the node itself may stand among the first."""
MRR = "MRR of the nearest"
HOPS = (1, 2, 4)
"""Numbers of hops within which recall is measured, beside all of them."""


def groups_of(test: Relevance, held: Bools, parents: Ints) -> dict[str, Bools]:
    """Pairs of new nodes and their ancestors, themselves excluded: [n_pairs] each.

    Args:
        test: the pairs of the test.
        held: [n_nodes] whether a node was held out of training.
        parents: [n_nodes] number of parents of each node.

    Returns:
        All of them; those whose ancestor was trained on, or held out too; and those of nodes with
        one parent, two, or more. Groups without a pair are left out.
    """
    above = np.asarray(held[test.queries] & (test.distances > 0))
    unknown, most = held[test.documents], len(BY_PARENTS)
    number = np.minimum(parents[test.queries], most)
    found = {ANCESTORS: above, TRAINED: above & ~unknown, HELD_OUT: above & unknown}
    found |= {name: above & (number == n) for n, name in enumerate(BY_PARENTS, start=1)}
    return {name: pairs for name, pairs in found.items() if pairs.any()}


def within(hops: int | None = None) -> str:
    """The name of recall at 100 within some hops; None: of all ancestors."""
    return f"R@{CUT}" if hops is None else f"R@{CUT}, d ≤ {hops}"


def ancestor_measures(ids: Ints, ancestors: Relevance) -> Mapping[str, Floats]:
    """[n] each measure of rankings, by name; NaN for a query without such an ancestor.

    Args:
        ids: [n, k] ranked document numbers, best first, -1 after the last, without the query's own
            node.
        ancestors: the ancestors of the same queries, of which each has one.

    Returns:
        One over the rank of the first of the nearest ancestors, 0 if it is not among those ranked;
        and the share of the ancestors within 1, 2, … hops among the first 100.
    """
    pair = ancestors.pairs_of(ids[:, :CUT])
    distance = np.where(pair >= 0, np.append(ancestors.distances, -1)[pair], -1)
    nearest = ancestors.distances[ancestors.indptr[:-1]]  # pairs are ordered by distance
    ranks = np.arange(1, distance.shape[1] + 1)
    found: dict[str, Floats] = {
        MRR: ((distance == nearest[:, None]) / ranks).max(axis=1, initial=0.0)
    }
    for hops in (*HOPS, None):
        most = ancestors.distances.max() if hops is None else hops
        there = ancestors.distances <= most
        wanted = np.bincount(ancestors.queries[there], minlength=ancestors.n_queries)
        hits = ((distance >= 0) & (distance <= most)).sum(axis=1)
        found[within(hops)] = np.divide(
            hits, wanted, out=np.full(len(hits), np.nan), where=wanted > 0
        )
    return found
