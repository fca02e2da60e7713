"""Ancestors in a directed acyclic graph, and the number of hops to each."""

from __future__ import annotations

import graphlib
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from bench.arrays.relevance import Relevance
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.types import Bools, Ints


LONGEST_CYCLE = 20
"""Nodes of a cycle that an error names."""


def ancestors(children: Ints, parents: Ints, n_nodes: int, max_distance: int) -> Relevance:
    """Each node's ancestors up to ``max_distance`` hops; the node itself is one, at distance 0.

    Breadth first from all nodes at once: the frontier is the list of (node, ancestor) pairs first
    met at this distance, so that a pair's distance is the length of its shortest path.

    Args:
        children: [n_links] node below each link.
        parents: [n_links] node above each link.
        n_nodes: number of nodes, numbered from 0.
        max_distance: longest path kept, in hops; at most 127, which a byte holds.

    Raises:
        InputError: ``max_distance`` is not from 0 to 127.
    """
    if not 0 <= max_distance <= np.iinfo(np.int8).max:
        raise InputError(f"max_distance must be from 0 to 127 hops, got {max_distance}")
    up = sparse.csr_array((np.ones(len(children), bool), (children, parents)), (n_nodes, n_nodes))
    frontier = np.arange(n_nodes, dtype=np.int64) * (n_nodes + 1)  # pair (q, d) coded as q * n + d
    known = [frontier]
    for _ in range(max_distance):
        node, ancestor = np.divmod(frontier, n_nodes)
        fan_out = np.diff(up.indptr)[ancestor]
        first = np.repeat(up.indptr[ancestor] - np.cumsum(fan_out) + fan_out, fan_out)
        above = up.indices[first + np.arange(fan_out.sum())]
        reached = np.unique(np.repeat(node, fan_out) * n_nodes + above)
        # A path of another length may have reached the pair before.
        for level in known:
            reached = reached[~_contains(level, reached)]
        if not len(reached):
            break
        known.append(reached)
        frontier = reached
    distances = np.repeat(np.arange(len(known)), [len(level) for level in known])
    queries, documents = np.divmod(np.concatenate(known), n_nodes)
    return Relevance.from_pairs(queries, documents, distances, n_nodes, n_nodes)


def _contains(sorted_codes: Ints, codes: Ints) -> Bools:
    """Which ``codes`` are among ``sorted_codes``."""
    place = np.minimum(np.searchsorted(sorted_codes, codes), len(sorted_codes) - 1)
    found: Bools = sorted_codes[place] == codes
    return found


def descendants(children: Ints, parents: Ints, root: int, n_nodes: int) -> Bools:
    """[n_nodes] whether a node is ``root`` or lies below it."""
    links = np.ones(len(children), bool)
    down = sparse.csr_array((links, (parents, children)), (n_nodes, n_nodes))
    below = np.zeros(n_nodes, bool)
    below[csgraph.breadth_first_order(down, root, return_predecessors=False)] = True
    return below


def require_acyclic(children: Ints, parents: Ints, names: Sequence[str]) -> None:
    """Raise InputError that names the nodes of a cycle if there is one."""
    above: dict[int, list[int]] = {}
    for child, parent in zip(children.tolist(), parents.tolist(), strict=True):
        above.setdefault(child, []).append(parent)
    try:
        graphlib.TopologicalSorter(above).prepare()
    except graphlib.CycleError as error:
        cycle = [names[node] for node in reversed(error.args[1])]
        if len(cycle) > LONGEST_CYCLE:
            middle = f"… ({len(cycle) - 1:,} nodes in all) …"
            cycle = [*cycle[: LONGEST_CYCLE // 2], middle, *cycle[-LONGEST_CYCLE // 2 :]]
        path = " -> ".join(cycle)
        raise InputError(
            f"the hierarchy has a cycle: {path}; a node cannot be its own ancestor: "
            "remove one of these links"
        ) from None
