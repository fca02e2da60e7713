"""``queries.parquet``: the values of each query, to compare rows query by query."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import InputError, in_one_line
from bench.measures.budget import SHARES, UNLIMITED, Budget
from bench.store.run_file import PARQUET, column_of
from bench.system.parquet import opened_numbers
from bench.system.records import ROUNDED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.measures.records import PointResult
    from bench.types import Floats, Ints

KEPT = (*(each for share in SHARES for each in (Budget(share), Budget(share).other)), UNLIMITED)
"""Budgets at which the values of queries are kept, so that rows can be compared within them."""
MOST_COLUMNS = 64
"""More than there are measures of a query."""


class QueryValues(NamedTuple):
    """Values of the queries of a cell at some of its operating points.

    Attributes:
        queries: [n] rows of the queries.
        points: number of an operating point -> name of a measure -> [n] values, NaN where a query
            has none.
    """

    queries: Ints
    points: dict[int, dict[str, Floats]]


def kept_points(points: Sequence[PointResult]) -> list[int]:
    """The points whose values are kept: the one that costs most within each budget."""
    numbers = {budget.most(points) for budget in KEPT}
    return sorted(number for number in numbers if number is not None)


def write_query_values(path: Path, values: QueryValues) -> None:
    """Write one row a query and operating point; no file where no point is kept."""
    if not values.points:
        return
    n = len(values.queries)
    parts = [
        pa.table(
            {
                "point": column_of(np.full(n, number, np.int16)),
                "query": column_of(values.queries.astype(np.int32)),
                **{name: column_of(each.astype(np.float32)) for name, each in columns.items()},
            }
        )
        for number, columns in values.points.items()
    ]
    # Rows of queries rise by one, so that their differences take next to no room.
    pq.write_table(
        pa.concat_tables(parts), path, **PARQUET, column_encoding={"query": "DELTA_BINARY_PACKED"}
    )


def read_query_values(path: Path, n_queries: int) -> QueryValues | None:
    """The values that ``write_query_values`` wrote, or None if there is no such file.

    Raises:
        InputError: the file has another form, or more values than so many queries have.
    """
    if not path.exists():
        return None
    try:
        with opened_numbers(path, n_queries * len(KEPT) * MOST_COLUMNS) as file:
            table = file.read()
        columns = {name: table[name].to_numpy() for name in table.column_names}
        point, query = columns.pop("point"), columns.pop("query")
        points = {
            int(number): {name: values[point == number] for name, values in columns.items()}
            for number in np.unique(point)
        }
        queries = query[point == point[0]]
        if len(queries) != n_queries or not np.array_equal(query, np.tile(queries, len(points))):
            raise ValueError(f"its points are not of the same {n_queries:,} queries")
        for name, values in columns.items():
            known = values[~np.isnan(values)]
            if not len(known) or not ((known >= 0) & (known <= 1 + ROUNDED)).all():
                raise ValueError(f"{name} has values that are no shares from 0 to 1")
        return QueryValues(queries, points)
    except (ValueError, LookupError, TypeError, OSError) as error:  # Arrow's are among these
        raise InputError(f"{path} is not of its cell: {in_one_line(str(error))}") from error


def equal_values(one: QueryValues, other: QueryValues) -> bool:
    """Whether two have the same queries, points, measures and values."""
    return (
        np.array_equal(one.queries, other.queries)
        and one.points.keys() == other.points.keys()
        and all(
            values.keys() == other.points[number].keys()
            and all(
                np.array_equal(values[name], other.points[number][name], equal_nan=True)
                for name in values
            )
            for number, values in one.points.items()
        )
    )
