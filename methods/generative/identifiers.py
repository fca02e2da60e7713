"""Hierarchical k-means identifiers of documents, and the trie of those that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from methods.indexes.kmeans import spherical_kmeans

if TYPE_CHECKING:
    from bench.types import Bools, Floats, Ints


class Identifiers(NamedTuple):
    """Identifiers of documents: sequences of digits from 0 on, none the beginning of another.

    Attributes:
        children: [n_nodes, branching] where each digit leads to from a beginning: a node below,
            ``n_nodes`` + the number of an identifier that ends there, or -1 where none goes on.
            Node 0 is the empty beginning.
        owners: [n_documents] the identifier of each document; documents of equal vectors share one.
    """

    children: Ints
    owners: Ints

    @property
    def n_nodes(self) -> int:
        """Number of beginnings, the empty one included."""
        return len(self.children)

    @property
    def n_identifiers(self) -> int:
        """Number of different identifiers."""
        return int(self.owners.max(initial=-1)) + 1

    @property
    def n_sharing(self) -> int:
        """Number of documents whose identifier another has too."""
        counts = np.bincount(self.owners)
        return int(counts[counts > 1].sum())

    def documents(self) -> Ints:
        """[n_identifiers, most] documents of each identifier in their order, -1 where fewer."""
        counts = np.bincount(self.owners, minlength=self.n_identifiers)
        order = np.argsort(self.owners, kind="stable")
        found: Ints = np.full((len(counts), counts.max(initial=1)), -1, np.int64)
        place = np.arange(len(order)) - np.repeat(counts.cumsum() - counts, counts)
        found[self.owners[order], place] = order
        return found

    def paths(self) -> Paths:
        """The way through the trie to each identifier and to each node."""
        n_nodes, parents, digits = self.n_nodes, *np.nonzero(self.children >= 0)
        codes = self.children[parents, digits]
        above: Ints = np.full(n_nodes + self.n_identifiers, -1, np.int64)
        last: Ints = np.full(len(above), -1, np.int64)
        above[codes], last[codes] = parents, digits
        steps = []  # from the end of each way to its beginning
        here: Ints = np.arange(len(above))
        while (above[here] >= 0).any():
            inside = above[here] >= 0
            steps.append((np.where(inside, above[here], -1), np.where(inside, last[here], -1)))
            here = np.where(inside, above[here], here)
        depth = len(steps)
        nodes, taken = (
            np.array([step[part] for step in steps]).reshape(depth, -1).T for part in (0, 1)
        )
        lengths = (nodes >= 0).sum(axis=1)
        place = (lengths[:, None] - 1 - np.arange(depth)) % max(depth, 1)
        reached = np.arange(depth) < lengths[:, None]
        ways, written = (
            np.where(reached, np.take_along_axis(each, place, axis=1), -1)
            for each in (nodes, taken)
        )
        return Paths(ways[n_nodes:], written[n_nodes:], written[:n_nodes])


class Paths(NamedTuple):
    """Ways through a trie, -1 after their ends.

    Attributes:
        nodes: [n_identifiers, depth] the node before each digit of an identifier.
        digits: [n_identifiers, depth] the digits.
        beginnings: [n_nodes, depth] the digits to each node.
    """

    nodes: Ints
    digits: Ints
    beginnings: Ints


def hierarchical(vectors: Floats, branching: int, seed: int) -> Identifiers:
    """Identifiers by nested clusters of documents (DSI, section 3.2; NCI, section 3.2).

    At most ``branching`` different documents are numbered; more of them are divided into that many
    clusters, and each cluster in the same way. Equal vectors cannot be told apart, and get one
    identifier.

    Args:
        vectors: [n_documents, dim] unit vectors, one document at least.
        branching: digits, 2 or more.
        seed: seed of the clusterings.
    """
    distinct, owners = np.unique(vectors, axis=0, return_inverse=True)
    rows_below: list[Ints] = [np.arange(len(distinct))]
    children: list[Ints] = []
    for rows in rows_below:  # it grows
        found: Ints = np.full(branching, -1, np.int64)
        if len(rows) <= branching:
            found[: len(rows)] = -2 - rows
        else:
            for digit, part in enumerate(_divided(distinct, rows, branching, seed)):
                if len(part) == 1:
                    found[digit] = -2 - part[0]
                elif len(part):
                    found[digit] = len(rows_below)
                    rows_below.append(part)
        children.append(found)
    table = np.array(children)
    ends: Bools = table <= -2  # noqa: PLR2004 - identifiers, numbered downwards
    return Identifiers(np.where(ends, len(table) - 2 - table, table), owners.ravel())


def _divided(vectors: Floats, rows: Ints, branching: int, seed: int) -> list[Ints]:
    """Rows in clusters of their vectors; evenly, where clustering leaves them together."""
    centroids = spherical_kmeans(vectors[rows], branching, seed)
    nearest = (vectors[rows] @ centroids.T).argmax(axis=1)
    if (nearest == nearest[0]).all():
        return np.array_split(rows, branching)
    return [rows[nearest == digit] for digit in range(branching)]
