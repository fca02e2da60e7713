"""Scores that are read off the hierarchy of the training pairs, without training."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import sparse

from bench.errors import InputError
from bench.method import Method, Point, Progress, SearchResult
from methods.trainers.circle import nodes_of

if TYPE_CHECKING:
    from bench.task import Corpus, Queries, Relevance, Training
    from bench.types import Floats, Ints

BLOCK = 16
"""Queries scored at once: this bounds memory."""


class _GraphLookup(Method):
    """The base of both: a table of scores of some queries with some documents."""

    kind = "bound"

    def skip(self, train: Training) -> str | None:
        """There must be nodes, each with a document of its own."""
        try:
            nodes_of(train.relevance)
        except InputError as error:
            return str(error)
        return None

    def fit(self, train: Training, *, seed: int, progress: Progress) -> None:
        """Read the training pairs."""
        self._read(train.relevance)

    @abstractmethod
    def _read(self, relevance: Relevance) -> None:
        """Keep what scores depend on."""

    @abstractmethod
    def _table(self, queries: Ints, documents: Ints) -> Floats:
        """[n, m] scores of n queries with m documents."""

    def index(self, corpus: Corpus) -> None:
        """Nothing is indexed."""
        self._documents: Ints = np.arange(corpus.size)

    def search(self, queries: Queries, k: int, point: Point) -> SearchResult:
        """The k best documents of all; equal ones by number."""
        found = []
        for start in range(0, len(queries.rows), BLOCK):
            table = self._table(queries.rows[start : start + BLOCK], self._documents)
            ids = np.argsort(-table, axis=1, kind="stable")[:, :k]
            found.append((ids, np.take_along_axis(table, ids, 1)))
        ids, scores = map(np.concatenate, zip(*found, strict=True))
        return SearchResult(ids, scores)

    def score(self, queries: Queries, documents: Ints) -> Floats:
        """[n] scores of single pairs."""
        rows, row = np.unique(queries.rows, return_inverse=True)
        columns, column = np.unique(documents, return_inverse=True)
        scores = np.empty(len(documents), np.float32)
        for start in range(0, len(rows), BLOCK):
            own = (row >= start) & (row < start + BLOCK)
            table = self._table(rows[start : start + BLOCK], columns)
            scores[own] = table[row[own] - start, column[own]]
        return scores


class AncestorLookup(_GraphLookup):
    """Whether the document is relevant to the query in the training pairs: 1, or else 0.

    Where the tested pairs are those of training, it finds all of them: it is a bound there.
    """

    name = "ancestor-lookup"
    version: ClassVar[str] = "ancestor-lookup 1"

    def _read(self, relevance: Relevance) -> None:
        self._relevant = _matrix(relevance.queries, relevance.documents, relevance.n_documents)

    def _table(self, queries: Ints, documents: Ints) -> Floats:
        found: Floats = self._relevant[queries][:, documents].toarray()
        return found


class PathSimilarity(_GraphLookup):
    """The path similarity of two nodes: 1 / (1 + the links on the way through a common ancestor).

    Rada, Mili, Bicknell & Blettner 1989, in the form of WordNet::Similarity (Pedersen, Patwardhan &
    Michelizzi 2004), of which HyperLex's paper prints a figure as WN-Basic. The way is the
    shortest; nodes without a common ancestor have 0. It is symmetric, and so cannot tell what is
    general.
    """

    name = "path-similarity"
    version: ClassVar[str] = "path-similarity 1"

    def _read(self, relevance: Relevance) -> None:
        self._nodes = nodes_of(relevance)
        links = relevance.distances == 1
        up = relevance.queries[links], self._nodes[relevance.documents[links]]
        self._above = _hops_to_ancestors(*up, len(self._nodes))

    def _table(self, queries: Ints, documents: Ints) -> Floats:
        hops = self._above[queries].tocoo()
        to_ancestors = np.full(hops.shape, np.inf, np.float32)
        to_ancestors[hops.coords] = hops.data - 1
        above = self._above[self._nodes[documents]]
        ways = to_ancestors[:, above.indices] + above.data  # each node is above itself: none empty
        found: Floats = 1 / np.minimum.reduceat(ways, above.indptr[:-1], axis=1)
        return found


def _hops_to_ancestors(children: Ints, parents: Ints, n_nodes: int) -> sparse.csr_array:
    """[n_nodes, n_nodes] 1 + the fewest links from a row up to a column; a node is above itself."""
    up = _matrix(children, parents, n_nodes)
    level = sparse.eye_array(n_nodes, dtype=np.float32, format="csr")
    found, hops = level, 1
    while level.nnz:
        level = level @ up
        level.data[:] = 1
        level -= level.multiply(found > 0)
        level.eliminate_zeros()
        hops += 1
        found = found + hops * level
    return found


def _matrix(rows: Ints, columns: Ints, n: int) -> sparse.csr_array:
    """[n, n] 1 at the given places."""
    return sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), (n, n))
