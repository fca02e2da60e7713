"""Ancestors in a directed acyclic graph, and the number of hops to each."""

from __future__ import annotations

import graphlib
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from bench.arrays.relevance import Relevance
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.types import Bools, Ints


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
    hops = _hops(children, parents, n_nodes)
    known = list(itertools.islice(hops, max_distance + 1))
    distances = np.repeat(np.arange(len(known)), [len(level) for level in known])
    queries, documents = np.divmod(np.concatenate(known), n_nodes)
    return Relevance.from_pairs(queries, documents, distances, n_nodes, n_nodes)


def n_beyond(children: Ints, parents: Ints, n_nodes: int, max_distance: int) -> tuple[int, int]:
    """The number of pairs of a node and an ancestor beyond ``max_distance`` hops.

    Args:
        children: [n_links] node below each link.
        parents: [n_links] node above each link.
        n_nodes: number of nodes, numbered from 0.
        max_distance: the number of hops.

    Returns:
        The number of pairs and the distance of the furthest. A long chain has too many to count:
        counting ends, with distance 0, where they are more than the pairs within ``max_distance``.
    """
    within = beyond = deepest = 0
    for distance, level in enumerate(_hops(children, parents, n_nodes)):
        if distance <= max_distance:
            within += len(level)
        else:
            beyond, deepest = beyond + len(level), distance
        if beyond > within:
            return beyond, 0
    return beyond, deepest


def _hops(children: Ints, parents: Ints, n_nodes: int) -> Iterator[Ints]:
    """The pairs (node, ancestor) at each distance from 0 on, coded as node * n_nodes + ancestor."""
    above = _above(children, parents, n_nodes)
    frontier: Ints = np.arange(n_nodes, dtype=np.int64) * (n_nodes + 1)
    known = []
    while len(frontier):
        yield frontier
        known.append(frontier)
        frontier = above(frontier)
        # A path of another length may have reached the pair before.
        for level in known:
            frontier = frontier[~_contains(level, frontier)]


def _above(children: Ints, parents: Ints, n_nodes: int) -> Callable[[Ints], Ints]:
    """A function from coded pairs (node, ancestor) to those one link further up, each once."""
    up = sparse.csr_array((np.ones(len(children), bool), (children, parents)), (n_nodes, n_nodes))

    def above(pairs: Ints) -> Ints:
        node, ancestor = np.divmod(pairs, n_nodes)
        fan_out = np.diff(up.indptr)[ancestor]
        first = np.repeat(up.indptr[ancestor] - np.cumsum(fan_out) + fan_out, fan_out)
        further = up.indices[first + np.arange(fan_out.sum())]
        return np.unique(np.repeat(node, fan_out) * n_nodes + further)

    return above


def implied_links(children: Ints, parents: Ints, n_nodes: int) -> Bools:
    """[n_links] whether a longer path leads from the child of a link to its parent.

    Args:
        children: [n_links] node below each link; there is no cycle.
        parents: [n_links] node above each link.
        n_nodes: number of nodes, numbered from 0.
    """
    heights = _heights(children, parents, n_nodes)
    lowest = np.full(n_nodes, n_nodes)
    np.minimum.at(lowest, children, heights[parents])
    above = _above(children, parents, n_nodes)
    links = children * np.int64(n_nodes) + parents
    order = np.argsort(links)
    implied = np.zeros(len(links), bool)
    waiting: defaultdict[int, list[Ints]] = defaultdict(list)
    reached: Ints = links[order]
    # From the highest ancestors down, so that all ways to a pair are known when it is its turn.
    for height in range(int(heights.max(initial=0)), 0, -1):
        for of_height, pairs in _by_height(reached, heights):
            waiting[of_height].append(pairs)
        pairs = np.unique(np.concatenate([*waiting.pop(height, []), links[:0]]))
        # From a node as low as the lowest parent of the child, none of its parents is reached.
        reached = above(pairs[lowest[pairs // n_nodes] < height])
        place = order[np.searchsorted(links, reached, sorter=order).clip(max=len(links) - 1)]
        implied[place[links[place] == reached]] = True
    return implied


def _by_height(pairs: Ints, heights: Ints) -> Iterator[tuple[int, Ints]]:
    """The coded pairs (node, ancestor) of each height of an ancestor."""
    of_pair = heights[pairs % len(heights)]
    order = np.argsort(of_pair, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(of_pair[order])) + 1):
        if len(part):
            yield int(of_pair[part[0]]), pairs[part]


def _heights(children: Ints, parents: Ints, n_nodes: int) -> Ints:
    """[n_nodes] links on the longest path from each node up to a root."""
    above = _parents_of(children, parents)
    heights = [0] * n_nodes
    for node in graphlib.TopologicalSorter(above).static_order():
        heights[node] = max((heights[parent] + 1 for parent in above.get(node, ())), default=0)
    return np.array(heights)


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


def cycle_of(children: Ints, parents: Ints) -> list[int]:
    """The nodes of a cycle from child to parent, the first again at the end; empty without one."""
    try:
        graphlib.TopologicalSorter(_parents_of(children, parents)).prepare()
    except graphlib.CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _parents_of(children: Ints, parents: Ints) -> dict[int, list[int]]:
    """The parents of each node that has some."""
    above: dict[int, list[int]] = {}
    for child, parent in zip(children.tolist(), parents.tolist(), strict=True):
        above.setdefault(child, []).append(parent)
    return above
