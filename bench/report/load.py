"""The mark of speeds that were taken while other processes took cores, and its note."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.records import QUIET
from bench.report.table import NONE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bench.measures.records import PointResult

BUSY = "~"
"""Marks a time or a speed that was taken on a busy machine."""


def is_busy(*shares: float | None) -> bool:
    """Whether threads waited for a core for more than ``QUIET`` of one of the times."""
    return any(share is not None and share > QUIET for share in shares)


def marked(text: str, shares: Collection[float | None]) -> str:
    """A time or a speed, with its mark if one of the times that it is of was disturbed."""
    return BUSY * is_busy(*shares) + text


def speed_text(points: Sequence[PointResult]) -> str:
    """Queries a second, a mean over seeds, marked if one of them was disturbed."""
    speeds = [each for point in points if (each := point.queries_per_second) is not None]
    return marked(f"{fmean(speeds):,.0f}", [point.waited for point in points]) if speeds else NONE


def load_notes(shares: Collection[float | None]) -> list[str]:
    """Sentences on the mark and on times of unknown load, for the shares of all times shown."""
    notes = []
    if is_busy(*shares):
        notes.append(
            f"{BUSY}: taken on a busy machine, and no speed to quote: threads waited for a core "
            f"for over {100 * QUIET:.0f} % of the time."
        )
    if None in shares:
        notes.append(
            "How busy the machine was is not known for times from before that was recorded, or of "
            "a system that does not tell; they bear no mark."
        )
    return notes
