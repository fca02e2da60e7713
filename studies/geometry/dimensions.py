"""The dimensions that an embedding of a perfect tree needs, over its height and its width.

arXiv 2509.16411 proves that d = O(s log m) suffice for s relevant documents of m, which is
O(H^2 log W) for a perfect tree. It reports fitted slopes: 2.29 of log d over log H, at W = 2, and
16.5 of d over log W, at H = 4.
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from studies.geometry.trial import Trial, TrialResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from studies.geometry.trainings import TrainingTable

    Holds: TypeAlias = Callable[[Sequence[TrialResult]], bool]
    """Whether some results, one for each seed, reach a criterion."""

HEIGHT, WIDTH = 4, 2
"""The height of trees of varied width, and the width of trees of varied height."""
PAPER = {"H": "2.29", "W": "16.5"}
THEORY = {"H": 2.0, "W": 16.0}
"""The slopes over H and over W."""
EPS = 2.0**-23
"""The least margin of one threshold: the distance of float32 numbers at 1, the longest score."""


class Criterion(NamedTuple):
    """What an embedding has to reach.

    Attributes:
        name: its name in a table.
        holds: whether some results, one for each seed, reach it.
    """

    name: str
    holds: Holds


def _recall_of(least: float) -> Holds:
    return lambda results: fmean(result.recall for result in results) >= least


def _half(holds: Callable[[TrialResult], bool]) -> Holds:
    return lambda results: 2 * sum(map(holds, results)) >= len(results)


CRITERIA = (
    Criterion("95 %", _recall_of(0.95)),
    Criterion("99 %", _recall_of(0.99)),
    Criterion("perfect ranking", _half(lambda result: result.recall == 1)),
    Criterion("one threshold", _half(lambda result: (result.margin or 0) >= EPS)),
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


class Variant(NamedTuple):
    """A method with settings, of which the dimensions are asked for.

    Attributes:
        label: its name in a table.
        method: name of the method.
        settings: settings besides the dimension.
        seeds: the seeds of its embeddings.
        dims: the smallest and the largest dimension that are tried.
        largest: nodes of the largest tree that it is tried on; None: all are tried.
    """

    label: str
    method: str
    settings: tuple[str, ...]
    seeds: tuple[int, ...]
    dims: tuple[int, int]
    largest: int | None = None

    def tries(self, tree: Tree) -> bool:
        """Whether it is tried on a tree."""
        return self.largest is None or tree.n_nodes <= self.largest


class TreeGrid(NamedTuple):
    """The trees and the variants that are compared.

    Attributes:
        heights: heights of trees with two children for each node.
        widths: widths of trees with four levels.
        closed: closed forms; the first one is Algorithm 1.
        learned: trainings.
    """

    heights: tuple[int, ...]
    widths: tuple[int, ...]
    closed: tuple[Variant, ...]
    learned: tuple[Variant, ...]

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All variants, in the order of the tables."""
        return self.closed + self.learned

    @property
    def lines(self) -> dict[str, list[Tree]]:
        """The trees of varied height, H, and of varied width, W."""
        return {
            "H": [Tree(height, WIDTH) for height in self.heights],
            "W": [Tree(HEIGHT, width) for width in self.widths],
        }

    @property
    def trees(self) -> list[Tree]:
        """All trees, each once."""
        return list(dict.fromkeys(tree for line in self.lines.values() for tree in line))


class Answer(NamedTuple):
    """The smallest dimension that is enough, of those that were tried.

    Attributes:
        dim: the dimension; None if none was enough.
        for_one: the smallest that is enough for at least one seed, or None.
        for_all: the smallest that is enough for every seed, or None.
        tried: the largest dimension that was tried.
    """

    dim: int | None
    for_one: int | None
    for_all: int | None
    tried: int

    def __str__(self) -> str:
        """``5``; ``5 (4–6)`` if seeds differ; ``> 64`` if none was enough."""
        dim, one, every = (f"> {self.tried}" if some is None else str(some) for some in self[:3])
        return dim if one == every else f"{dim} ({one}–{every})"


class Needed:
    """The smallest dimension by tree, variant and criterion."""

    def __init__(self, grid: TreeGrid, trainings: TrainingTable) -> None:
        """Search for them: each round tries the next dimension of every unfinished search."""
        self.grid = grid
        self.tried: dict[tuple[Tree, Variant], dict[int, list[TrialResult]]] = {
            (tree, variant): {}
            for tree in grid.trees
            for variant in grid.variants
            if variant.tries(tree)
        }
        while wanted := self._next():
            trials = {
                (tree, variant, dim): [
                    Trial(tree.dataset, variant.method, (f"dim={dim}", *variant.settings), seed)
                    for seed in variant.seeds
                ]
                for tree, variant, dim in wanted
            }
            results = trainings.of(trial for some in trials.values() for trial in some)
            for (tree, variant, dim), some in trials.items():
                self.tried[tree, variant][dim] = [results[trial] for trial in some]

    def of(self, tree: Tree, variant: Variant, criterion: Criterion) -> Answer | None:
        """The answer of a search; None if the variant is not tried on this tree."""
        tried = self.tried.get((tree, variant))
        if tried is None:
            return None
        return Answer(
            smallest(_held(tried, criterion.holds)),
            smallest(_held(tried, lambda some: any(criterion.holds([one]) for one in some))),
            smallest(_held(tried, lambda some: all(criterion.holds([one]) for one in some))),
            max(tried),
        )

    def _next(self) -> list[tuple[Tree, Variant, int]]:
        return list(
            dict.fromkeys(
                (tree, variant, dim)
                for (tree, variant), tried in self.tried.items()
                for criterion in CRITERIA
                if (dim := next_dimension(_held(tried, criterion.holds), *variant.dims)) is not None
            )
        )


def _held(tried: Mapping[int, Sequence[TrialResult]], holds: Holds) -> dict[int, bool]:
    return {dim: holds(some) for dim, some in tried.items()}


def next_dimension(reached: Mapping[int, bool], least: int, most: int) -> int | None:
    """The dimension to try next, or None if the smallest one is known or the search has failed.

    Args:
        reached: the dimensions tried so far, and whether each reached the criterion.
        least: the smallest dimension to try.
        most: the largest.
    """
    enough = smallest(reached)
    short = [dim for dim, is_enough in reached.items() if not is_enough]
    if enough is None:
        tried = max(short, default=0)
        return min(max(2 * tried, 2, least), most) if tried < most else None
    # Recall of few seeds need not rise with every dimension: those above `enough` decide nothing.
    below = max((dim for dim in short if dim < enough), default=least - 1)
    return (below + enough) // 2 if enough - below > 1 else None


def smallest(reached: Mapping[int, bool]) -> int | None:
    """The smallest dimension that reached the criterion, or None."""
    return min((dim for dim, is_enough in reached.items() if is_enough), default=None)
