"""The tables of the dimensions that trees need: by tree, and as slopes over height and width."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from bench.report.table import NONE
from studies.geometry.dimensions import CRITERIA, HEIGHT, PAPER, THEORY, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies.geometry.dimensions import Criterion, Needed, Variant

LINES = {
    "H": f"log d over log H, W = {WIDTH}",
    "W": f"d over log W, H = {HEIGHT}",
}


class Slope(NamedTuple):
    """The slope of a straight line by least squares.

    Attributes:
        value: the slope.
        margin: half of its 95 % interval, by Student's t.
    """

    value: float
    margin: float

    def __str__(self) -> str:
        """The slope and its margin, two digits each."""
        return f"{self.value:.2f} ± {self.margin:.2f}"


def slope(x: Sequence[float], y: Sequence[float]) -> Slope:
    """The slope of ``y`` over ``x``; at least three points, of different x."""
    across, up = (values - np.mean(values) for values in map(np.asarray, (x, y)))
    spread = across @ across
    value = across @ up / spread
    rest = up - value * across
    margin = np.sqrt(rest @ rest / (len(x) - 2) / spread) * stats.t.ppf(0.975, len(x) - 2)
    return Slope(float(value), float(margin))


def table_of(needed: Needed) -> tuple[list[str], list[list[str]]]:
    """Header and rows: the dimension that each variant needs, by criterion and tree."""
    variants = needed.grid.variants
    header = ["criterion", "H", "W", "nodes", *(variant.label for variant in variants)]
    rows = [
        [
            criterion.name,
            str(tree.height),
            str(tree.width),
            f"{tree.n_nodes:,}",
            *(str(needed.of(tree, variant, criterion) or "") for variant in variants),
        ]
        for criterion in CRITERIA
        for tree in needed.grid.trees
    ]
    return header, rows


def slopes_of(needed: Needed) -> tuple[list[str], list[list[str]]]:
    """Header and rows: fitted slopes beside those of the paper and of the theory."""
    variants = needed.grid.variants
    header = ["slope", "criterion", *(variant.label for variant in variants), "paper", "theory"]
    rows = [
        [
            what,
            criterion.name,
            *(slope_of(needed, over, variant, criterion) for variant in variants),
            PAPER[over],
            f"{THEORY[over]:g}",
        ]
        for over, what in LINES.items()
        for criterion in CRITERIA
    ]
    return header, rows


def slope_of(needed: Needed, over: str, variant: Variant, criterion: Criterion) -> str:
    """The slope over H or W as text; a dash where a tree needs more than was tried.

    A slope over the others alone would be that of the trees that need little.
    """
    answers = {
        tree: answer
        for tree in needed.grid.lines[over]
        if (answer := needed.of(tree, variant, criterion)) is not None
    }
    found = [(tree, answer.dim) for tree, answer in answers.items() if answer.dim is not None]
    if len(found) < len(answers) or len(found) < 3:  # noqa: PLR2004 - two have no margin
        return NONE
    if over == "H":
        points = [(math.log(tree.height), math.log(dim)) for tree, dim in found]
    else:
        points = [(math.log(tree.width), float(dim)) for tree, dim in found]
    return str(slope(*zip(*points, strict=True)))
