"""Nodes and links as a form has them, and the one place where they are checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from bench.arrays.ancestors import cycle_of
from bench.arrays.strings import Strings
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.types import Ints

NAME = "name"
"""The text of a node that a form has names for."""
LONGEST_CYCLE = 20
"""Links of a cycle that an error names."""


@dataclass(frozen=True)
class Nodes:
    """A hierarchy as it is read, not checked yet.

    Attributes:
        source: the file, or what else it is read from, for errors.
        children, parents: [n_links] the ids of the lower and the upper node of each link.
        lines: [n_links] the line of each link; empty for a form without lines.
        ids: ids of nodes; those that links name need not be among them.
        texts: text of a node by its id, by the name of the text. ``name``, if it is there, has the
            names that nodes have beyond their ids.
        notes: sentences on what was left out, for the board.
    """

    source: str
    children: Sequence[str]
    parents: Sequence[str]
    lines: Sequence[int] = ()
    ids: Iterable[str] = ()
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def at(self, *links: int) -> str:
        """The place of some links: the file, and their lines if the form has lines."""
        if not self.lines:
            return self.source
        numbers = ", ".join(str(self.lines[link]) for link in links)
        return f"{self.source}, line{'s' * (len(links) > 1)} {numbers}"

    def text(self, column: str, names: Sequence[str]) -> tuple[Strings, list[str]]:
        """The text of each node, and a note if some have none: these have their id instead.

        Args:
            column: the name of the text; empty: the names of the nodes, or their ids.
            names: [n] the ids of the nodes.

        Raises:
            InputError: there is no such text.
        """
        if not column and NAME not in self.texts:
            told = "Nodes have no names, and their ids are read; text= takes another text"
            return Strings.of(names), [f"{told}: {', '.join(self.texts)}."] * bool(self.texts)
        if (column or NAME) not in self.texts:
            known = f"{', '.join(self.texts)}, or text alone" if self.texts else "text alone"
            raise InputError(
                f"{self.source} has no text {column!r} of its nodes; take text= one of {known}"
            )
        found = self.texts[column or NAME]
        missing = [name for name in names if not found.get(name)]
        note = f"Without a {column or NAME}, so that the id is read: {len(missing):,} nodes"
        notes = [f"{note}, such as {missing[0]}."] if missing else []
        return Strings.of(found.get(name) or name for name in names), notes


class Links(NamedTuple):
    """The checked nodes and links of a hierarchy.

    Attributes:
        names: [n] the ids of the nodes, in alphabetic order.
        children, parents: [n_links] numbers of the lower and the upper node of each link.
    """

    names: list[str]
    children: Ints
    parents: Ints


def checked(nodes: Nodes) -> Links:
    """The nodes by number; a link that is named twice counts once.

    Raises:
        InputError: there is no link, a node is its own parent, or the links have a cycle.
    """
    if not len(nodes.children):
        raise InputError(f"{nodes.source} has no links; it needs at least one child with a parent")
    for link, (child, parent) in enumerate(zip(nodes.children, nodes.parents, strict=True)):
        if child == parent:
            raise InputError(
                f"{nodes.at(link)}: {child!r} is its own parent; a node is relevant to itself "
                "without a link: remove it"
            )
    ends = pd.Series([*nodes.children, *nodes.parents, *nodes.ids], dtype=object)
    codes, found = pd.factorize(ends, sort=True)
    names = list(found)
    n_links = len(nodes.children)
    children, parents = np.unique(codes[: 2 * n_links].reshape(2, -1), axis=1)
    if cycle := cycle_of(children, parents):
        raise InputError(_cycle_text(nodes, [names[node] for node in cycle]))
    return Links(names, children, parents)


def _cycle_text(nodes: Nodes, cycle: list[str]) -> str:
    """The error for a cycle, with the lines of its links."""
    shown = cycle[: LONGEST_CYCLE + 1]
    first = {
        pair: link
        for link, pair in reversed([*enumerate(zip(nodes.children, nodes.parents, strict=True))])
    }
    place = nodes.at(*(first[pair] for pair in pairwise(shown)))
    labels = nodes.texts.get(NAME, {})
    told = [f"{node} ({labels[node]})" if labels.get(node) else node for node in shown]
    more = f" -> … ({len(cycle) - 1:,} links in all)" if len(cycle) > len(shown) else ""
    return (
        f"{place}: the links make a cycle, {' -> '.join(told)}{more}; a node cannot be its own "
        "ancestor: remove one of them"
    )
