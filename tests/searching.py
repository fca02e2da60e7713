"""Searching a task's test, as the harness does once it is open."""

from bench.evaluation.answers import Indexed
from bench.evaluation.search import Searcher


def searcher_of(method, task, k):
    queries = task.queries_of(task.test)
    relevance = task.test.relevance.rows(queries.rows)
    return Searcher(Indexed(method, len(task.document_names)), queries, k, relevance)
