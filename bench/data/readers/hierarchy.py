"""Tasks from a hierarchy: each node is a query; its ancestors and the node are relevant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.ancestors import ancestors, n_beyond
from bench.errors import InputError
from bench.system.terminal import counted
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence

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
LONGER_PAIRS = (
    "Half of the pairs at distance 2 and more were never trained on and are the test; a query's "
    "other relevant documents are removed from its ranking first."
)
NEW_QUERIES = (
    "The test's queries are nodes that no training pair names, as query or as document: this board "
    "shows how a method generalises."
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
    if not held_out.any():
        raise InputError(
            f"{name} has {counted(len(order), 'pair')} at distance 2 and more, and heldout takes "
            "half of them for the test: there is none; leave heldout away, or take heldout=nodes"
        )
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
        notes=(LONGER_PAIRS, *beyond(children, parents, len(names), max_distance)),
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
