"""Directed graphs of NetworkX, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Unpack

from bench.data.readers.hierarchies.header import NAMES
from bench.data.readers.hierarchies.nodes import NAME, Nodes
from bench.data.readers.hierarchies.read import nodes_task
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.data.readers.hierarchies.read import Asked
    from bench.task import Task


class DiGraph(Protocol):
    """What is read of ``networkx.DiGraph``, which need not be installed."""

    def is_directed(self) -> bool:
        """Whether an edge has a direction."""

    def nodes(self, data: bool) -> Iterable[tuple[Any, dict[str, Any]]]:  # noqa: FBT001
        """The nodes, each with its attributes."""

    def edges(self) -> Iterable[tuple[Any, Any]]:
        """The edges, each from a child to its parent."""


def task(name: str, graph: DiGraph, *, edges: str = "", **options: Unpack[Asked]) -> Task:  # noqa: ARG001
    """A task from a graph; ``edges`` names a file, and a graph has none.

    Raises:
        InputError: the graph is no hierarchy, or an option is wrong.
    """
    return nodes_task(name, read(graph), **options)


def read(graph: DiGraph) -> Nodes:
    """A graph whose edges go from child to parent; the attributes of a node are its texts.

    Raises:
        InputError: it has no direction, two nodes have one name, or its edges go down: no node has
            two parents that way, and some have two children.
    """
    source = "the graph"
    if not graph.is_directed():
        raise InputError(
            f"{source} has no direction; it needs a DiGraph, edges from child to parent"
        )
    known: dict[str, object] = {}
    texts: dict[str, dict[str, str]] = {}
    for node, attributes in graph.nodes(data=True):
        if (other := known.setdefault(str(node), node)) is not node:
            raise InputError(
                f"{source} has two nodes of one name, {other!r} and {node!r}; rename one"
            )
        for column, value in attributes.items():
            of_name = NAME if column in NAMES and NAME not in attributes else str(column)
            texts.setdefault(of_name, {})[str(node)] = str(value)
    edges = [(str(child), str(parent)) for child, parent in graph.edges()]
    children, parents = ([edge[end] for edge in edges] for end in (0, 1))
    if len(set(parents)) == len(parents) and len(set(children)) < len(children):
        raise InputError(
            f"{source}: an edge goes from child to parent, and these seem to go from parent to "
            f"child, as {edges[0][0]!r} -> {edges[0][1]!r}; give graph.reverse()"
        )
    return Nodes(source, children, parents, (), known, texts)
