"""The search of a task at all operating points: choose, search, time single queries, measure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from bench.evaluation.choose import choose
from bench.evaluation.latency import latencies_of
from bench.evaluation.points import Evaluation
from bench.evaluation.search import Searcher
from bench.measures.recall import share_tied
from bench.store.folder import QUERIES, RUN
from bench.store.query_values import write_query_values
from bench.store.run_file import RunFile

if TYPE_CHECKING:
    from pathlib import Path

    from bench.evaluation.answers import Indexed
    from bench.evaluation.clock import Clock
    from bench.task import Task
    from bench.task.sealed import SealedJudgements

ReportPhase: TypeAlias = Callable[[str, int, int], None]
"""Called with (phase, done, total) as a cell proceeds."""


def search_task(
    indexed: Indexed,
    task: Task,
    sealed: SealedJudgements,
    k: int,
    clock: Clock,
    report: ReportPhase,
    folder: Path | None,
) -> dict[str, Any]:
    """Search at every operating point; the test is opened once one of them is chosen.

    Args:
        indexed: the method with its index.
        task: the task, with its test sealed.
        sealed: the judgements of that test.
        k: documents asked for each query.
        clock: takes the seconds of each step.
        report: called as the search proceeds.
        folder: the folder for the run and the values of its queries; None: they are not written.

    Returns:
        The fields of the cell that the search fills.
    """
    with clock.step("choose_s"):
        chosen = sealed.chosen or choose(indexed, task, partial(report, "choose"))

    rows = sealed.asked
    judged = sealed.open(chosen).rows(rows)
    queries = task.queries(rows)
    searcher = Searcher(indexed, queries, k, judged.relevance)
    evaluation = Evaluation(judged, indexed.n_documents)
    run_file = None
    if folder is not None:
        run_file = RunFile(folder / RUN, rows, sealed.asked_depth, judged.relevance)
    clock["search_s"], clock["encode_s"] = searcher.searching, searcher.encoding
    total = len(indexed.points)
    for number, point in enumerate(indexed.points, start=1):
        run = searcher.run(point, partial(report, f"search {number}/{total}"))
        if number == total:  # after the batches, which could remember their answers
            with clock.step("latency_s"):
                alone = partial(report, "time single queries")
                evaluation.latencies = latencies_of(indexed, searcher, queries, k, alone)
            report("search exactly", 0, 1)
            with clock.step("exact_s"):
                exactly = indexed.method.searches_exactly
                ranked = run.ids if exactly else searcher.rank_exactly()
            evaluation.exact = None if ranked is None else judged.found(ranked)
        if run_file is not None:
            run_file.add(run.ids, run.visited, run.reached, evaluation.exact)
        tied = share_tied(run.ids, run.scores, sealed.asked_depth)
        evaluation.add(replace(run.summary, tied=tied), run.ids, run.reached)

    report("measure", 0, 1)
    with ThreadPoolExecutor(1) as pool:  # what was found is compressed meanwhile
        closed = None if run_file is None else pool.submit(run_file.close)
        points = evaluation.points()
    if folder is not None and closed is not None:
        closed.result()
        write_query_values(folder / QUERIES, evaluation.query_values(rows, points))
    return {"points": points}
