"""A perfect tree: every node above the last level has the same number of children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.data.readers.hierarchy import transductive_task
from bench.errors import InputError

if TYPE_CHECKING:
    from bench.task import Task

MAX_NODES = 2_000_000


def read(name: str, H: int, W: int, max_distance: int) -> Task:  # noqa: N803 - the paper's letters
    """The tree of the HR paper: ``H`` levels with the root, ``W`` children of each node.

    Raises:
        InputError: a number is too small, or the tree too large.
    """
    if H < 1 or W < 1:
        raise InputError(f"a tree needs H >= 1 levels and W >= 1 children, got H={H}, W={W}")
    # Sizes of the levels, stopped early where W ** H would not end.
    n_nodes, level = 0, 1
    for _ in range(H):
        n_nodes += level
        level *= W
        if n_nodes > MAX_NODES:
            raise InputError(f"a tree of H={H}, W={W} has over {MAX_NODES:,} nodes; take smaller")
    children = np.arange(1, n_nodes)
    names = [str(node) for node in range(n_nodes)]
    return transductive_task(name, names, children, (children - 1) // W, max_distance)
