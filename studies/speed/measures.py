"""Measures against pytrec_eval computing the same values, which is checked.

Recall by distance of a ranking for every query of WordNet; the peer counts what was found with
judgements for each distance. The harness adds bootstrap intervals, which the peer does not have:
what they take is in a note. And nDCG@10, reciprocal rank at 10 and recall at 10, 20, 50 and 100
of a run of the size of MS MARCO's dev queries: 6,980 rankings of 1,000 documents, made at random.
The peer is given its dictionaries and its parsed judgements for nothing; what it takes to make
them of a run that is an array is in a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.data.load import load_dataset
from bench.errors import InputError, MethodError
from bench.measures.ranking import ranking_measures
from bench.measures.recall import found_at, recall_by_distance, sums_by_query
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, alternate, faster, in_seconds, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.types import Floats, Ints

AIM = 5
DISPLACED = 0.3
"""Share of relevant documents that the rankings lack."""
CORPUS = 8_841_823
"""Number of passages of MS MARCO."""


def measure(
    data_dir: Path | None,
    *,
    dataset: str = "wordnet",
    queries: int = 6980,
    depth: int = 1000,
    repeats: int = 5,
) -> Findings:
    """Compute both kinds of measures in both ways.

    Args:
        data_dir: the folder that is searched for data first.
        dataset: a hierarchy, for recall by distance.
        queries: the number of rankings in the run.
        depth: the number of documents in a ranking.
        repeats: the number of rounds.

    Raises:
        InputError: pytrec_eval is not installed.
        MethodError: the two do not agree.
    """
    try:
        import pytrec_eval  # noqa: F401 - says early that it is missing
    except ImportError as error:
        raise InputError(
            "this part compares with pytrec_eval: pip install pytrec_eval-terrier"
        ) from error
    rng = np.random.default_rng(0)
    judged = load_dataset(dataset, data_dir).test
    relevance = judged.relevance.rows(judged.relevance.answered)
    say("    recall by distance")
    ids = _rankings(relevance, int(relevance.counts.max()), rng)
    by_distance, made = _by_distance(relevance, ids, repeats)
    found = found_at(ids, relevance)
    intervals = seconds_of(lambda: recall_by_distance([found], relevance))
    of_ranks, made_of_ranks = _of_ranks(queries, depth, repeats, rng)
    return Findings(
        [by_distance, of_ranks],
        [
            f"Recall by distance with its intervals takes ours {in_seconds(intervals)} more.",
            f"pytrec_eval's dictionaries take {in_seconds(made)} and {in_seconds(made_of_ranks)} "
            "to make.",
        ],
    )


def _rankings(relevance: Relevance, depth: int, rng: np.random.Generator) -> Ints:
    """[n_queries, depth] most relevant documents first, then others; each once, -1 for none."""
    shape = relevance.n_queries, depth
    ids = rng.integers(0, relevance.n_documents, shape).astype(np.int32)
    place = np.arange(relevance.n_pairs) - relevance.indptr[relevance.queries]
    kept = (rng.random(relevance.n_pairs) >= DISPLACED) & (place < depth)
    ids[relevance.queries[kept], place[kept]] = relevance.documents[kept]
    order = np.argsort(ids, axis=1, kind="stable")
    ordered = np.take_along_axis(ids, order, axis=1)
    again = np.zeros(shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    np.put_along_axis(ids, order, np.where(again, -1, ordered), axis=1)
    return ids


def _as_run(ids: Ints, counts: Ints) -> dict[str, dict[str, float]]:
    """Rankings in pytrec_eval's form, with the first ``counts`` [n_queries] documents."""
    return {
        str(query): {str(document): -float(rank) for rank, document in ranked if document >= 0}
        for query, ranked in enumerate(
            enumerate(row[:count]) for row, count in zip(ids.tolist(), counts.tolist(), strict=True)
        )
    }


def _as_qrels(relevance: Relevance) -> dict[str, dict[str, int]]:
    """Relevance in pytrec_eval's form, all of one grade."""
    qrels: dict[str, dict[str, int]] = {}
    for query, document in zip(
        relevance.queries.tolist(), relevance.documents.tolist(), strict=True
    ):
        qrels.setdefault(str(query), {})[str(document)] = 1
    return qrels


def _fresh(relevance: Relevance) -> Relevance:
    """The same pairs without cached derived arrays."""
    return Relevance(
        relevance.indptr, relevance.documents, relevance.distances, relevance.n_documents
    )


def _by_distance(relevance: Relevance, ids: Ints, repeats: int) -> tuple[SpeedRow, float]:
    """Recall@|S| at each distance: the row, and the seconds of making the peer's dictionaries."""
    import pytrec_eval

    n_distances = int(relevance.distances.max()) + 1
    everything = np.ones(relevance.n_pairs)
    run: dict[str, dict[str, float]] = {}
    evaluators: list[pytrec_eval.RelevanceEvaluator] = []

    def make() -> None:
        run.update(_as_run(ids, relevance.counts))
        for distance in range(n_distances):
            qrels = _as_qrels(relevance.where(relevance.distances == distance))
            evaluators.append(pytrec_eval.RelevanceEvaluator(qrels, {"num_rel_ret"}))

    def ours() -> Floats:
        again = _fresh(relevance)
        found = sums_by_query(again, n_distances, found_at(ids, again)).sum(axis=0)
        recalls: Floats = found / sums_by_query(again, n_distances, everything).sum(axis=0)
        return recalls[:-1]  # the last is of all pairs

    def peer() -> Floats:
        found = [
            sum(values["num_rel_ret"] for values in evaluator.evaluate(run).values())
            for evaluator in evaluators
        ]
        return np.array(found) / np.bincount(relevance.distances)

    made = seconds_of(make)
    what = f"recall by distance, {relevance.n_queries:,} queries"
    return _compared(what, ours, peer, repeats), made


def _of_ranks(n: int, depth: int, repeats: int, rng: np.random.Generator) -> tuple[SpeedRow, float]:
    """nDCG, reciprocal rank and recall at a rank: the row, and the seconds of the dictionaries."""
    import pytrec_eval

    say("    ranking measures")
    queries = np.concatenate([np.arange(n), np.arange(0, n, 15)])  # MS MARCO: 1.07 for a query
    documents = rng.integers(0, CORPUS, len(queries))
    relevance = Relevance.from_pairs(queries, documents, np.zeros_like(queries), n, CORPUS)
    ids = rng.permuted(_rankings(relevance, depth, rng), axis=1)
    # A place without a document would count as a rank here, and not in the peer's dictionaries.
    ids = np.take_along_axis(ids, np.argsort(ids < 0, axis=1, kind="stable"), axis=1)
    gains = np.ones(relevance.n_pairs)
    names = {f"nDCG@{cut}": f"ndcg_cut_{cut}" for cut in (10, 1, 3, 5)}
    names |= {"MRR@10": "recip_rank", "MAP@100": "map_cut_100"}
    names |= {f"R@{cut}": f"recall_{cut}" for cut in (10, 20, 50, 100)}
    wanted = {"ndcg_cut.1,3,5,10", "recip_rank", "map_cut.100", "recall.10,20,50,100"}
    run: dict[str, dict[str, float]] = {}
    evaluators: list[pytrec_eval.RelevanceEvaluator] = []

    def make() -> None:
        run.update(_as_run(ids, np.full(n, depth)))
        evaluators.append(pytrec_eval.RelevanceEvaluator(_as_qrels(relevance), wanted))

    def ours() -> Floats:
        values = ranking_measures(ids, _fresh(relevance), gains)
        return np.array([values[name].mean() for name in names])

    def peer() -> Floats:
        found = evaluators[0].evaluate(run).values()
        columns = np.array([[values[name] for name in names.values()] for values in found])
        columns[:, 4] *= columns[:, 4] >= 1 / 10  # trec_eval has no cut for it
        means: Floats = columns.mean(axis=0)
        return means

    made = seconds_of(make)
    what = f"ranking measures, {n:,} queries x {depth:,} documents"
    return _compared(what, ours, peer, repeats), made


def _compared(
    what: str, ours: Callable[[], Floats], peer: Callable[[], Floats], repeats: int
) -> SpeedRow:
    """Time two ways to the same values."""
    one, other = ours(), peer()
    if not np.allclose(one, other, rtol=0, atol=1e-9):
        raise MethodError(f"{what}: ours are {one}, pytrec_eval's {other}")
    timed = alternate(repeats, lambda: seconds_of(ours), lambda: seconds_of(peer))
    return faster(what, timed, AIM, in_seconds)
