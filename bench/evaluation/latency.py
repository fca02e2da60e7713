"""Latency: the time of single queries, one after another on one thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from bench.evaluation.clock import Watch
from bench.measures.records import Latency
from bench.system.threads import one_thread

if TYPE_CHECKING:
    from bench.evaluation.answers import Indexed
    from bench.evaluation.search import Searcher
    from bench.method import Point, Progress
    from bench.task import Queries

MOST_QUERIES, FEWEST_QUERIES = 100, 20
"""Queries that are timed, and how many at least; all of them where a test has fewer."""
ROUNDS = 3
"""How often each is searched, or once where time is short."""
SECONDS = 20.0
"""Seconds for all operating points of a cell, each of which gets an equal share."""


def latencies_of(
    indexed: Indexed, searcher: Searcher, queries: Queries, k: int, progress: Progress
) -> list[Latency]:
    """The latency of each operating point.

    Queries are drawn at random, the same ones for every method, and are searched in rounds: a
    query comes again once all others have. A query counts with the median of its times, as other
    processes may disturb one of them. Where a point's share of ``SECONDS`` is short, fewer queries
    are timed; where it does not suffice for ``FEWEST_QUERIES``, these are timed in one round.

    The time is that of ``prepare`` and ``search``, with routing. Texts are encoded before: as in
    batches, the first ``prepare`` of a text is encoding. Libraries of this process keep to one
    thread; other processes that a method asks, such as shards, do as they do.

    Args:
        indexed: a method that was fitted, has indexed the corpus and has searched all batches.
        searcher: the searcher of these batches, which checks what single queries visit.
        queries: the queries of the test.
        k: number of documents asked for each query.
        progress: called with the numbers of points (timed, all).

    Raises:
        MethodError: an answer is no ranking of the corpus, or of documents that were not visited.
    """
    rows = np.random.default_rng(0).permutation(len(queries.rows))[:MOST_QUERIES].tolist()
    singles = [queries.part(slice(row, row + 1)) for row in rows]
    total, found = len(indexed.points), []
    with one_thread():
        for point in indexed.points:
            found.append(_latency(indexed, searcher, singles, k, point, SECONDS / total))
            progress(len(found), total)
    return found


def _latency(
    indexed: Indexed,
    searcher: Searcher,
    singles: list[Queries],
    k: int,
    point: Point,
    seconds: float,
) -> Latency:
    """The latency of one point, for which there are so many seconds."""

    def timed(one: Queries) -> float:
        if one.texts is not None:
            indexed.method.prepare(one)
        begin = time.perf_counter()
        indexed.method.prepare(one)
        answer = indexed.method.search(one, k, dict(point))
        spent = time.perf_counter() - begin
        searcher.visited(indexed.answer(answer, 1, k))
        return spent

    timed(singles[-1])  # the first call of a setting may allocate and load
    first: list[float] = []
    watch, begin = Watch(), time.perf_counter()
    with watch.running():
        for one in singles:
            first.append(timed(one))
            short = time.perf_counter() - begin > seconds / ROUNDS
            if short and len(first) >= FEWEST_QUERIES:
                break
        times, asked = [first], singles[: len(first)]
        if time.perf_counter() - begin < seconds / 2:  # not much more than the share of a round
            times += [[timed(one) for one in asked] for _ in range(1, ROUNDS)]
    p50, p99 = np.percentile(np.median(times, axis=0), [50, 99])
    return Latency(
        p50_ms=1e3 * p50,
        p99_ms=1e3 * p99,
        queries=len(asked),
        rounds=len(times),
        waited=watch.waited,
    )
