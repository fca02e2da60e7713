"""What an executor tells while cells run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.store.cell import Cell


@dataclass(frozen=True)
class Event:
    """Something that happened to a cell.

    Attributes:
        cell: the blank of the cell, or the whole of it once ``phase`` is ``end``.
        phase: ``start``, what it is doing, or ``end``.
        done, total: how far the phase is.
    """

    cell: Cell
    phase: str
    done: int = 0
    total: int = 0
