"""Tasks from a hierarchy: each node is a query; its ancestors and the node are relevant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.arrays.ancestors import ancestors, require_acyclic
from bench.data.readers.tables import read_table
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.types import Bools, Ints

MAX_DISTANCE = 8
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
    return Task(name, names, names, relevance, validation, test, notes=(TRANSDUCTIVE,))


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
        ),
    )


def _sampled(n_nodes: int) -> Bools:
    """[n_nodes] the queries of the validation."""
    size = min(n_nodes, max(VALIDATION_LEAST, round(n_nodes * VALIDATION_SHARE)))
    sampled = np.zeros(n_nodes, bool)
    sampled[np.random.default_rng(SPLIT_SEED + 1).permutation(n_nodes)[:size]] = True
    return sampled


def read(
    name: str, path: Path, *, edges: str = "edges.csv", max_distance: int = MAX_DISTANCE
) -> Task:
    """A hierarchy from a CSV with the columns ``child`` and ``parent``, both names.

    There may be several roots, and several parents of a node; a link named twice counts once.

    Args:
        name: name of the task.
        path: the file, or the folder that contains it.
        edges: name of the file in that folder.
        max_distance: longest path of a pair, in hops.

    Raises:
        InputError: the file is no such CSV, or its links have a cycle.
    """
    file = path / edges if path.is_dir() else path
    links = read_table(file, ("child", "parent"), ",", quotes=True)
    if links.empty:
        raise InputError(f"{file} has no links; it needs at least one line child,parent")
    for line, node in links.loc[links["child"] == links["parent"], "child"].items():
        raise InputError(
            f"{file}, line {line}: {node!r} is its own parent; a node is relevant to itself "
            "without a link: remove it"
        )
    codes, names = pd.factorize(pd.concat([links["child"], links["parent"]]), sort=True)
    children, parents = np.unique(codes.reshape(2, -1), axis=1)
    require_acyclic(children, parents, list(names))
    return transductive_task(name, list(names), children, parents, max_distance)
