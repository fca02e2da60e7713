"""``run.parquet``: the results of a search, from which every metric can be derived again.

A row is a query at an operating point. It has ``point`` (its number in the cell), ``query`` (row
of the task), ``ids`` (as deep as the query is judged; -1 in the place of a document that is not
known), ``visited`` (documents; NaN for a run that was brought from a file, and where no document is
scored), ``reached``
(whether each of its relevant documents was visited, in the task's order, if that is known) and,
at one point, ``exact`` (whether exact search finds each, if the method can search exactly). Scores
are checked and not kept: no measure reads them, and they would be more than half of a file. For
word pairs, a row is a pair, and each way of scoring is a column.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.system.parquet import opened_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.arrays.relevance import Relevance
    from bench.types import Bools, Floats, Ints

SCHEMA = pa.schema(
    {
        "point": pa.int16(),
        "query": pa.int32(),
        "ids": pa.list_(pa.int32()),
        "visited": pa.float64(),
        "reached": pa.list_(pa.bool_()),
        "exact": pa.list_(pa.bool_()),
    }
)


PARQUET = {
    "compression": "zstd",
    "compression_level": 15,
    "use_dictionary": False,
    "write_statistics": False,
    "data_page_size": 64 << 20,
}
"""Options that make the file small; statistics would serve searches that nobody makes. Level 19
would take three times as long, for a file that is smaller by 1 % (WordNet) to a quarter."""
ROW_GROUP = 64 << 20
"""Bytes in memory at which operating points are written."""
MOST_SCORES = 8
"""More than there are ways of scoring a pair of words."""
ENCODING = {
    "query": "DELTA_BINARY_PACKED",
    "ids.list.element": "BYTE_STREAM_SPLIT",
    "visited": "BYTE_STREAM_SPLIT",
}


class RunFile:
    """Writes operating points one after the other."""

    def __init__(
        self,
        path: Path,
        queries: Ints,
        depth: Ints,
        relevance: Relevance,
    ) -> None:
        """Open ``path``.

        Args:
            path: the file to write.
            queries: [n] rows of the queries.
            depth: [n] number of documents of each ranking that are kept.
            relevance: the relevance of these queries.
        """
        self._writer = pq.ParquetWriter(path, SCHEMA, **PARQUET, column_encoding=ENCODING)
        self._queries = queries.astype(np.int32)
        self._depth = depth
        self._offsets = column_of(relevance.indptr.astype(np.int32))
        self._points = 0
        self._waiting: list[pa.Table] = []

    def add(
        self, ids: Ints, visited: Floats, reached: Bools | None = None, exact: Bools | None = None
    ) -> None:
        """Append the next operating point.

        Args:
            ids: [n, k] documents, best first, -1 past the end.
            visited: [n] documents scored; NaN: not known.
            reached: [n_pairs] which relevant documents were visited; None: not known.
            exact: [n_pairs] which relevant documents exact search finds; given once, at one point.
        """
        n, k = ids.shape
        # Up to the last document: an empty place before it keeps its rank.
        ends = k - np.argmax(ids[:, ::-1] >= 0, axis=1)
        lengths = np.where((ids >= 0).any(axis=1), np.minimum(ends, self._depth), 0)
        kept = np.arange(k) < lengths[:, None]
        offsets = column_of(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
        columns = [
            column_of(np.full(n, self._points, np.int16)),
            column_of(self._queries),
            pa.ListArray.from_arrays(offsets, column_of(ids[kept])),
            column_of(visited),
            self._of_pairs(reached),
            self._of_pairs(exact),
        ]
        self._waiting.append(pa.table(columns, schema=SCHEMA))
        self._points += 1
        if sum(table.nbytes for table in self._waiting) > ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        """Write the waiting rows as one row group, in which equal values take no room twice."""
        if self._waiting:
            table = pa.concat_tables(self._waiting).combine_chunks()
            self._writer.write_table(table, row_group_size=len(table))
            self._waiting = []

    def _of_pairs(self, values: Bools | None) -> pa.Array:
        """A column of lists, one for each query, with the values of its pairs; null if none."""
        if values is None:
            return pa.nulls(len(self._queries), pa.list_(pa.bool_()))
        bits = pa.Array.from_buffers(
            pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))]
        )
        return pa.ListArray.from_arrays(self._offsets, bits)

    def close(self) -> None:
        """Write the waiting rows, and the footer."""
        self._flush()
        self._writer.close()


class PointRecord(NamedTuple):
    """The content of a run file on one operating point.

    Attributes:
        queries: [n] rows of the queries in the task.
        ids: [n, deepest] documents, best first, -1 after the last.
        visited: [n] documents scored.
        reached: [n_pairs] whether each relevant document was visited, or None.
        exact: [n_pairs] whether exact search finds it, or None; at one point at most.
    """

    queries: Ints
    ids: Ints
    visited: Floats
    reached: Bools | None
    exact: Bools | None


def read_run(path: Path, most_values: float = math.inf) -> Iterator[PointRecord]:
    """The operating points that ``RunFile`` wrote, in their order.

    Args:
        path: the file.
        most_values: the values that the run of its cell has at most, over all columns; without it
            the file is trusted.

    Raises:
        ValueError: the file has another form.
    """
    file = opened_numbers(path, most_values)
    there = file.schema_arrow
    for name in ("point", "query", "ids", "visited"):
        if name not in there.names or there.field(name).type != SCHEMA.field(name).type:
            found = there.field(name).type if name in there.names else "missing"
            raise ValueError(f"its column {name} is {found}, not {SCHEMA.field(name).type}")
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        points = table["point"].to_numpy()
        for number in np.unique(points):
            begin, end = np.searchsorted(points, [number, number + 1])
            of_point = table.slice(begin, end - begin)
            yield PointRecord(
                of_point["query"].to_numpy(),
                _rankings(of_point["ids"].combine_chunks()),
                of_point["visited"].to_numpy(),
                *(_pairs_of(of_point, name) for name in ("reached", "exact")),
            )


def _rankings(lists: pa.ListArray) -> Ints:
    """[n, longest] the lists, filled up with -1."""
    lengths = np.asarray(lists.value_lengths())
    ids = np.full((len(lists), lengths.max(initial=0)), -1, np.int32)
    ids[np.arange(ids.shape[1]) < lengths[:, None]] = lists.flatten().to_numpy()
    return ids


def _pairs_of(table: pa.Table, name: str) -> Bools | None:
    """[n_pairs] the lists of a column one after the other, None if all are null."""
    # A file of before there was an X-ray has no such column.
    if name not in table.column_names or table[name].null_count == len(table):
        return None
    lists = table[name].combine_chunks()
    values: Bools = lists.flatten().to_numpy(zero_copy_only=False)
    return values


def write_scores(path: Path, scores: dict[str, Floats]) -> None:
    """Write the scores [n] of word pairs by name; NaN where a pair has none."""
    # In full: rounding would make ties, and another correlation.
    columns = {name: column_of(values.astype(np.float64)) for name, values in scores.items()}
    pq.write_table(pa.table(columns), path, **PARQUET)


def read_scores(path: Path, n_pairs: int) -> dict[str, Floats]:
    """The scores that ``write_scores`` wrote.

    Raises:
        ValueError: the file has another form, or more scores than so many pairs have.
    """
    with opened_numbers(path, n_pairs * MOST_SCORES) as file:
        table = file.read()
    return {name: table[name].to_numpy() for name in table.column_names}


def column_of(values: Ints | Floats) -> pa.Array:
    """A column over the same memory; ``pa.array`` would first import pandas, for 0.3 s."""
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
