"""The dimensions that an embedding of a perfect tree needs, over its height and its width.

arXiv 2509.16411 proves that d = O(s log m) suffice for s relevant documents of m, which is
O(H^2 log W) for a perfect tree. It reports fitted slopes: 2.29 of log d over log H, at W = 2, and
16.5 of d over log W, at H = 4.
"""

from __future__ import annotations

import math
from operator import attrgetter
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from scipy import stats

from bench.report.table import NONE
from studies.geometry.trial import Trial, TrialResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from studies.geometry.trainings import TrainingTable

CONSTRUCTED = "constructed-de"
METHODS = (CONSTRUCTED, "standard-de", "pretrain-finetune-de", "masked-de")
HEIGHT, WIDTH = 4, 2
"""The height of trees of varied width, and the width of trees of varied height."""
PAPER = {"H": "2.29", "W": "16.5"}
THEORY = {"H": "2", "W": "16"}
LARGEST = 4096
"""The dimension at which a search ends without success."""


class Target(NamedTuple):
    """A quality to be reached, as a mean over seeds.

    Attributes:
        name: its name in a table.
        least: the least share.
        value: the function from a result to the figure that is compared.
    """

    name: str
    least: float
    value: Callable[[TrialResult], float]

    def reached(self, results: list[TrialResult]) -> bool:
        """Whether the mean over seeds is at least the target."""
        return fmean(map(self.value, results)) >= self.least


TARGETS = (
    Target("95 %", 0.95, attrgetter("recall")),
    Target("99 %", 0.99, attrgetter("recall")),
    Target("95 % at every distance", 0.95, attrgetter("least")),
)


class Tree(NamedTuple):
    """A perfect tree of ``height`` levels, the root among them, of ``width`` children a node."""

    height: int
    width: int

    @property
    def dataset(self) -> str:
        """The dataset in the form of ``--dataset``."""
        return f"tree:H={self.height},W={self.width},max_distance={self.height}"

    @property
    def n_nodes(self) -> int:
        """Number of queries, and of documents."""
        return sum(self.width**level for level in range(self.height))


class TreeGrid(NamedTuple):
    """The trees and trainings that are compared.

    Attributes:
        heights: heights of trees with two children for each node.
        widths: widths of trees with four levels.
        seeds: seeds of learned embeddings.
        draws: seeds of constructed embeddings, which cost nothing.
        settings: settings of learned embeddings, besides the dimension.
    """

    heights: tuple[int, ...]
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    draws: tuple[int, ...]
    settings: tuple[str, ...] = ()

    @property
    def trees(self) -> list[Tree]:
        """All trees, each once."""
        of_height = [Tree(height, WIDTH) for height in self.heights]
        return list(dict.fromkeys(of_height + [Tree(HEIGHT, width) for width in self.widths]))


class Needed:
    """The smallest dimension by tree, method and target."""

    def __init__(self, grid: TreeGrid, trainings: TrainingTable) -> None:
        """Search for them: each round tries the next dimension of every unfinished search."""
        self.grid = grid
        self.tried: dict[tuple[Tree, str], dict[int, list[TrialResult]]] = {
            (tree, method): {} for tree in grid.trees for method in METHODS
        }
        while wanted := self._next():
            trials = {key: self._trials(*key) for key in wanted}
            results = trainings.of(trial for some in trials.values() for trial in some)
            for (tree, method, dim), some in trials.items():
                self.tried[tree, method][dim] = [results[trial] for trial in some]

    def of(self, tree: Tree, method: str, target: Target) -> int | None:
        """The smallest dimension that reaches a target, or None."""
        return smallest(self._reached(tree, method, target))

    def _next(self) -> list[tuple[Tree, str, int]]:
        return list(
            dict.fromkeys(
                (tree, method, dim)
                for tree, method in self.tried
                for target in TARGETS
                if (dim := next_dimension(self._reached(tree, method, target))) is not None
            )
        )

    def _reached(self, tree: Tree, method: str, target: Target) -> dict[int, bool]:
        return {dim: target.reached(some) for dim, some in self.tried[tree, method].items()}

    def _trials(self, tree: Tree, method: str, dim: int) -> list[Trial]:
        learned = method != CONSTRUCTED
        settings = (f"dim={dim}", *(self.grid.settings if learned else ()))
        seeds = self.grid.seeds if learned else self.grid.draws
        return [Trial(tree.dataset, method, settings, seed) for seed in seeds]


def next_dimension(reached: Mapping[int, bool]) -> int | None:
    """The dimension to try next, or None if the smallest one is known or the search has failed.

    Args:
        reached: the dimensions tried so far, and whether each reached the target.
    """
    enough = smallest(reached)
    short = [dim for dim, is_enough in reached.items() if not is_enough]
    if enough is None:
        wanted = 2 * max(short, default=1)
        return wanted if wanted <= LARGEST else None
    # Recall of few seeds need not rise with every dimension: those above `enough` decide nothing.
    below = max((dim for dim in short if dim < enough), default=0)
    return (below + enough) // 2 if enough - below > 1 else None


def smallest(reached: Mapping[int, bool]) -> int | None:
    """The smallest dimension that reached the target, or None."""
    return min((dim for dim, is_enough in reached.items() if is_enough), default=None)


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
    fit = stats.linregress(x, y)
    margin = fit.stderr * stats.t.ppf(0.975, len(x) - 2)
    return Slope(float(fit.slope), float(margin))


def table_of(needed: Needed) -> tuple[list[str], list[list[str]]]:
    """Header and rows: for each tree the dimensions that each method needs for each target."""
    header = ["H", "W", "nodes", *METHODS]
    rows = []
    for tree in needed.grid.trees:
        dims = [[needed.of(tree, method, target) for target in TARGETS] for method in METHODS]
        texts = [" / ".join(NONE if dim is None else str(dim) for dim in some) for some in dims]
        rows.append([str(tree.height), str(tree.width), f"{tree.n_nodes:,}", *texts])
    return header, rows


def slopes_of(needed: Needed) -> tuple[list[str], list[list[str]]]:
    """Header and rows: fitted slopes beside those of the paper and of the theory."""
    header = ["slope", "target", *METHODS, "paper", "theory"]
    rows = []
    for name, what in (("H", "log d over log H, W = 2"), ("W", "d over log W, H = 4")):
        for target in TARGETS:
            texts = [_slope(needed, name, method, target) for method in METHODS]
            rows.append([what, target.name, *texts, PAPER[name], THEORY[name]])
    return header, rows


def _slope(needed: Needed, over: str, method: str, target: Target) -> str:
    grid = needed.grid
    if over == "H":
        trees: Sequence[Tree] = [Tree(height, WIDTH) for height in grid.heights]
    else:
        trees = [Tree(HEIGHT, width) for width in grid.widths]
    found = [(tree, dim) for tree in trees if (dim := needed.of(tree, method, target))]
    if len(found) <= 2:  # noqa: PLR2004 - a line through two points has no margin
        return NONE
    if over == "H":
        return str(slope(*zip(*((math.log(t.height), math.log(d)) for t, d in found), strict=True)))
    return str(slope(*zip(*((math.log(t.width), float(d)) for t, d in found), strict=True)))
