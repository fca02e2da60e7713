"""``run.parquet``: what a search returned, from which every metric can be derived again.

One row a query and operating point: ``point`` (its number in the cell), ``query`` (row of the
task), ``ids`` and ``scores`` (as deep as the query is judged), ``visited`` (documents), ``reached``
(of its relevant documents, in the task's order: which were visited, where that is known) and, at
point 0, ``exact`` (of the same: which exact search finds, where the method can search exactly).
Of word pairs, one row a pair: each way of scoring is a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from bench.relevance import Relevance
    from bench.search import PointRun
    from bench.types import Bools, Floats, Ints

SCHEMA = pa.schema(
    {
        "point": pa.int16(),
        "query": pa.int32(),
        "ids": pa.list_(pa.int32()),
        "scores": pa.list_(pa.float32()),
        "visited": pa.float64(),
        "reached": pa.list_(pa.bool_()),
        "exact": pa.list_(pa.bool_()),
    }
)


class RunFile:
    """Writes operating points one after the other, each a row group."""

    def __init__(
        self, path: Path, queries: Ints, depth: Ints, relevance: Relevance, exact: Bools | None
    ) -> None:
        """Open ``path``.

        Args:
            path: to write.
            queries: [n] rows of the queries.
            depth: [n] how many documents of each ranking are kept.
            relevance: of these queries.
            exact: [n_pairs] which relevant documents exact search finds, or None.
        """
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._queries = queries.astype(np.int32)
        self._depth = depth
        self._offsets = _column(relevance.indptr.astype(np.int32))
        self._exact = exact
        self._points = 0

    def add(self, run: PointRun) -> None:
        """Append the next operating point."""
        n, k = run.ids.shape
        kept = (np.arange(k) < self._depth[:, None]) & (run.ids >= 0)
        offsets = _column(np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32))
        columns = [
            _column(np.full(n, self._points, np.int16)),
            _column(self._queries),
            pa.ListArray.from_arrays(offsets, _column(run.ids[kept])),
            pa.ListArray.from_arrays(offsets, _column(run.scores[kept])),
            _column(run.visited),
            self._of_pairs(run.reached),
            self._of_pairs(self._exact if self._points == 0 else None),
        ]
        self._writer.write_table(pa.table(columns, schema=SCHEMA))
        self._points += 1

    def _of_pairs(self, values: Bools | None) -> pa.Array:
        """A list for each query of what is known of its pairs; null where nothing is."""
        if values is None:
            return pa.nulls(len(self._queries), pa.list_(pa.bool_()))
        bits = pa.Array.from_buffers(
            pa.bool_(), len(values), [None, pa.py_buffer(np.packbits(values, bitorder="little"))]
        )
        return pa.ListArray.from_arrays(self._offsets, bits)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()


def write_scores(path: Path, scores: dict[str, Floats]) -> None:
    """Write the scores [n] of word pairs by name; NaN where a pair has none."""
    columns = {name: _column(values.astype(np.float32)) for name, values in scores.items()}
    pq.write_table(pa.table(columns), path, compression="zstd")


def _column(values: Ints | Floats) -> pa.Array:
    """A column over the same memory; ``pa.array`` would first import pandas, for 0.3 s."""
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])
