"""The way of scoring pairs of words by which a row is read: chosen on dev pairs."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.measures.records import Correlation
    from bench.report.rows import Row

DEV, TEST = "dev ", "test "
"""What the names of the two parts of a split begin with; the rest is the split's own name."""


def split_of(row: Row) -> str | None:
    """The name of the first split with a dev part, which ways are chosen on, if there is one."""
    parts = [each.subset for each in row.cells[0].similarity if each.subset.startswith(DEV)]
    return parts[0].removeprefix(DEV) if parts else None


def correlations_of(row: Row, way: str, subset: str) -> list[Correlation]:
    """The correlation of each seed, by a way of scoring, over a subset of the pairs."""
    every = (each for cell in row.cells for each in cell.similarity)
    return [each for each in every if (each.score, each.subset) == (way, subset)]


def rhos(row: Row, way: str, subset: str) -> list[float]:
    """Rho of each seed; 0 where there is none, as all scores are equal."""
    return [each.rho or 0.0 for each in correlations_of(row, way, subset)]


def chosen_way(row: Row) -> str:
    """The way whose rho on the dev part is largest, mean over seeds.

    It is the first, the method's own score, where ways are equal or no part is a dev part.
    """
    ways, split = [*dict.fromkeys(each.score for each in row.cells[0].similarity)], split_of(row)
    if split is None:
        return ways[0]
    return max(ways, key=lambda way: fmean(rhos(row, way, DEV + split)))
