"""The choice of an operating point: on validation, within a budget, before the test is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.evaluation.search import Searcher
from bench.measures.records import BUDGET, Chosen
from bench.method import no_progress

if TYPE_CHECKING:
    from bench.evaluation.answers import Indexed
    from bench.method import Progress
    from bench.task import Task


def choose(indexed: Indexed, task: Task, progress: Progress) -> Chosen:
    """The operating point that ranks validation queries best within ``BUDGET`` of the corpus.

    If several rank equally well, the cheapest of them is chosen.

    Args:
        indexed: a method that was fitted and has indexed the corpus.
        task: the task whose validation queries are searched; its test may be sealed.
        progress: called with the numbers of points (searched, all).
    """
    points = indexed.points
    if len(points) == 1:
        return Chosen(budget=BUDGET, number=0, reason="the only operating point")
    queries = task.queries_of(task.validation)
    if not len(queries.rows):
        return Chosen(budget=BUDGET, reason="the task has no validation queries")
    judged = task.validation.rows(queries.rows)
    searcher = Searcher(indexed, queries, int(judged.depth.max()))
    best = Chosen(budget=BUDGET, reason="no operating point visits so little on validation")
    for number, point in enumerate(points):
        run = searcher.run(point, no_progress)
        visited = run.summary.mean_visited / indexed.n_documents
        score = judged.score(run.ids)
        if visited <= BUDGET and (best.score is None or score > best.score):
            best = Chosen(budget=BUDGET, number=number, score=score, visited=visited)
        progress(number + 1, len(points))
    return best
