"""All measures of the operating points of a cell, over all relevant documents and over parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.measures.bootstrap import ratio_intervals
from bench.measures.hierarchy import RecallByDistance, recall_by_distance
from bench.measures.ranking import MEASURES, PARTS, ranking_measures
from bench.measures.records import Interval, PartResult
from bench.measures.xray import xray

if TYPE_CHECKING:
    from bench.arrays.relevance import Relevance
    from bench.measures.records import XRay
    from bench.task.judgements import Judgements
    from bench.types import Bools, Floats, Ints


class PointMeasures(NamedTuple):
    """What one operating point reaches.

    Attributes:
        recall: by distance and over all pairs.
        ranking: nDCG, recall@k and so on by name; empty where rankings are cut at |S|.
        seen, unseen: of the pairs whose answer was in training, and of the others; None where the
            task does not tell.
    """

    recall: RecallByDistance
    ranking: dict[str, Interval]
    seen: PartResult | None
    unseen: PartResult | None
    xray: XRay | None


class Evaluation:
    """Measures rankings one after the other; intervals share their resamples."""

    def __init__(self, judged: Judgements, exact: Bools | None = None) -> None:
        """Begin.

        Args:
            judged: every query must have a relevant document.
            exact: [n_pairs] which relevant documents exact search over the same vectors finds, or
                None where a method cannot search exactly.
        """
        self._judged, self._exact = judged, exact
        self._reached: list[Bools | None] = []
        everything = np.ones(judged.relevance.n_pairs, bool)
        self._whole = _Part(judged, everything)
        self._seen, self._unseen = None, None
        if judged.seen is not None:
            self._seen = _Part(judged, np.asarray(judged.seen))
            self._unseen = _Part(judged, ~np.asarray(judged.seen))

    def add(self, ids: Ints, reached: Bools | None = None) -> None:
        """Measure the next ranking.

        Args:
            ids: [n_queries, k] documents, best first, -1 after the last.
            reached: [n_pairs] which relevant documents were visited; None where that is not known.
        """
        found = self._judged.found(ids)
        self._reached.append(reached)
        for part in (self._whole, self._seen, self._unseen):
            if part is not None:
                part.add(ids, found)

    def results(self) -> list[PointMeasures]:
        """The measures of each ranking, in the order in which they came."""
        recalls, rankings = self._whole.recalls(), self._whole.rankings()
        seen, unseen = (part.results() if part else None for part in (self._seen, self._unseen))
        return [
            PointMeasures(
                recall,
                ranking,
                seen[i] if seen else None,
                unseen[i] if unseen else None,
                self._xray(i),
            )
            for i, (recall, ranking) in enumerate(zip(recalls, rankings, strict=True))
        ]

    def of_queries(self, number: int) -> dict[str, Floats]:
        """What each query came to in one of the rankings, by name; NaN where it has no such pair.

        Recall over all its pairs in a hierarchy; where rankings are cut at a rank, the measures
        that rows are compared by.
        """
        n_queries = self._whole.n_queries
        found = {}
        for name, part in zip(PARTS, (self._whole, self._seen, self._unseen), strict=True):
            if part is None:
                continue
            for measure, values in part.of_queries(number, name).items():
                column = np.full(n_queries, np.nan, np.float32)
                column[part.queries] = values
                found[f"{name} {measure}".strip()] = column
        return found

    def _xray(self, number: int) -> XRay | None:
        return None if self._exact is None else xray(*self._losses(number))

    def _losses(self, number: int) -> tuple[Bools, Bools, Bools | None, Relevance]:
        """What the X-ray of a ranking is made from."""
        exact = np.asarray(self._exact)
        return self._whole.found[number], exact, self._reached[number], self._judged.relevance


class _Part:
    """Some of the relevant pairs, with the queries that have one.

    The other relevant documents of these queries, which are neither right nor wrong, are left out
    of a ranking before measures with ``moves_up`` are taken. The others, such as recall, read the
    ranking as it was returned.
    """

    def __init__(self, judged: Judgements, kept: Bools) -> None:
        self._judged, self._kept = judged, kept
        inside = judged.relevance.where(kept)
        self.queries = inside.answered
        self.n_queries = inside.n_queries
        self._relevance = inside.rows(self.queries)
        self._others = judged.relevance.where(~kept).rows(self.queries)
        self._gains = judged.pair_gains[kept] if judged.cut is not None else np.zeros(0)
        self.found: list[Bools] = []
        self._values: list[dict[str, Floats]] = []

    def add(self, ids: Ints, found: Bools) -> None:
        """Measure one ranking of all queries, in which the pairs [n_pairs] were found."""
        if not len(self.queries):
            return
        self.found.append(found[self._kept])
        if self._judged.cut is None:
            self._values.append({})
            return
        ranked = ids[self.queries][:, : self._judged.cut]
        least = self._judged.least_gain
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
        """Means over queries with their intervals, of each ranking."""
        if not self._values or not self._values[0]:
            return [{} for _ in self._values]
        names = list(self._values[0])
        columns = np.column_stack([values[name] for values in self._values for name in names])
        rng = np.random.default_rng(0)
        low, high = ratio_intervals(columns, np.ones_like(columns), rng)
        flat = [
            Interval(mean=mean, low=least, high=most)
            for mean, least, most in zip(columns.mean(axis=0), low, high, strict=True)
        ]
        width = len(names)
        starts = range(0, len(flat), width)
        return [dict(zip(names, flat[start : start + width], strict=True)) for start in starts]

    def results(self) -> list[PartResult] | None:
        """All measures of each ranking, or None where no pair is of this part."""
        if not len(self.queries):
            return None
        n = {"n_queries": len(self.queries), "n_pairs": self._relevance.n_pairs}
        return [
            PartResult(
                **n, recall=recall.overall, recall_by_distance=recall.strata, ranking=ranking
            )
            for recall, ranking in zip(self.recalls(), self.rankings(), strict=True)
        ]
