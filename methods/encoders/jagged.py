"""Rows of different lengths in two arrays, as token ids and activations of texts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.types import Bools, Ints


@dataclass(frozen=True)
class Jagged:
    """Rows one after another.

    Attributes:
        offsets: [n + 1] the first value of each row, and the end of the last.
        values: [total] or [total, width] the values; they may be mapped from a file.
    """

    offsets: Ints
    values: np.ndarray[Any, Any]

    @classmethod
    def of(cls, lengths: Ints, values: np.ndarray[Any, Any]) -> Jagged:
        """Rows of these lengths, whose values follow each other."""
        return cls(np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), values)

    @property
    def lengths(self) -> Ints:
        """[n] number of values of each row."""
        return np.diff(self.offsets)

    def places(self, rows: Ints) -> Ints:
        """The places in ``values`` of rows, one row after another."""
        lengths = self.lengths[rows]
        shift = self.offsets[rows] - (np.cumsum(lengths) - lengths)
        return np.repeat(shift, lengths) + np.arange(lengths.sum())

    def take(self, rows: Ints) -> Jagged:
        """The rows of these numbers, in that order; only they are read."""
        return Jagged.of(self.lengths[rows], np.asarray(self.values[self.places(rows)]))

    def padded(self, fill: float) -> tuple[np.ndarray[Any, Any], Bools]:
        """[n, longest, ...] the rows, filled up at the end; and [n, longest] what is no filling."""
        lengths = self.lengths
        mask = np.arange(max(1, int(lengths.max(initial=0)))) < lengths[:, None]
        rows = np.full((*mask.shape, *self.values.shape[1:]), fill, self.values.dtype)
        rows[mask] = self.values
        return rows, mask


def batches(lengths: Ints, budget: int) -> Iterator[Ints]:
    """Numbers of rows in batches, longest rows first, so that a batch has little filling.

    Args:
        lengths: [n] number of values of each row.
        budget: the most values of a batch, including the filling; a longer row goes alone.
    """
    order = np.argsort(-lengths, kind="stable")
    begin = 0
    while begin < len(order):
        end = begin + max(1, budget // max(1, int(lengths[order[begin]])))
        yield order[begin:end]
        begin = end
