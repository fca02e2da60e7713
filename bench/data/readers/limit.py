"""LIMIT (arXiv 2508.21038): a query for every k of n documents, which alone are relevant to it."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.data.readers.limit_words import FIRST_NAMES, LAST_NAMES, THINGS
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.types import Ints

MAX_PAIRS = 2_000_000
SEED = 20250828
"""Names and likes belong to the dataset: they do not change with the seed of a run."""
COUNTED = 1e15
"""The largest number of queries that is computed exactly."""

MEMORISED = (
    "Training, validation and test are the same pairs: this board shows which sets of documents "
    "vectors can tell apart, not how an encoder generalises."
)


def read(name: str, n: int, k: int) -> Task:
    """Tables: numbers of documents, and queries named by those that they ask for, ``3+17``.

    Args:
        name: name of the task.
        n: number of documents.
        k: number of documents that are relevant to a query; every ``k`` of them are to one.

    Raises:
        InputError: k is below 1 or above n, or there are too many pairs.
    """
    members = _combinations(n, k)
    asked = ["+".join(map(str, some)) for some in members.tolist()]
    return _task(name, asked, [str(document) for document in range(n)], members)


def read_text(name: str, n: int, k: int) -> Task:
    """Texts: a document is a person who likes things, a query asks who likes one of them.

    Each query has a thing of its own, and ``k`` people like it; a person likes C(n - 1, k - 1). The
    paper has 46 documents of about as many things, 1,000 of the 1,035 queries, and words that a
    language model listed.

    Raises:
        InputError: as ``read``, or there are more queries or documents than things.
    """
    members = _combinations(n, k)
    most = len(THINGS)
    if max(n, len(members)) > most:
        smaller = _smaller(k, most, lambda m: max(m, _n_queries(m, k)))
        raise InputError(
            f"texts of n={n:,}, k={k:,} need {len(members):,} things to like, one for each query, "
            f"and {n:,} people; it has {most:,} of both: {smaller}, or the dataset limit, whose "
            "tables hold more"
        )
    rng = np.random.default_rng(SEED)
    things = [THINGS[place] for place in rng.permutation(most)[: len(members)]]
    people = rng.permutation(len(FIRST_NAMES) * len(LAST_NAMES))[:n]
    first, last = (each.tolist() for each in np.divmod(people, len(LAST_NAMES)))
    names = [f"{FIRST_NAMES[a]} {LAST_NAMES[b]}" for a, b in zip(first, last, strict=True)]
    liked: list[list[str]] = [[] for _ in range(n)]
    for query in rng.permutation(len(members)):  # no two documents have their likes in one order
        for document in members[query]:
            liked[document].append(things[query])
    texts = [f"{who} likes {_listed(some)}." for who, some in zip(names, liked, strict=True)]
    questions = [f"Who likes {thing}?" for thing in things]
    return _task(name, things, names, members, Strings.of(questions), Strings.of(texts))


def _task(
    name: str,
    queries: Sequence[str],
    documents: Sequence[str],
    members: Ints,
    query_texts: Strings | None = None,
    document_texts: Strings | None = None,
) -> Task:
    """The task of ``members`` [n_queries, k], the documents of each query."""
    asked = np.repeat(np.arange(len(members)), members.shape[1])
    relevance = Relevance.from_pairs(
        asked, members.ravel(), np.zeros(members.size, int), len(members), len(documents)
    )
    judged = Judgements(relevance)
    return Task(
        name,
        queries,
        documents,
        relevance,
        judged,
        judged,
        query_texts,
        document_texts,
        notes=(MEMORISED,),
    )


def _listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, or ``a, b and c``."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _combinations(n: int, k: int) -> Ints:
    """[C(n, k), k] every k of n numbers, each row in order."""
    if not 1 <= k <= n:
        raise InputError(
            f"limit has a query for every k of n documents, so that k is from 1 to n; got n={n}, "
            f"k={k}"
        )
    if k * _n_queries(n, k) > MAX_PAIRS:
        smaller = _smaller(k, MAX_PAIRS, lambda m: k * _n_queries(m, k))
        raise InputError(
            f"limit with n={n:,}, k={k:,} has {_counted(n, k)} queries of {k:,} documents each; it "
            f"holds at most {MAX_PAIRS:,} pairs of both: {smaller}"
        )
    every = itertools.combinations(range(n), k)
    count = math.comb(n, k) * k
    return np.fromiter(itertools.chain.from_iterable(every), np.int64, count).reshape(-1, k)


def _n_queries(n: int, k: int) -> float:
    """C(n, k), without computing numbers of thousands of digits."""
    return math.comb(n, k) if _digits(n, k) < math.log10(COUNTED) else math.inf


def _counted(n: int, k: int) -> str:
    digits = _digits(n, k)
    return f"{math.comb(n, k):,}" if digits < math.log10(COUNTED) else f"about 10^{digits:,.0f}"


def _digits(n: int, k: int) -> float:
    """The logarithm of C(n, k) to base 10."""
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(10)


def _smaller(k: int, most: int, size: Callable[[int], float]) -> str:
    """The way out: the largest n, or k, at which a size that grows with n is at most ``most``."""
    if k > most:
        return f"take k up to {most:,}"
    numbers = range(k, most + 1)
    return (
        f"with k={k:,} take n up to {numbers[bisect_right(numbers, float(most), key=size) - 1]:,}"
    )
