"""Scores of word pairs: the method's own, and the rank among other documents of the same query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.errors import InputError, MethodError
from bench.measures.word_pairs import best_of, rank_scores

if TYPE_CHECKING:
    from bench.method import Method, Progress
    from bench.task import Task
    from bench.types import Floats, Ints

N_SAMPLED = 6000
"""Documents that a score is ranked among."""
BLOCK = 1_000_000
"""Pairs scored at once: this bounds memory, and progress is reported once a block."""
_SAMPLE_SEED = 20170901
"""The sample belongs to the measure: it does not change with the seed of a run."""


def score_pairs(method: Method, task: Task, progress: Progress) -> dict[str, Floats]:
    """The scores that a method gives to each pair of words, in two ways.

    Args:
        method: a fitted method that can score single pairs.
        task: a task of word pairs.
        progress: called with the numbers of pairs (scored, all) of senses and sampled documents.

    Returns:
        ``score``: [n] the score of a pair's best pair of senses. ``log-rank``: [n] the best of
        -log rank over its pairs of senses, a rank being among the scores of the same query with
        6,000 documents, the same for all queries (all documents, where there are fewer). Both are
        NaN where a pair has no pair of senses.

    Raises:
        MethodError: the method does not return one number for each pair.
        NotImplementedError: the method does not score single pairs.
        InputError: the task has no pairs of words.
    """
    pairs = task.similarity
    if pairs is None:
        raise InputError(f"dataset {task.name} has no pairs of words to score")
    rng = np.random.default_rng(_SAMPLE_SEED)
    n_documents = len(task.document_names)
    sample = rng.permutation(n_documents)[:N_SAMPLED]
    queries, number = np.unique(pairs.queries, return_inverse=True)
    n_pairs, total = len(number), len(number) + len(queries) * len(sample)

    scores = np.empty(n_pairs)
    for start in range(0, n_pairs, BLOCK):
        block = slice(start, min(start + BLOCK, n_pairs))
        scores[block] = _score(method, task, pairs.queries[block], pairs.documents[block])
        progress(block.stop, total)

    ranked = np.empty(n_pairs)
    by_query = np.argsort(number, kind="stable")
    begins = np.searchsorted(number[by_query], np.arange(len(queries) + 1))
    at_once = max(1, BLOCK // max(1, len(sample)))
    for start in range(0, len(queries), at_once):
        stop = min(start + at_once, len(queries))
        rows = np.repeat(queries[start:stop], len(sample))
        sampled = _score(method, task, rows, np.tile(sample, stop - start))
        own = by_query[begins[start] : begins[stop]]
        table = sampled.reshape(stop - start, len(sample))
        ranked[own] = rank_scores(scores[own], number[own] - start, table)
        progress(n_pairs + stop * len(sample), total)
    return {"score": best_of(scores, pairs.indptr), "log-rank": best_of(ranked, pairs.indptr)}


def _score(method: Method, task: Task, rows: Ints, documents: Ints) -> Floats:
    """[n] a method's scores of n pairs, checked."""
    rows, documents = rows.view(), documents.view()
    rows.flags.writeable = documents.flags.writeable = False
    scores = np.asarray(method.score(task.training().queries(rows), documents))
    if scores.shape != (len(rows),) or scores.dtype.kind not in "fiu":
        raise MethodError(
            f"score() must return {len(rows):,} scores for as many pairs, got {scores.dtype} of "
            f"shape {scores.shape}"
        )
    wrong = np.isnan(scores)
    if wrong.any():
        place = int(wrong.argmax())
        raise MethodError(
            f"score() returned NaN for query {task.query_names[rows[place]]!r} and document "
            f"{task.document_names[documents[place]]!r}; did training diverge?"
        )
    return scores
