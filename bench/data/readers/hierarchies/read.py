"""A hierarchy of one's own as a task: what is read, what is trained on and what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, Unpack

from bench.arrays.ancestors import implied_links
from bench.data.readers.hierarchies import forms
from bench.data.readers.hierarchies.nodes import NAME, Links, checked
from bench.data.readers.hierarchy import MAX_DISTANCE, heldout_task, transductive_task
from bench.data.readers.new_queries import NodeSplit, new_queries_task
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.data.readers.hierarchies.nodes import Nodes
    from bench.task import Task
    from bench.types import Value

EDGES = "edges.csv"
OFF, ALONE = "false", "true"
"""The values of an option that is not typed, and of one that is typed without a value."""
NODES = "nodes"
FEWEST = 3
"""Nodes that can be held out, validated on and trained on."""
TEXT_DEFAULTS: dict[str, Value] = {
    "siamese": False,  # up is not down: queries and documents have a head each
    "batch": 128,
    "steps": 300,
    "lr": 0.002,
    "masked-de.negatives": 256,
    "finetune_steps": 200,
    "finetune_lr": 2e-5,
}
"""As on wordnet-mammal-text; masked-de finds 66 % of Google's product taxonomy in new queries with
it, and 36 % with the defaults of other texts."""


class Asked(TypedDict, total=False):
    """What is read, trained on and asked.

    Attributes:
        max_distance: longest path of a pair, in hops.
        reduce: whether links that other links imply are left out, as those of a transitive closure.
        text: ``true``: a text encoder reads the names of the nodes, or their ids where they have
            no names; or the name of another text, such as a column; ``false``: they have no texts.
        heldout: ``true``: half of the pairs at distance 2 and more are the test; ``nodes``: the
            test's queries are nodes that no training pair names, read by their texts; ``false``:
            training and test are the same pairs.
    """

    max_distance: int
    reduce: bool
    text: str
    heldout: str


def read(name: str, path: Path, *, edges: str = EDGES, **options: Unpack[Asked]) -> Task:
    """A task from a file in one of the forms of ``bench.data.readers.hierarchies.forms``.

    There may be several roots, and several parents of a node; a link named twice counts once.

    Args:
        name: name of the task.
        path: the file, or the folder that contains it.
        edges: name of the file in that folder.
        options: what is trained on and asked.

    Raises:
        InputError: the file is malformed, its links have a cycle, or an option is wrong.
    """
    task = nodes_task(name, forms.read(_file(path, edges)), **options)
    notes = [f"Links are those of {edges} in the folder."] if path.is_dir() else []
    return replace(task, notes=(*notes, *task.notes))


def tasks(path: Path, *, edges: str = EDGES, **typed: Value) -> list[str]:
    """The settings of two tasks where nodes have names: what is held, and new queries.

    None if the nodes have no names, or if it was typed what is read or asked.

    Raises:
        InputError: the file is malformed.
    """
    if {"text", "heldout"} & typed.keys():
        return []
    named = len(forms.read(_file(path, edges)).texts.get(NAME, ())) >= FEWEST
    return [f"heldout={OFF}", f"heldout={NODES}"] if named else []


def nodes_task(
    name: str,
    nodes: Nodes,
    *,
    max_distance: int = MAX_DISTANCE,
    reduce: bool = False,
    text: str = OFF,
    heldout: str = OFF,
) -> Task:
    """A task from nodes; ``Asked`` has the options.

    Raises:
        InputError: the links have a cycle, or an option is wrong.
    """
    if heldout not in {OFF, ALONE, NODES}:
        raise InputError(f"heldout stands alone ({ALONE}), or is {NODES} or {OFF}; got {heldout!r}")
    links = checked(nodes)
    notes = list(nodes.notes)
    links, implied = _direct(links, reduce=reduce)
    notes += implied
    names, children, parents = links
    make = heldout_task if heldout == ALONE else transductive_task
    if text == OFF and heldout != NODES:
        task = make(name, names, children, parents, max_distance)
        return replace(task, notes=(*notes, *task.notes))
    column = "" if text in {OFF, ALONE} else text
    texts, without = nodes.text(column, names)
    if heldout == NODES:
        what = column or (NAME if NAME in nodes.texts else "id")
        split = NodeSplit.share(len(names))
        task = new_queries_task(
            name, names, texts, children, parents, max_distance, split, text=what
        )
    else:
        task = replace(
            make(name, names, children, parents, max_distance),
            query_texts=texts,
            document_texts=texts,
        )
    return replace(task, notes=(*notes, *without, *task.notes), defaults=dict(TEXT_DEFAULTS))


def _direct(links: Links, *, reduce: bool) -> tuple[Links, list[str]]:
    """The links, without those that others imply if they are to leave, and a note on these."""
    names, children, parents = links
    implied = implied_links(children, parents, len(names))
    if not implied.any():
        return links, []
    child, parent = (names[nodes[implied.argmax()]] for nodes in (children, parents))
    number = f"{implied.sum():,} of {len(implied):,}, such as {child} -> {parent}"
    if reduce:
        direct = Links(names, children[~implied], parents[~implied])
        return direct, [f"Links that other links imply, left out: {number}."]
    return links, [
        f"Links that other links imply: {number}. Their pairs are at distance 1, as in a "
        "transitive closure; the option reduce leaves these links out."
    ]


def _file(path: Path, edges: str) -> Path:
    return path / edges if path.is_dir() else path
