"""From what was searched or scored to what is stored of it: one way, in a run and in a replay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.evaluation.points import Evaluation, PointMeasures
from bench.measures.records import Correlation, PointResult
from bench.measures.word_pairs import correlation
from bench.store.query_values import QueryValues, kept_points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.store.run_file import PointSummary
    from bench.task.judgements import Judgements
    from bench.task.word_pairs import WordPairs
    from bench.types import Bools, Floats, Ints


class Results:
    """The results of a cell's operating points, which are added one after the other."""

    def __init__(self, judged: Judgements, exact: Bools | None, n_documents: int) -> None:
        """Begin.

        Args:
            judged: of the queries that are searched; each must have a relevant document.
            exact: [n_pairs] which relevant documents exact search over the same vectors finds, or
                None where a method cannot search exactly.
            n_documents: size of the corpus.
        """
        self._evaluation = Evaluation(judged, exact)
        self._n_documents = n_documents
        self._searched: list[PointSummary] = []

    def add(self, summary: PointSummary, ids: Ints, reached: Bools | None) -> None:
        """Measure the next operating point.

        Args:
            summary: how it was searched.
            ids: [n_queries, k] documents, best first, -1 after the last.
            reached: [n_pairs] which relevant documents were visited; None where that is not known.
        """
        self._evaluation.add(ids, reached)
        self._searched.append(summary)

    def points(self) -> list[PointResult]:
        """The results of each operating point, in the order in which they came."""
        return [
            _result(summary, measures, self._n_documents)
            for summary, measures in zip(self._searched, self._evaluation.results(), strict=True)
        ]

    def query_values(self, rows: Ints, points: list[PointResult]) -> QueryValues:
        """What each query came to at the points that are kept.

        Args:
            rows: [n_queries] of the task.
            points: as ``points`` returned them.
        """
        kept = {
            number: self._evaluation.of_queries(number) for number in kept_points(points, len(rows))
        }
        return QueryValues(rows, kept)


def _result(run: PointSummary, measures: PointMeasures, n_documents: int) -> PointResult:
    """The measures of one operating point."""
    visited = run.mean_visited / n_documents
    recall = measures.recall
    return PointResult(
        point=dict(run.point),
        visited=visited,
        self_reported=run.self_reported,
        routing=run.routing,
        work=visited + run.routing / n_documents,
        queries_per_second=run.n_queries / max(run.seconds, 1e-9),
        recall=recall.overall,
        low=recall.low,
        high=recall.high,
        macro=recall.macro,
        min=recall.min,
        recall_by_distance=recall.strata,
        ranking=measures.ranking,
        seen=measures.seen,
        unseen=measures.unseen,
        xray=measures.xray,
    )


def correlations(scores: Mapping[str, Floats], pairs: WordPairs) -> list[Correlation]:
    """How well each way of scoring orders each part of the word pairs.

    Args:
        scores: [n_pairs] scores by name, NaN where a pair has none.
        pairs: of words, with the human scores.
    """
    results = []
    for name, predicted in scores.items():
        for subset, mask in pairs.subsets.items():
            found = correlation(predicted, pairs.gold, mask, np.random.default_rng(0))
            rho, low, high = (None if math.isnan(value) else value for value in found[:3])
            results.append(
                Correlation(score=name, subset=subset, n=found.n, rho=rho, low=low, high=high)
            )
    return results
