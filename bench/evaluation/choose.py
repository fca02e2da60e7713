"""The choice of an operating point: on validation, within a budget, before the test is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.evaluation.search import Searcher
from bench.measures.budget import DEFAULT
from bench.measures.choice import Chosen, Tried, best_within
from bench.method import no_progress

if TYPE_CHECKING:
    from bench.evaluation.answers import Indexed
    from bench.method import Progress
    from bench.task import Task


def choose(indexed: Indexed, task: Task, progress: Progress) -> Chosen:
    """The operating point that ranks validation queries best within a tenth of the corpus visited.

    If several rank equally well, the cheapest of them is chosen. The scores of all points are on
    record beside it, by which the choice within any other budget is settled too.

    Args:
        indexed: a method that was fitted and has indexed the corpus.
        task: the task whose validation queries are searched; its test may be sealed.
        progress: called with the numbers of points (searched, all).
    """
    points = indexed.points
    if len(points) == 1:
        return Chosen(budget=DEFAULT.share, number=0, reason="the only operating point")
    if task.tests_validation:
        return Chosen(budget=DEFAULT.share, reason="its test is the validation queries")
    queries = task.queries_of(task.validation)
    if not len(queries.rows):
        return Chosen(budget=DEFAULT.share, reason="the task has no validation queries")
    judged = task.validation.rows(queries.rows)
    searcher = Searcher(indexed, queries, int(judged.depth.max()))
    tried = []
    for number, point in enumerate(points):
        run = searcher.run(point, no_progress)
        costs = run.summary.visited(indexed.n_documents), run.summary.work(indexed.n_documents)
        tried.append(Tried(score=judged.score(run.ids), visited=costs[0], work=costs[1]))
        progress(number + 1, len(points))
    found = best_within(DEFAULT, tried)
    if found is None:
        reason = "no operating point visits so little on validation"
        if not indexed.method.scores_documents:
            reason = "it scores no document, so that no budget of documents chooses a point"
        return Chosen(budget=DEFAULT.share, reason=reason, tried=tried)
    best = tried[found]
    return Chosen(
        budget=DEFAULT.share, number=found, score=best.score, visited=best.visited, tried=tried
    )
