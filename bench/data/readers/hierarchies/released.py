"""Hierarchies as others released them, with nodes held out of training."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.data.readers.hierarchies import forms
from bench.data.readers.hierarchies.nodes import NAME, Nodes, checked
from bench.data.readers.hierarchy import MAX_DISTANCE
from bench.data.readers.new_queries import (
    HELD_OUT,
    NodeSplit,
    new_queries_task,
    untrained_distances,
)
from bench.data.readers.tables import read_table
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from bench.task import Task

DEFINITION = "definition"


def read(
    name: str,
    folder: Path,
    *,
    links: str,
    terms: str = "",
    text: str = NAME,
    held_out: float = HELD_OUT,
    max_distance: int = MAX_DISTANCE,
) -> Task:
    """A task whose test asks for nodes that training never named, by their texts.

    Args:
        name: name of the task.
        folder: the folder of the files.
        links: the file of links, in one of the forms of a hierarchy.
        terms: a table with tabs of each node's ``id``, ``name`` and ``definition``; a node of the
            links is ``id name`` then. Empty: the names are those of the links.
        text: ``name``, or ``definition``: the name and the definition after it.
        held_out: share of the nodes that are held out.
        max_distance: longest path of a pair, in hops.

    Raises:
        InputError: a file is malformed, a node has no term, there is no such text, or the share
            leaves a distance without a training pair.
    """
    nodes = forms.read(folder / links)
    if terms:
        nodes = _named(nodes, folder / terms)
    names, children, parents = checked(nodes)
    texts, _ = nodes.text(text, names)
    notes = nodes.notes if text == DEFINITION else ()
    split = NodeSplit.share(len(names), held_out)
    task = new_queries_task(name, names, texts, children, parents, max_distance, split, text=text)
    if (lost := untrained_distances(task.train, task.test.relevance)).size:
        raise InputError(
            f"{name} holds out {split.held:,} of {len(names):,} nodes, and no training pair is "
            f"left at distance {lost[0]}, where the test has pairs; hold out fewer, with a smaller "
            f"held_out, or take max_distance={lost[0] - 1}"
        )
    return replace(task, notes=(*notes, *task.notes))


def _named(nodes: Nodes, path: Path) -> Nodes:
    """The nodes by the ids of a table, with the texts of the table.

    Raises:
        InputError: a term is there twice or has no name, or a node of a link is no term.
    """
    table = read_table(path, ("id", NAME), "\t", optional=(DEFINITION,))
    _require_once(path, table)
    known = {f"{node} {name}": node for node, name in zip(table["id"], table[NAME], strict=True)}
    for link, pair in enumerate(zip(nodes.children, nodes.parents, strict=True)):
        if absent := [each for each in pair if each not in known]:
            raise InputError(
                f"{nodes.at(link)}: {absent[0]!r} is no term of {path}; it needs a line with this "
                "id and this name"
            )
    return Nodes(
        nodes.source,
        [known[node] for node in nodes.children],
        [known[node] for node in nodes.parents],
        nodes.lines,
        table["id"].tolist(),
        _texts(table),
        (*nodes.notes, *_undefined(table)),
    )


def _require_once(path: Path, table: pd.DataFrame) -> None:
    """Raise InputError for an id that is there twice."""
    for line, node in table.loc[table["id"].duplicated(), "id"].items():
        first = table.index[table["id"] == node][0]
        raise InputError(
            f"{path}, line {line}: the term {node} is also on line {first}; remove one of them"
        )


def _texts(table: pd.DataFrame) -> Mapping[str, Mapping[str, str]]:
    """The names of the terms, and the same with their definitions."""
    names = dict(zip(table["id"], table[NAME], strict=True))
    both = {
        node: f"{name}: {definition}" if definition else name
        for node, name, definition in table[["id", NAME, DEFINITION]].itertuples(index=False)
    }
    return {NAME: names, DEFINITION: both}


def _undefined(table: pd.DataFrame) -> list[str]:
    """A sentence on the terms without a definition, if there are any."""
    without = table.loc[table[DEFINITION] == "", "id"]
    if without.empty:
        return []
    return [
        f"Without a definition, so that the name alone is read: {len(without):,} nodes, such as "
        f"{without.iloc[0]}."
    ]
