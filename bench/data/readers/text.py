"""A task of texts: its validation, its held-out queries, and what of its test was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.data.readers.pairs import Pairs
    from bench.data.readers.text_cache import Texts

CUT = 100
"""Rank at which rankings are cut."""

VALIDATION_SHARE = 0.1
VALIDATION_MOST = 1000
SPLIT_SEED = 20231012
"""Splits belong to the dataset: they do not change with the seed of a run."""

SEEN = (
    "a relevant document is seen if it was a positive of a training pair (those of validation are "
    "not); a query with documents of both kinds counts on both sides"
)


def text_task(
    name: str,
    queries: Texts,
    documents: Texts,
    train: Pairs,
    test: Pairs | None,
    validation: Pairs | None = None,
    *,
    validation_share: float = VALIDATION_SHARE,
    validation_most: int = VALIDATION_MOST,
    heldout_queries: int = 0,
    least_gain: int = 1,
    notes: Sequence[str] = (),
) -> Task:
    """Put a task together from what a reader found.

    Args:
        name: of the task.
        queries: of all splits.
        documents: the corpus.
        train: the training pairs.
        test: the test pairs, or None: the test is ``heldout_queries`` of the training queries.
        validation: the validation pairs, or None: a sample of the training queries.
        validation_share: of the training queries that the sample has, at least 1 query; they
            are drawn with a fixed seed and not trained on.
        validation_most: queries of the sample at most.
        heldout_queries: how many training queries to draw for the test.
        least_gain: gain from which a document counts as relevant for recall and MRR.
        notes: sentences for the board.

    Raises:
        InputError: more queries are to be held out than training has, or nothing is left to test
            on, or nothing has a gain as high as ``least_gain``.
    """
    added = list(notes)
    if test is not None:
        train, left_out = _without(train, test, "training", "test")
        added += left_out
    if test is None:
        test, train = _drawn(train, heldout_queries, 0)
        added.append(
            f"The test is {heldout_queries:,} training queries, drawn with a fixed seed and left "
            "out of training."
        )
    if not len(test.queries):
        raise InputError(
            f"dataset {name} has no relevant pair left to test on; see whether its judgements name "
            "queries and documents that are there"
        )
    if least_gain > test.gains[0]:
        raise InputError(
            f"dataset {name} has no test score of {least_gain} or more; the best is "
            f"{test.gains[0]}: take a lower least_gain"
        )
    if validation is not None:
        validation, left_out = _without(validation, test, "validation", "test")
        train, also = _without(train, validation, "training", "validation")
        added += [*left_out, *also]
    if validation is None or not len(validation.queries):
        n_train = len(np.unique(train.queries))
        size = min(validation_most, max(1, round(validation_share * n_train)), n_train)
        validation, train = _drawn(train, size, 1)
        added.append(
            f"Validation is {size:,} training queries, drawn with a fixed seed and left out of "
            "training."
        )
    sizes = len(queries.names), len(documents.names)
    trained, validated, tested = (
        Relevance.from_pairs(pairs.queries, pairs.documents, pairs.distances, *sizes)
        for pairs in (train, validation, test)
    )
    # A split drawn from training may have no grade as high as the test's.
    least_valid = min(least_gain, validation.gains[0])
    seen = np.isin(tested.documents, trained.documents)
    return Task(
        name,
        queries.names,
        documents.names,
        trained,
        Judgements(validated, cut=CUT, gains=validation.gains, least_gain=least_valid),
        Judgements(tested, cut=CUT, gains=test.gains, least_gain=least_gain, seen=seen),
        queries.texts,
        documents.texts,
        seen=SEEN,
        notes=(*added, *_empty("Queries", queries), *_empty("Documents", documents)),
    )


def _without(pairs: Pairs, others: Pairs, split: str, other: str) -> tuple[Pairs, list[str]]:
    """The pairs of a split whose queries are not in another one, and a sentence on the rest."""
    shared = np.isin(pairs.queries, others.queries)
    if not shared.any():
        return pairs, []
    n_queries = len(np.unique(pairs.queries[shared]))
    note = f"Queries of the {split} split left out, they are in the {other} split: {n_queries:,}."
    return pairs.where(~shared), [note]


def _drawn(pairs: Pairs, size: int, stream: int) -> tuple[Pairs, Pairs]:
    """The pairs of ``size`` queries drawn with a fixed seed, and the others."""
    answered = np.unique(pairs.queries)
    if not 0 <= size <= len(answered):
        raise InputError(
            f"cannot hold {size:,} queries out of training, which has {len(answered):,}"
        )
    rng = np.random.default_rng((SPLIT_SEED, stream))
    taken = np.isin(pairs.queries, rng.permutation(answered)[:size])
    return pairs.where(taken), pairs.where(~taken)


def _empty(kind: str, texts: Texts) -> list[str]:
    count = int((texts.texts.lengths == 0).sum())
    return [f"{kind} with an empty text, kept: {count:,}."] if count else []
