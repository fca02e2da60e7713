"""A task of texts: its validation, its held-out queries, and the seen part of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np

from bench.arrays.strings import Strings
from bench.data.readers.cache import Texts
from bench.data.readers.identical import left_out
from bench.data.readers.pairs import relevance_of
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.arrays.relevance import Relevance
    from bench.data.readers.pairs import RawJudgements

MOST_MISSING = 0.1
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


class Splits(TypedDict, total=False):
    """Rules by which the splits of a task of texts are made; options of a card.

    Attributes:
        validation_share: share of the training queries that are drawn as validation, with a fixed
            seed, and are not trained on; at least 1 query.
        validation_most: largest number of queries drawn as validation.
        heldout_queries: number of training queries drawn as test, if there is no test split.
        least_gain: the gain from which a document counts as relevant for recall and MRR.
        ignore_identical_ids: whether a document with the id of a query leaves its ranking:
            ``same-text`` (the default), ``always`` or ``never``; see ``identical.left_out``.
        most_missing: largest share of the test's relevant judgements that may name what is not
            there.
    """

    validation_share: float
    validation_most: int
    heldout_queries: int
    least_gain: int
    ignore_identical_ids: str
    most_missing: float


def text_task(
    name: str,
    queries: Texts,
    documents: Texts,
    trained: RawJudgements | None,
    tested: RawJudgements | None,
    validated: RawJudgements | None = None,
    *,
    gains: Sequence[int] | None = None,
    notes: Sequence[str] = (),
    **splits: Unpack[Splits],
) -> Task:
    """Make a task of the parts that a reader found.

    Args:
        name: name of the task.
        queries: the queries of all splits.
        documents: the corpus.
        trained: the judgements to train on, or None: nothing can be trained.
        tested: the judgements of the test, or None: the test is drawn from the training queries.
        validated: the judgements of the validation, or None: a sample of the training queries.
        gains: the grades at distance 0, 1, …; None: the grades that occur in each split.
        notes: sentences for the board.
        splits: rules by which validation and test are drawn, and the least relevant gain.

    Raises:
        InputError: a pair is judged twice with different grades, there are too many grades, more
            queries are to be held out than training has, nothing is left to test on, or no gain is
            as high as ``least_gain``.
    """
    notes = list(notes)
    most_missing = splits.get("most_missing", MOST_MISSING)
    test, test_gains, absent = relevance_of(
        tested, queries.names, documents.names, gains, notes, most_missing
    )
    given, queries = queries, _with_absent(queries, absent)
    (train, train_gains, _), (validation, validation_gains, _) = (
        relevance_of(judged, queries.names, documents.names, gains, notes)
        for judged in (trained, validated)
    )
    if tested is None:
        n_heldout = splits.get("heldout_queries", 0)
        test, train = _drawn(train, n_heldout, 0)
        test_gains = train_gains
        notes.append(
            f"The test is {n_heldout:,} training queries, drawn with a fixed seed and left out of "
            "training."
        )
    else:
        train = _without(train, test, "training", "test", notes)
    if not (test.documents < len(documents.names)).any():
        raise InputError(
            f"dataset {name} has no relevant pair left to test on; see whether its judgements name "
            "queries and documents that are there"
        )
    least_gain = splits.get("least_gain", 1)
    require_gain(name, least_gain, test_gains)
    validation = _without(validation, test, "validation", "test", notes)
    if validated is not None:
        if tested is not None and validated.split == tested.split:
            raise InputError(
                f"dataset {name} has {tested.split} for validation and for the test; name two "
                "splits, or leave validation out"
            )
        none_left = f"No query is left of the split {validated.split} for validation."
        of_split = f"Validation is the split {validated.split}."
        notes.append(of_split if validation.n_pairs else none_left)
    train = _without(train, validation, "training", "validation", notes)
    if not validation.n_pairs:
        n_train = len(train.answered)
        share = round(splits.get("validation_share", VALIDATION_SHARE) * n_train)
        size = min(splits.get("validation_most", VALIDATION_MOST), max(1, share), n_train)
        validation, train = _drawn(train, size, 1)
        validation_gains = train_gains
        notes.append(
            f"Validation is {size:,} training {'query' if size == 1 else 'queries'}, drawn with a "
            "fixed seed and left out of training."
            if size
            else "There is no validation: no training query to draw, and no split of its own; no "
            "operating point is chosen before the test."
        )
    # A split drawn from training may have no grade as high as the test's.
    least_valid = min(least_gain, validation_gains[0])
    seen = np.isin(test.documents, train.documents)
    ignore = splits.get("ignore_identical_ids", "same-text")
    removed, sentences = left_out("test", test, queries, documents, ignore)
    validation_removed, _ = left_out("validation", validation, queries, documents, ignore)
    notes += sentences
    for kind, texts in (("Queries", given.texts), ("Documents", documents.texts)):
        if empty := int((texts.lengths == 0).sum()):
            notes.append(f"{kind} with an empty text, kept: {empty:,}.")
    return Task(
        name,
        queries.names,
        documents.names,
        train,
        Judgements(validation, validation_removed, CUT, validation_gains, least_valid),
        Judgements(test, removed, CUT, test_gains, least_gain, seen),
        queries.texts,
        documents.texts,
        seen=SEEN,
        notes=tuple(notes),
    )


def require_gain(name: str, least: int, gains: Sequence[int]) -> None:
    """Raise InputError where no gain of a test, largest first, is as high as ``least``, or all."""
    if least < 1:
        raise InputError(f"dataset {name}: least_gain={least} counts all; it is 1 or more")
    if least > gains[0]:
        raise InputError(
            f"dataset {name} has no test score of {least} or more; the best is {gains[0]}: take a "
            "lower least_gain"
        )


def _with_absent(queries: Texts, absent: Sequence[str]) -> Texts:
    """The queries, and after them those that are judged and not there, with empty texts."""
    if not absent:
        return queries
    return queries.followed_by(Texts(Strings.of(absent), Strings.of("" for _ in absent)))


def _without(
    pairs: Relevance, others: Relevance, split: str, other: str, notes: list[str]
) -> Relevance:
    """The pairs of a split whose queries are not in another one; a note counts the others."""
    shared = np.intersect1d(pairs.answered, others.answered)
    if len(shared):
        notes.append(
            f"Queries of the {split} split left out, they are in the {other} split: "
            f"{len(shared):,}."
        )
    return pairs.where(~np.isin(pairs.queries, shared))


def _drawn(pairs: Relevance, size: int, stream: int) -> tuple[Relevance, Relevance]:
    """The pairs of ``size`` queries drawn with a fixed seed, and the others."""
    answered = pairs.answered
    if not 0 <= size <= len(answered):
        raise InputError(
            f"cannot hold {size:,} queries out of training, which has {len(answered):,}"
        )
    drawn = np.random.default_rng((SPLIT_SEED, stream)).permutation(np.array(answered))[:size]
    taken = np.isin(pairs.queries, drawn)
    return pairs.where(taken), pairs.where(~taken)
