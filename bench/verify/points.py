"""The operating point of a cell that is taken out of it: the one that settings name, or chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.report.points import most_visited

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.store.cell import Cell


def point_of(cell: Cell) -> PointResult:
    """The operating point that validation chose, or the one that visits most."""
    chosen = None if cell.chosen is None else cell.chosen.number
    return most_visited(cell) if chosen is None else cell.points[chosen]


def settings_of(point: PointResult, between: str = " ") -> str:
    """The settings of an operating point, as ``--point`` takes them; empty if it has none."""
    return between.join(f"{name}={value}" for name, value in point.point.items())


def number_of(cell: Cell, point: str) -> int:
    """The number of the operating point that settings name.

    Args:
        cell: the cell.
        point: settings such as ``nprobe=4``; empty: the point of :func:`point_of`.

    Raises:
        InputError: no point has these settings, or several.
    """
    if not point:
        return cell.points.index(point_of(cell))
    asked = {part.strip() for part in point.split(",")}
    texts = [{f"{name}={value}" for name, value in each.point.items()} for each in cell.points]
    found = [number for number, each in enumerate(texts) if asked <= each]
    if len(found) != 1:
        known = "; ".join(",".join(sorted(each)) or "the only one" for each in texts)
        raise InputError(
            f"--point {point} names {len(found)} of the operating points of {cell.title}, "
            f"which are {known}"
        )
    return found[0]
