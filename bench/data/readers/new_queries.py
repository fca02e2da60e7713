"""Tasks of a hierarchy with texts: the test asks for nodes that training never named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from bench.arrays.ancestors import ancestors
from bench.data.readers.hierarchy import NEW_QUERIES, SPLIT_SEED, beyond
from bench.errors import InputError
from bench.measures.new_nodes import REACH, groups_of
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.arrays.relevance import Relevance
    from bench.arrays.strings import Strings
    from bench.types import Bools, Ints


HELD_OUT = 0.2
"""The share of the nodes that is held out where none is given."""


class NodeSplit(NamedTuple):
    """How many nodes are held out, and what they are for.

    Attributes:
        held: nodes that no training pair names, as query or as document.
        tested: held-out nodes that are test queries.
        validating: other held-out nodes, which are the queries of the validation.
        seen: test queries among the nodes that are trained on.
    """

    held: int
    tested: int
    validating: int
    seen: int = 0

    @classmethod
    def share(cls, n_nodes: int, held_out: float = HELD_OUT) -> Self:
        """A share of the nodes: up to 500 for validation, up to 4,000 for the test.

        Raises:
            InputError: it is no share.
        """
        if not 0 < held_out < 1:
            raise InputError(
                f"held_out is the share of the nodes that are held out, above 0 and below 1; got "
                f"{held_out}"
            )
        held = max(2, round(n_nodes * held_out))
        validating = min(500, max(1, round(0.3 * held)))
        return cls(held, min(4000, held - validating), validating)

    def require_fits(self, name: str, n_nodes: int) -> None:
        """Raise InputError if the nodes are too few."""
        enough = self.tested + self.validating <= self.held <= n_nodes - max(self.seen, 1)
        if min(self.tested, self.validating) < 1 or not enough:
            raise InputError(
                f"{name} holds out {self.held:,} of {n_nodes:,} nodes; test_queries and "
                "validation_queries must be 1 or more and together no more than that, and "
                "test_queries no more than the other nodes; got "
                f"{self.tested:,} and {self.validating:,}"
            )


def new_queries_task(
    name: str,
    names: Sequence[str],
    texts: Strings,
    children: Ints,
    parents: Ints,
    max_distance: int,
    split: NodeSplit,
    *,
    text: str,
) -> Task:
    """A sample of nodes is held out: none is in a training pair, as query or as document.

    All pairs of the sampled queries are judged, whether their documents are held out or not.

    Args:
        name: name of the task.
        names: [n] names of the nodes, as queries and as documents.
        texts: [n] their texts.
        children: [n_links] number of the lower node of each link.
        parents: [n_links] number of the upper node of each link.
        max_distance: longest path of a pair, in hops.
        split: how many nodes are held out.
        text: what a text is, for the note on nodes that share theirs.

    Raises:
        InputError: there are too few nodes for the split.
    """
    n_nodes = len(names)
    split.require_fits(name, n_nodes)
    # A random order of the nodes: held-out nodes first, of which the test precedes the validation.
    place = np.random.default_rng(SPLIT_SEED + 2).permutation(n_nodes)
    held = place < split.held
    tested = np.where(held, place < split.tested, place - split.held < split.seen)
    validating = held & ~tested & (place < split.tested + split.validating)

    relevance = ancestors(children, parents, n_nodes, max_distance)
    train = relevance.where(~held[relevance.queries] & ~held[relevance.documents])
    test = relevance.where(tested[relevance.queries])
    validation = relevance.where(validating[relevance.queries])
    notes = [
        _namesakes(texts, held, tested, text),
        *_untrained(train, test),
        *beyond(children, parents, n_nodes, max_distance),
    ]
    groups = groups_of(test, held, np.bincount(children, minlength=n_nodes))
    judged, seen = Judgements(test, groups=groups, reach=min(REACH, n_nodes)), ""
    if not split.seen:
        notes.insert(0, NEW_QUERIES)
    else:
        judged = replace(judged, seen=~held[test.queries])
        seen = (
            "a pair is seen if its query was trained on; no held-out node is in any training "
            "pair, as query or as document"
        )
    return Task(
        name, names, names, train, Judgements(validation), judged, texts, texts, seen=seen,
        notes=tuple(notes),
    )  # fmt: skip


def untrained_distances(train: Relevance, test: Relevance) -> Ints:
    """The distances of test pairs at which no training pair is left."""
    return np.setdiff1d(test.distances, train.distances)


def _untrained(train: Relevance, test: Relevance) -> list[str]:
    """The sentence on the distances that are tested and not trained on, if there are any."""
    found = untrained_distances(train, test)
    if not len(found):
        return []
    named = ", ".join(map(str, found))
    return [f"No training pair is left at distance {named}, where the test has pairs."]


def _namesakes(texts: Strings, held: Bools, tested: Bools, text: str) -> str:
    """The sentence with the number of nodes that a text encoder cannot tell apart."""
    code = texts.to_arrow().dictionary_encode().indices.to_numpy()
    shared = np.bincount(code)[code] > 1
    unseen = code[held & tested]
    known = np.isin(unseen, code[~held])
    return (
        f"{shared.sum():,} of {len(texts):,} nodes have the {text} of another one, "
        "and no text encoder can tell them apart; among them are "
        f"{known.sum():,} of {len(unseen):,} held-out queries, whose namesake was trained on."
    )
