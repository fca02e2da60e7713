"""Tasks from a hierarchy: each node is a query; its ancestors and the node are relevant."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.arrays.ancestors import ancestors, cycle_of, implied_links, n_beyond
from bench.data.readers.tables import read_table
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.types import Bools, Ints

MAX_DISTANCE = 8
LINKS = ("all", "direct")
POINCARE = {"id1": "child", "id2": "parent"}
"""Columns of the files of Poincaré embeddings (Nickel & Kiela, NeurIPS 2017)."""
LONGEST_CYCLE = 20
"""Links of a cycle that an error names."""
VALIDATION_SHARE = 1 / 40
VALIDATION_LEAST = 100
SPLIT_SEED = 20250916
"""Splits belong to the dataset: they do not change with the seed of a run."""

TRANSDUCTIVE = (
    "Training and test are the same pairs: this board shows what an encoder can hold, not how it "
    "generalises."
)


def transductive_task(
    name: str, names: Sequence[str], children: Ints, parents: Ints, max_distance: int
) -> Task:
    """Training and test are all pairs up to ``max_distance``; validation is a sample of queries."""
    relevance = ancestors(children, parents, len(names), max_distance)
    validation = Judgements(relevance.where(_sampled(len(names))[relevance.queries]))
    test = Judgements(relevance)
    notes = (TRANSDUCTIVE, *beyond(children, parents, len(names), max_distance))
    return Task(name, names, names, relevance, validation, test, notes=notes)


def heldout_task(
    name: str, names: Sequence[str], children: Ints, parents: Ints, max_distance: int
) -> Task:
    """Half of the pairs at distance 2 and more are the test; no other pair is judged.

    The other half is for training, with distance 0 and all direct links, except the longer pairs of
    a sample of queries, which are the validation. A query's training and validation documents are
    removed from its ranking before the test is judged; its training documents before the validation
    is.
    """
    relevance = ancestors(children, parents, len(names), max_distance)
    longer = relevance.distances >= 2  # noqa: PLR2004 - one is a direct link
    rng = np.random.default_rng(SPLIT_SEED)
    held_out = np.zeros(relevance.n_pairs, bool)
    order = rng.permutation(np.flatnonzero(longer))
    held_out[order[: len(order) // 2]] = True
    validating = longer & ~held_out & _sampled(len(names))[relevance.queries]
    known = relevance.where(~held_out)
    train = relevance.where(~held_out & ~validating)
    return Task(
        name,
        names,
        names,
        train,
        Judgements(relevance.where(validating), train),
        Judgements(relevance.where(held_out), known),
        notes=(
            "Half of the pairs at distance 2 and more were never trained on and are the test; a "
            "query's other relevant documents are removed from its ranking first.",
            *beyond(children, parents, len(names), max_distance),
        ),
    )


def beyond(children: Ints, parents: Ints, n_nodes: int, max_distance: int) -> list[str]:
    """The sentence on the pairs that are too far apart to count as relevant, if there are any."""
    number, deepest = n_beyond(children, parents, n_nodes, max_distance)
    if not number:
        return []
    counted = f"{number:,}, up to distance {deepest}" if deepest else f"{number:,} and more"
    return [f"Pairs beyond max_distance={max_distance} count as not relevant: {counted}."]


def _sampled(n_nodes: int) -> Bools:
    """[n_nodes] the queries of the validation."""
    size = min(n_nodes, max(VALIDATION_LEAST, round(n_nodes * VALIDATION_SHARE)))
    sampled = np.zeros(n_nodes, bool)
    sampled[np.random.default_rng(SPLIT_SEED + 1).permutation(n_nodes)[:size]] = True
    return sampled


def read(
    name: str,
    path: Path,
    *,
    edges: str = "edges.csv",
    max_distance: int = MAX_DISTANCE,
    links: str = "all",
) -> Task:
    """A hierarchy from a CSV with the columns ``child`` and ``parent``, or ``id1`` and ``id2``.

    There may be several roots, and several parents of a node; a link named twice counts once. The
    weights of the files of Poincaré embeddings are not read.

    Args:
        name: name of the task.
        path: the file, or the folder that contains it.
        edges: name of the file in that folder.
        max_distance: longest path of a pair, in hops.
        links: ``all``, or ``direct``: those that other links imply are left out, as those of a
            transitive closure.

    Raises:
        InputError: the file is no such CSV, or its links have a cycle.
    """
    if links not in LINKS:
        raise InputError(f"links is {' or '.join(LINKS)}, got {links!r}")
    file = path / edges if path.is_dir() else path
    table = read_table(file, ("child", "parent"), ",", also=POINCARE, quotes=True)
    if table.empty:
        raise InputError(f"{file} has no links; it needs at least one line child,parent")
    for line, node in table.loc[table["child"] == table["parent"], "child"].items():
        raise InputError(
            f"{file}, line {line}: {node!r} is its own parent; a node is relevant to itself "
            "without a link: remove it"
        )
    codes, found = pd.factorize(pd.concat([table["child"], table["parent"]]), sort=True)
    names = list(found)
    children, parents = np.unique(codes.reshape(2, -1), axis=1)
    if cycle := cycle_of(children, parents):
        raise InputError(_cycle_text(file, table, [names[node] for node in cycle]))
    notes = [f"Links are those of {edges} in the folder."] if path.is_dir() else []
    implied = implied_links(children, parents, len(names))
    if implied.any():
        child, parent = (names[nodes[implied.argmax()]] for nodes in (children, parents))
        number = f"{implied.sum():,} of {len(implied):,}, such as {child} -> {parent}"
        if links == "direct":
            notes.append(f"Links that other links imply, left out: {number}.")
            children, parents = children[~implied], parents[~implied]
        else:
            notes.append(
                f"Links that other links imply: {number}. Their pairs are at distance 1, as in a "
                "transitive closure; links=direct leaves these links out."
            )
    task = transductive_task(name, names, children, parents, max_distance)
    return replace(task, notes=(*notes, *task.notes))


def _cycle_text(file: Path, table: pd.DataFrame, cycle: list[str]) -> str:
    """The error for a cycle, with the lines of its links."""
    shown = cycle[: LONGEST_CYCLE + 1]
    lines = []
    for child, parent in pairwise(shown):
        is_link = (table["child"] == child) & (table["parent"] == parent)
        lines.append(str(table.index[is_link][0]))
    more = f" -> … ({len(cycle) - 1:,} links in all)" if len(cycle) > len(shown) else ""
    return (
        f"{file}, lines {', '.join(lines)}: the links make a cycle, {' -> '.join(shown)}{more}; a "
        "node cannot be its own ancestor: remove one of them"
    )
