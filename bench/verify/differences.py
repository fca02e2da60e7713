"""Where two sets of figures differ, by name."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.measures.xray import LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.measures.records import PointResult
    from bench.store.query_values import QueryValues

EQUAL = 1e-7
"""Relative: figures are stored with eight digits."""
EQUAL_SINGLE = 1e-4
"""The same for ends of intervals and losses, which are stored with five digits."""
EQUAL_QUERY = 1e-5
"""The same of values of queries, which are kept in single precision."""
_FIVE_DIGITS = ("low", "high", *LOSSES)


def differences(stored: Mapping[str, Any], derived: Mapping[str, Any]) -> Iterator[str]:
    """The figures of nested values that are not equal, with both numbers.

    Args:
        stored: names to numbers, texts, and lists or mappings of them.
        derived: the same, derived again.
    """
    was, now = dict(_figures(stored)), dict(_figures(derived))
    for name in was | now:
        if name not in was or name not in now:
            yield f"{name} is {was.get(name, 'missing')}, its run gives {now.get(name, 'none')}"
        elif not _equal(name, was[name], now[name]):
            yield f"{name} is {was[name]!r}, its run gives {now[name]!r}"


def _figures(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Every single figure of nested values; a list's by the distance that its rows are of."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _figures(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            at = part.get("distance", number) if isinstance(part, dict) else number
            yield from _figures(part, f"{name}[{at}]")
    else:
        yield name, value


def _equal(name: str, stored: Any, derived: Any) -> bool:  # noqa: ANN401
    if isinstance(stored, float) and isinstance(derived, float):
        near = EQUAL_SINGLE if name.rpartition(".")[2] in _FIVE_DIGITS else EQUAL
        return math.isclose(stored, derived, rel_tol=near, abs_tol=1e-12)
    return type(stored) is type(derived) and bool(stored == derived)


def means_differ(points: Sequence[PointResult], stored: QueryValues) -> Iterator[str]:
    """The measures of a cell that are not the means of what its queries came to."""
    for number, values in stored.points.items():
        point = points[number]
        said = {"recall": point.macro} | {name: of.mean for name, of in point.ranking.items()}
        for name in said.keys() & values.keys():
            mean = float(np.mean(values[name], dtype=np.float64))
            if not math.isclose(mean, said[name], rel_tol=EQUAL_QUERY, abs_tol=1e-9):
                yield f"point {number}: {name} is {said[name]!r}, its queries give {mean!r}"


def values_differ(stored: QueryValues, derived: QueryValues) -> Iterator[str]:
    """The first query, at each point and measure, whose value is not equal."""
    if not np.array_equal(stored.queries, derived.queries):
        yield "its queries are not those of the run"
        return
    for number in sorted(stored.points.keys() | derived.points.keys()):
        was, now = stored.points.get(number, {}), derived.points.get(number, {})
        if was.keys() - now.keys():
            yield f"point {number} has {', '.join(was.keys() - now.keys())}; its run does not"
        for name in was.keys() & now.keys():
            near = np.isclose(was[name], now[name], rtol=EQUAL_QUERY, atol=0, equal_nan=True)
            if not near.all():
                i = int(near.argmin())
                yield (
                    f"point {number}, query {stored.queries[i]}: {name} is {was[name][i]}, its "
                    f"run gives {now[name][i]}"
                )
