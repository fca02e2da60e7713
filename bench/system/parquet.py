"""Parquet files of others, opened only if what they unpack to has a size that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

MOST_RATIO, ALWAYS = 200, 1 << 30
"""Bytes unpacked for each byte of a file, and bytes that any may unpack to."""
_WIDEST = 8
"""Bytes of a number: a run of equal ones takes next to nothing in a file."""


def opened(path: Path) -> pq.ParquetFile:
    """Open a file; nothing but its footer is read.

    Raises:
        InputError: it is missing, is no Parquet file, or is small and unpacks to what would fill
            memory.
    """
    try:
        file = pq.ParquetFile(path)
        size = path.stat().st_size
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            f"cannot read {path}: {error}; it is missing, damaged or of another format"
        ) from error
    groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
    columns = (group.column(number) for group in groups for number in range(group.num_columns))
    unpacked = sum(max(c.total_uncompressed_size, _WIDEST * c.num_values) for c in columns)
    if unpacked > max(ALWAYS, MOST_RATIO * size):
        raise InputError(
            f"{path} has {size:,} bytes and unpacks to {unpacked:,} or more; a file of data "
            f"unpacks to at most {MOST_RATIO} times its size"
        )
    return file
