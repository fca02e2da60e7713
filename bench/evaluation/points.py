"""From searches to the figures that are stored: one way, in a run and in a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.measures.intervals import ratio_intervals
from bench.measures.new_nodes import ANCESTORS, ancestor_measures
from bench.measures.purity import leaf_purity
from bench.measures.ranking import MEASURES, PARTS, ranking_measures, without
from bench.measures.recall import recall_by_distance
from bench.measures.records import Interval, Leaves, PartResult, PointResult
from bench.measures.xray import xray
from bench.store.query_values import QueryValues, kept_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.evaluation.answers import Indexed
    from bench.measures.recall import RecallByDistance
    from bench.measures.records import Latency
    from bench.store.point_run import PointSummary
    from bench.task import Judgements, Task
    from bench.types import Bools, Floats, Ints

LEAF_RECORDS = 20
"""Leaf records of a training that are kept, including the first and the last."""


class Evaluation:
    """Measures a cell's operating points one after the other; intervals share their resamples.

    Attributes:
        exact: [n_pairs] which relevant documents exact search over the same vectors finds; the
            caller sets it once all is searched. None: the method cannot search exactly.
        latencies: the latency of each operating point, set by the caller; empty: not measured.
    """

    def __init__(self, judged: Judgements, n_documents: int) -> None:
        """Begin.

        Args:
            judged: the judgements of the queries that are searched; each must have a relevant
                document.
            n_documents: number of documents in the corpus.
        """
        self._judged, self._n_documents = judged, n_documents
        self.exact: Bools | None = None
        self.latencies: Sequence[Latency | None] = ()
        self._searched: list[tuple[PointSummary | None, Bools | None]] = []
        seen = judged.seen
        masks = [np.ones(judged.relevance.n_pairs, bool)]
        masks += [] if seen is None else [np.asarray(seen), ~np.asarray(seen)]
        self._parts = [_Part(judged, mask) for mask in masks]
        self._groups = {
            name: _Part(judged, np.asarray(pairs), of_ancestors=name == ANCESTORS)
            for name, pairs in judged.groups.items()
        }

    def add(self, summary: PointSummary | None, ids: Ints, reached: Bools | None = None) -> None:
        """Measure the next operating point.

        Args:
            summary: the setting and the cost of the search; None: neither is known, as of a run
                that was brought from a file.
            ids: [n_queries, k] documents, best first, -1 after the last.
            reached: [n_pairs] which relevant documents were visited; None: not known.
        """
        self._searched.append((summary, reached))
        found, ranked = self._judged.found(ids), self._judged.ranked(ids)
        for part in (*self._parts, *self._groups.values()):
            part.add(ranked, found)

    def points(self) -> list[PointResult]:
        """The results of each operating point, in the order of ``add``."""
        whole, *others = self._parts
        recalls, rankings = whole.recalls(), whole.rankings()
        absent = [None] * len(recalls)
        seen, unseen = (part.results() or absent for part in others) if others else (absent, absent)
        groups = {n: found for n, part in self._groups.items() if (found := part.results())}
        points = []
        for i, (summary, reached) in enumerate(self._searched):
            points.append(
                PointResult(
                    **_effort(summary, self._n_documents),
                    latency=self.latencies[i] if self.latencies else None,
                    **recalls[i]._asdict(),
                    ranking=rankings[i],
                    seen=seen[i],
                    unseen=unseen[i],
                    groups={name: each[i] for name, each in groups.items()} or None,
                    xray=None
                    if self.exact is None
                    else xray(whole.found[i], self.exact, reached, self._judged.relevance),
                )
            )
        return points

    def query_values(self, rows: Ints, points: list[PointResult]) -> QueryValues:
        """The values of each query at the points that are kept.

        Args:
            rows: [n_queries] rows of the queries in the task.
            points: the results that ``points`` returned.
        """
        kept = kept_points(points)
        return QueryValues(rows, {number: self.of_queries(number) for number in kept})

    def of_queries(self, number: int) -> dict[str, Floats]:
        """[n_queries] values of one ranking, by name; NaN where a query has no such pair.

        In a hierarchy, recall over all pairs of a query; where rankings are cut at a rank, the
        measures that rows are compared by.
        """
        n_queries = self._parts[0].n_queries
        found = {}
        for name, part in zip(PARTS, self._parts, strict=False):
            for measure, values in part.of_queries(number, name).items():
                column = np.full(n_queries, np.nan, np.float32)
                column[part.queries] = values
                found[f"{name} {measure}".strip()] = column
        return found


def _effort(summary: PointSummary | None, n_documents: int) -> dict[str, Any]:
    """The setting of an operating point and its cost, None where it is not known."""
    if summary is None:
        costs = ("visited", "routing", "work", "queries_per_second")
        return {"point": {}, "self_reported": False} | dict.fromkeys(costs)
    return {
        "point": dict(summary.point),
        "visited": summary.visited(n_documents),
        "self_reported": summary.self_reported,
        "routing": summary.routing,
        "work": summary.work(n_documents),
        "queries_per_second": summary.n_queries / max(summary.seconds, 1e-9),
        "waited": summary.waited,
        "tied": summary.tied,
        "query_load": summary.query_load,
    }


class _Part:
    """Some of the relevant pairs, with the queries that have one.

    The other relevant documents of these queries, which are neither right nor wrong, are left out
    of a ranking before measures with ``moves_up`` are taken. The others, such as recall, read the
    ranking as it was returned.
    """

    def __init__(self, judged: Judgements, kept: Bools, *, of_ancestors: bool = False) -> None:
        self._judged, self._kept, self._of_ancestors = judged, kept, of_ancestors
        inside = judged.relevance.where(kept)
        self.queries = inside.answered
        self.n_queries = inside.n_queries
        self._relevance = inside.rows(self.queries)
        self._others = judged.relevance.where(~kept).rows(self.queries)
        self._gains = judged.pair_gains[kept] if judged.cut is not None else np.zeros(0)
        self.found: list[Bools] = []
        self._values: list[dict[str, Floats]] = []

    def add(self, ranked: Ints, found: Bools) -> None:
        """Measure one ranking of all queries as judged, in which the pairs [n_pairs] were found."""
        if not len(self.queries):
            return
        self.found.append(found[self._kept])
        if self._of_ancestors:
            others = without(ranked[self.queries], self._others)
            self._values.append(dict(ancestor_measures(others, self._relevance)))
            return
        if self._judged.cut is None:
            self._values.append({})
            return
        least, ranked = self._judged.least_gain, ranked[self.queries]
        values = ranking_measures(ranked, self._relevance, self._gains, least, self._others)
        self._values.append(values)

    def of_queries(self, number: int, part: str) -> dict[str, Floats]:
        """[queries of this part] the measures of one ranking that rows are compared by."""
        if not len(self.queries):
            return {}
        values = self._values[number]
        if values:
            return {name: values[name] for name in values if part in MEASURES[name].compared}
        hits = np.bincount(self._relevance.queries, self.found[number], len(self.queries))
        return {"recall": hits / self._relevance.counts}

    def recalls(self) -> list[RecallByDistance]:
        """Recall by distance of each ranking."""
        return recall_by_distance(self.found, self._relevance) if self.found else []

    def rankings(self) -> list[dict[str, Interval]]:
        """Means over queries with their intervals, for each ranking."""
        if not self._values or not self._values[0]:
            return [{} for _ in self._values]
        names = list(self._values[0])
        columns = np.column_stack([values[name] for values in self._values for name in names])
        rng = np.random.default_rng(0)
        known = np.isfinite(columns)  # a query without such a document has no value
        sums = np.where(known, columns, 0.0)
        low, high = ratio_intervals(sums, known.astype(np.float64), rng)
        flat = [
            Interval(mean=mean, low=least, high=most)
            for mean, least, most in zip(
                sums.sum(axis=0) / known.sum(axis=0), low, high, strict=True
            )
        ]
        width = len(names)
        starts = range(0, len(flat), width)
        return [dict(zip(names, flat[start : start + width], strict=True)) for start in starts]

    def results(self) -> list[PartResult] | None:
        """All measures of each ranking, or None if this part has no pair."""
        if not len(self.queries):
            return None
        n = {"n_queries": len(self.queries), "n_pairs": self._relevance.n_pairs}
        return [
            PartResult(
                **n,
                recall=recall.recall,
                recall_by_distance=recall.recall_by_distance,
                ranking=ranking,
            )
            for recall, ranking in zip(self.recalls(), self.rankings(), strict=True)
        ]


def leaves_of(indexed: Indexed) -> Leaves | None:
    """How evenly documents lie in the method's leaves, after training and during it."""
    if indexed.meter is None:
        return None
    health, records = indexed.meter.health(), indexed.leaves_in_training()
    kept = np.unique(np.linspace(0, len(records) - 1, LEAF_RECORDS).astype(int)) if records else ()
    training = [records[number] for number in kept]
    return Leaves(**health._asdict(), training=training)


def with_purity(leaves: Leaves | None, indexed: Indexed, task: Task) -> Leaves | None:
    """The same leaves with their purity by the ancestors that training named, in a hierarchy."""
    if leaves is None or indexed.meter is None or task.validation.cut is not None:
        return leaves
    found = leaf_purity(indexed.meter.leaf, task.train)
    return leaves if found is None else leaves.model_copy(update=found._asdict())
