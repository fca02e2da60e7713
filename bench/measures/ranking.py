"""The measures of rankings that are cut at a rank, for each query, computed on arrays.

The definitions are those of trec_eval, and tests compare with ir_measures. Ours reads a ranking in
the order that the method returned, where trec_eval breaks ties of scores by document name.

To add a measure, write one entry of ``MEASURES``; ``bench recompute`` derives it from stored runs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats, Ints

PARTS = ("", "seen", "unseen")
"""All relevant documents; those that were positives in training; the others."""


class Ranked(NamedTuple):
    """Rankings of n queries, with the gain of each ranked document.

    Attributes:
        gained: [n, k] gain of each ranked document, best first; 0 where it is not relevant.
        relevant: [n, k] whether each counts for measures without grades.
        n_relevant: [n] how many documents count so.
        relevance: the relevance of the queries.
        gains: [n_pairs] gain of each relevant document.
    """

    gained: Floats
    relevant: Bools
    n_relevant: Ints
    relevance: Relevance
    gains: Floats


class Measure(NamedTuple):
    """A measure, and the boards that show it.

    Attributes:
        name: the name on boards, in files and in papers.
        of: the function that gives [n] values from 0 to 1; 0 for a query that finds nothing.
        definition: the definition in words, for docs/measures.md.
        moves_up: whether documents of the other part leave a ranking before seen or unseen ones are
            measured, those below moving up; else the ranking is read as it was returned.
        against_visited: the ``PARTS`` that are shown against the share of documents visited.
        compared: the ``PARTS`` by which rows are compared query by query.
    """

    name: str
    of: Callable[[Ranked], Floats]
    definition: str
    moves_up: bool = False
    against_visited: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()


def ndcg(ranked: Ranked, cut: int) -> Floats:
    """[n] discounted cumulative gain over the ideal one (Järvelin & Kekäläinen 2002).

    A document of gain g at rank r = 1, 2, … adds g / log2(r + 1); a query without a gain scores 0.
    """
    relevance, gains = ranked.relevance, ranked.gains
    discount = 1 / np.log2(np.arange(cut) + 2)
    width = min(cut, ranked.gained.shape[1])
    dcg = ranked.gained[:, :width] @ discount[:width]
    best = np.lexsort((-gains, relevance.queries))
    rank = np.arange(len(gains)) - relevance.indptr[relevance.queries]
    counted = rank < cut
    ideal = np.bincount(
        relevance.queries[counted],
        gains[best][counted] * discount[rank[counted]],
        relevance.n_queries,
    )
    return _share(dcg, ideal)


def recall(ranked: Ranked, cut: int) -> Floats:
    """[n] share of a query's relevant documents among its first ``cut``."""
    return _share(ranked.relevant[:, :cut].sum(axis=1), ranked.n_relevant)


def reciprocal_rank(ranked: Ranked, cut: int) -> Floats:
    """[n] one over the rank of the first relevant document, 0 beyond ``cut``."""
    relevant = ranked.relevant[:, :cut]
    ranks = np.arange(1, relevant.shape[1] + 1)
    best: Floats = (relevant / ranks).max(axis=1, initial=0.0)
    return best


def average_precision(ranked: Ranked, cut: int) -> Floats:
    """[n] sum of the precision at each relevant document's rank, over all that are relevant."""
    relevant = ranked.relevant[:, :cut]
    precision = relevant.cumsum(axis=1) / np.arange(1, relevant.shape[1] + 1)
    return _share((precision * relevant).sum(axis=1), ranked.n_relevant)


def by_name(entries: Iterable[Measure]) -> Mapping[str, Measure]:
    """Measures by name.

    Raises:
        InputError: a name is taken.
    """
    found: dict[str, Measure] = {}
    for entry in entries:
        if entry.name in found:
            raise InputError(f"two measures are named {entry.name!r}; rename one of them")
        found[entry.name] = entry
    return found


MEASURES = by_name(
    [
        Measure(
            "nDCG@10",
            partial(ndcg, cut=10),
            "gains discounted by rank, over those of the best order; rows are ordered by it",
            moves_up=True,
            against_visited=PARTS,
            compared=("",),
        ),
        Measure("nDCG@1", partial(ndcg, cut=1), "the same for the first document", moves_up=True),
        Measure("nDCG@3", partial(ndcg, cut=3), "the same for the first 3", moves_up=True),
        Measure("nDCG@5", partial(ndcg, cut=5), "the same for the first 5", moves_up=True),
        Measure(
            "MRR@10",
            partial(reciprocal_rank, cut=10),
            "1 / (rank of the first relevant document), 0 beyond rank 10",
            moves_up=True,
        ),
        Measure(
            "MAP@100",
            partial(average_precision, cut=100),
            "precision at the rank of each relevant document, summed, over their number",
            moves_up=True,
        ),
        Measure(
            "R@10",
            partial(recall, cut=10),
            "the share of the relevant documents among the first 10",
            against_visited=("",),
        ),
        Measure("R@20", partial(recall, cut=20), "among the first 20", against_visited=("",)),
        Measure("R@50", partial(recall, cut=50), "among the first 50", against_visited=("",)),
        Measure(
            "R@100",
            partial(recall, cut=100),
            "among the first 100",
            against_visited=PARTS,
            compared=("", "unseen"),
        ),
    ]
)
MAIN = "nDCG@10"
"""The measure that orders rows, and by which operating points are chosen."""
DEEPEST = "R@100"
"""The measure that looks deepest into a ranking."""


def titled(name: str, part: str) -> str:
    """The name of a measure of a part, as on boards."""
    return f"{name}, {part} documents" if part else name


def gains_of_rankings(
    ids: Ints, relevance: Relevance, gains: Floats, least_gain: int = 1
) -> Ranked:
    """Rankings with the gains of their documents.

    Args:
        ids: [n, k] ranked document numbers, best first, -1 after the last.
        relevance: the relevance of the same queries.
        gains: [n_pairs] gain of each relevant document.
        least_gain: the gain from which a document counts for measures without grades.
    """
    pair = relevance.pairs_of(ids)
    gained = np.where(pair >= 0, np.append(gains, 0.0)[pair], 0.0)
    n_relevant = np.bincount(relevance.queries[gains >= least_gain], minlength=len(ids))
    return Ranked(gained, gained >= least_gain, n_relevant, relevance, gains)


def ranking_measures(
    ids: Ints,
    relevance: Relevance,
    gains: Floats,
    least_gain: int = 1,
    others: Relevance | None = None,
) -> dict[str, Floats]:
    """Every measure by name, [n] each.

    Args:
        ids: [n, k] ranked document numbers, best first, -1 after the last.
        relevance: the relevance of the same queries.
        gains: [n_pairs] gain of each relevant document.
        least_gain: the gain from which a document counts for measures without grades.
        others: the relevant documents of another part; see ``Measure.moves_up``.

    Raises:
        InputError: a measure does not give one share for each query.
    """
    as_returned = gains_of_rankings(ids, relevance, gains, least_gain)
    moved = as_returned
    if others is not None and others.n_pairs:
        moved = gains_of_rankings(without(ids, others), relevance, gains, least_gain)
    return {
        measure.name: _checked(measure, moved if measure.moves_up else as_returned)
        for measure in MEASURES.values()
    }


def _checked(measure: Measure, ranked: Ranked) -> Floats:
    try:
        values = np.asarray(measure.of(ranked), np.float64)
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise InputError(f"the measure {measure.name} fails: {error}") from error
    n = len(ranked.gained)
    # Sums of floats may pass 1 in the last digit; NaN is in no range.
    if values.shape != (n,) or not ((values >= 0) & (values <= 1 + 1e-9)).all():
        raise InputError(
            f"the measure {measure.name} must give {n} shares from 0 to 1, 0 for a query that "
            f"finds nothing; it gave an array of shape {values.shape}: {values}"
        )
    return values


def without(ids: Ints, removed: Relevance) -> Ints:
    """Rankings with a query's ``removed`` documents left out; those below move up."""
    gone = removed.pairs_of(ids) >= 0
    order = np.argsort(gone, axis=1, kind="stable")
    return np.take_along_axis(np.where(gone, -1, ids), order, axis=1)


def _share(part: Floats | Ints, whole: Floats | Ints) -> Floats:
    """The ratio of two counts, 0 if there is nothing to find."""
    ratio: Floats = np.divide(part, whole, out=np.zeros(len(whole)), where=np.asarray(whole) > 0)
    return ratio
