"""What a method returns, taken once: checked and copied, so that every reader gets the same."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import MethodError
from bench.leaves import LeafHealth
from bench.measures.records import Leaves
from bench.measures.visited import VisitedMeter
from bench.method import Method, SearchResult
from bench.types import VALUES, is_value

if TYPE_CHECKING:
    from bench.method import Point
    from bench.task import Training
    from bench.types import Ints

MOST_POINTS = 500
"""Operating points of a method: each is searched, measured and kept."""
KINDS = {"integers": "iu", "numbers": "iuf"}
"""The kinds of numpy's types that a word stands for."""


class Indexed:
    """A method that has indexed the corpus, and what it says of its index, asked once.

    Attributes:
        method: the method.
        n_documents: number of documents in the corpus.
        points: its operating points, cheapest first.
        meter: counts the documents in the leaves that queries probe; None if there are no leaves.
    """

    def __init__(self, method: Method, n_documents: int) -> None:
        """Ask ``method`` for its operating points and its leaves.

        Raises:
            MethodError: one of them is not as the contract has it.
        """
        self.method = method
        self.n_documents = n_documents
        self.points = _points(method)
        leaf = method.partition()
        self.meter: VisitedMeter | None = None
        if leaf is not None:
            shape = f"[{n_documents}] or [{n_documents}, r]"
            taken = _array(method, "partition()", leaf, "integers", shape, n_documents, (1, 2))
            self.meter = VisitedMeter(taken, n_documents)

    def answer(self, result: object, n: int, k: int) -> SearchResult:
        """The answer in what a search of n queries for k documents returned.

        Raises:
            MethodError: it is no ranking of the corpus.
        """
        method = self.method
        if not isinstance(result, SearchResult):
            raise _refused(method, "search()", _seen(result), "a SearchResult")
        ids = self._ids("ids of search()", result.ids, n, k)
        shape = str(list(ids.shape))
        scores = _array(method, "scores of search()", result.scores, "numbers", shape, n)
        if scores.shape != ids.shape:
            raise _refused(method, "scores of search()", f"{scores.shape}", f"{ids.shape}, as ids")
        if np.isnan(scores).any():
            raise _refused(method, "search()", "a NaN score", "numbers; did training diverge?")
        if np.isposinf(scores).any():
            finite = "scores that float32 can hold; are vectors too long?"
            raise _refused(method, "search()", "an infinite score", finite)
        leaves, visited, routing = result.leaves, result.visited, result.routing
        if leaves is not None:
            leaves = _array(method, "leaves of search()", leaves, "integers", f"[{n}, p]", n)
        if visited is not None:
            visited = _array(method, "visited of search()", visited, "numbers", f"[{n}]", n, (1,))
            if not (np.isfinite(visited) & (visited >= 0)).all():
                came = f"counts from {np.min(visited)} to {np.max(visited)}"
                raise _refused(method, "visited of search()", came, f"{n} counts of 0 or more")
        if routing is not None and not (
            isinstance(routing, Real) and 0 <= routing <= sys.float_info.max
        ):
            wanted = "a number of 0 or more, or None"
            raise _refused(method, "routing of search()", _seen(routing), wanted)
        cost = None if routing is None else float(routing)
        return SearchResult(ids, scores, leaves, visited, cost)

    def ranked(self, ids: object, n: int, k: int) -> Ints | None:
        """The ranking in what an exact search returned, or None if the method has none.

        Raises:
            MethodError: it is no ranking of the corpus.
        """
        return None if ids is None else self._ids("rank_exactly()", ids, n, k)

    def _ids(self, what: str, ids: object, n: int, k: int) -> Ints:
        """A ranking [n, at most k] of the corpus; it may name a document twice."""
        shape = f"[{n}, at most {k}]"
        taken: Ints = _array(self.method, what, ids, "integers", shape, n)
        if taken.shape[1] > k:
            raise _refused(self.method, what, f"shape {taken.shape}", shape)
        outside = taken[(taken < -1) | (taken >= self.n_documents)]
        if outside.size:
            wanted = f"0 to {self.n_documents - 1}, and -1 for none"
            raise _refused(self.method, what, f"document {outside[0]}", wanted)
        return taken

    def index_bytes(self) -> int:
        """Size of the index in memory, by the method's own word.

        Raises:
            MethodError: it is no size.
        """
        size = self.method.index_bytes()
        if not isinstance(size, int | np.integer) or not 0 <= size < 2**63:
            wanted = "a whole number of bytes, 0 or more"
            raise _refused(self.method, "index_bytes()", _seen(size), wanted)
        return int(size)

    def leaves_in_training(self) -> list[Leaves]:
        """Statistics of the leaves at times of the training.

        Raises:
            MethodError: one of them is not what ``leaf_health`` returns.
        """
        what, found, records = "leaves_in_training()", self.method.leaves_in_training(), []
        if not isinstance(found, list | tuple):
            raise _refused(self.method, what, _seen(found), "a list")
        for record in found:
            try:
                records.append(Leaves(**LeafHealth._asdict(record)))
            except (AttributeError, ValueError) as error:
                wanted = "LeafHealth as bench.leaves.leaf_health returns"
                raise _refused(self.method, what, _seen(record), wanted) from error
        return records


def require_distinct(method: Method, ids: Ints) -> None:
    """Raise MethodError for a ranking [n, k] that names a document twice."""
    ordered = np.sort(ids, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if twice.any():
        row, column = np.argwhere(twice)[0]
        came = f"document {ordered[row, column]} twice for query {row} of its batch"
        raise _refused(method, "ids of search()", came, "each document at most once")


def reason_to_skip(method: Method, training: Training) -> str | None:
    """The reason why a method has no row on a task, or None."""
    if training.pairs_only and type(method).score is Method.score:
        return "does not score single pairs"
    reason = method.skip(training)
    if reason is not None and not isinstance(reason, str):
        raise _refused(method, "skip()", _seen(reason), "a text, or None")
    return reason


def _points(method: Method) -> list[Point]:
    """The operating points of a method; at least one."""
    found = method.operating_points()
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_POINTS:
        wanted = f"a list of 1 to {MOST_POINTS} points, [{{}}] without settings"
        raise _refused(method, "operating_points()", _seen(found), wanted)
    for point in found:
        is_mapping = isinstance(point, Mapping) and all(isinstance(name, str) for name in point)
        if not is_mapping or not all(map(is_value, (*point, *point.values()))):
            wanted = f"a mapping of names to values as each point; a value is {VALUES}"
            raise _refused(method, "operating_points()", _seen(point), wanted)
    return [dict(point) for point in found]


def _array(
    method: Method,
    what: str,
    value: object,
    kind: str,
    shape: str,
    rows: int,
    dimensions: tuple[int, ...] = (2,),
) -> Any:  # noqa: ANN401 - integers or floats, as asked
    """A copy of an array with a number of rows, which the method cannot change any more.

    Args:
        method: the method that returned it.
        what: the call that it came from.
        value: what came.
        kind: a key of ``KINDS``.
        shape: the shape that was expected, in words.
        rows: length of the first dimension.
        dimensions: numbers of dimensions that are allowed.
    """
    wanted = f"a numpy array of {kind}, {shape}"
    if not isinstance(value, np.ndarray):
        raise _refused(method, what, _seen(value), wanted)
    if value.ndim not in dimensions or len(value) != rows:
        raise _refused(method, what, f"shape {value.shape}", wanted)
    if value.dtype.kind not in KINDS[kind]:
        raise _refused(method, what, f"type {value.dtype}", wanted)
    if value.dtype.kind == "u" and value.max(initial=0) > np.iinfo(np.int64).max:
        raise _refused(method, what, str(value.max()), "numbers that int64 can hold")
    # -1 stands for none, which unsigned numbers cannot be compared with.
    taken = np.array(value, np.int64 if value.dtype.kind == "u" else value.dtype)
    taken.flags.writeable = False
    return taken


def _seen(value: object) -> str:
    """A value as a message shows it: its type, and how it begins."""
    if value is None:
        return "None"
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"{module}{kind.__qualname__} {' '.join(reprlib.repr(value).split())}"


def _refused(method: Method, what: str, came: str, wanted: str) -> MethodError:
    return MethodError(f"{method.name}: {what}: got {came}; the contract has {wanted}")
