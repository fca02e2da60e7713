"""The choice of an operating point: on validation, within a budget, before the test is opened."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bench.errors import MethodError
from bench.evaluation.search import Searcher
from bench.measures.records import BUDGET, Chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.method import Method, Point, Progress
    from bench.task import Task


def choose(method: Method, task: Task, points: Sequence[Point], progress: Progress) -> Chosen:
    """The operating point that ranks validation queries best within ``BUDGET`` of the corpus.

    If several rank equally well, the cheapest of them is chosen.

    Args:
        method: a method that was fitted and has indexed the corpus.
        task: the task whose validation queries are searched; its test may be sealed.
        points: the operating points of the method, cheapest first.
        progress: called with the numbers of points (searched, all).
    """
    if len(points) == 1:
        return Chosen(budget=BUDGET, number=0, reason="the only operating point")
    queries = task.queries_of(task.validation)
    if not len(queries.rows):
        return Chosen(budget=BUDGET, reason="the task has no validation queries")
    judged = task.validation.rows(queries.rows)
    n_documents = len(task.document_names)
    searcher = Searcher(method, queries, n_documents, int(judged.depth.max()))
    best = Chosen(budget=BUDGET, reason="no operating point visits so little on validation")
    for number, point in enumerate(points):
        run = searcher.run(point, lambda _done, _total: None)
        visited = run.summary.mean_visited / n_documents
        score = judged.score(run.ids)
        if visited <= BUDGET and (best.score is None or score > best.score):
            best = Chosen(budget=BUDGET, number=number, score=score, visited=visited)
        progress(number + 1, len(points))
    return best


def operating_points(method: Method) -> list[Point]:
    """The operating points of a method.

    Raises:
        MethodError: there is none, or one is not a mapping of names to finite values.
    """
    found = method.operating_points()
    if not isinstance(found, list) or not found:
        raise MethodError(f"operating_points() must return a list of one or more, got {found!r}")
    for point in found:
        is_mapping = isinstance(point, Mapping) and all(isinstance(name, str) for name in point)
        if not is_mapping or not all(map(_is_value, point.values())):
            raise MethodError(
                f"operating_points() returned {point!r}; a point is a mapping of names to numbers "
                "that are finite, texts, True or False"
            )
    return found


def _is_value(value: object) -> bool:
    return isinstance(value, bool | int | str) or (
        isinstance(value, float) and math.isfinite(value)
    )
