"""Parquet files of unknown origin, opened only if the size of their content is plausible.

A megabyte may unpack to gigabytes; the footer, which alone is read here, has their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import InputError
from bench.system.files import MOST_RATIO, most_unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WIDEST = 8
"""Bytes of a number: a run of equal ones takes next to nothing in a file."""


def opened(path: Path) -> pq.ParquetFile:
    """Open a file of data.

    Raises:
        InputError: it is missing, is no Parquet file, or is small and unpacks to what would fill
            memory.
    """
    try:
        file = pq.ParquetFile(path)
        size, most = path.stat().st_size, most_unpacked(path)
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"cannot read {path}: {error}; it is missing, damaged or of another format"
        ) from error
    unpacked = sum(max(c.total_uncompressed_size, _WIDEST * c.num_values) for c in _chunks(file))
    if unpacked > most:
        raise InputError(
            f"{path} has {size:,} bytes and unpacks to {unpacked:,} or more; a file of data "
            f"unpacks to at most {MOST_RATIO} times its size"
        )
    return file


def opened_numbers(path: Path, most_values: float) -> pq.ParquetFile:
    """Open a file of a cell, which holds numbers.

    Args:
        path: the file.
        most_values: the values that it may have at most, over all columns.

    Raises:
        ValueError: it has more, or is no Parquet file of numbers.
        OSError: it cannot be read.
    """
    file = pq.ParquetFile(path)
    for field in file.schema_arrow:
        kind = field.type.value_type if pa.types.is_list(field.type) else field.type
        if not pa.types.is_primitive(kind):
            raise ValueError(f"its column {field.name} is {field.type}, not numbers")
    n_values = sum(chunk.num_values for chunk in _chunks(file))
    if n_values > most_values:
        raise ValueError(f"it has {n_values:,} values, and its cell at most {most_values:,}")
    return file


def _chunks(file: pq.ParquetFile) -> Iterator[pq.ColumnChunkMetaData]:
    """What the footer says of each column of each row group."""
    for number in range(file.num_row_groups):
        group = file.metadata.row_group(number)
        yield from map(group.column, range(group.num_columns))
