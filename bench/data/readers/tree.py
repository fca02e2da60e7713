"""A perfect tree: every node above the last level has the same number of children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.data.readers.hierarchy import transductive_task
from bench.errors import InputError

if TYPE_CHECKING:
    from bench.task import Task

MAX_NODES = 2_000_000


def read(
    name: str,
    H: int,  # noqa: N803 - the paper's letters
    W: int,  # noqa: N803
    max_distance: int,
    *,
    root: bool = True,
) -> Task:
    """The tree of the HR paper: ``H`` levels with the root, ``W`` children of each node.

    Args:
        name: name of the task.
        H: number of levels, the root's included.
        W: number of children.
        max_distance: hops up to which an ancestor is relevant.
        root: False: the root is left out, so that there are ``W`` trees of ``H - 1`` levels.

    Raises:
        InputError: a number is too small, or the tree too large.
    """
    if H < 1 or W < 1:
        raise InputError(f"a tree needs H >= 1 levels and W >= 1 children, got H={H}, W={W}")
    if H == 1 and not root:
        raise InputError(f"a tree of H=1, W={W} has no node but its root; root=false needs H >= 2")
    # Sizes of the levels, stopped early where W ** H would not end.
    n_nodes, level = 0, 1
    for _ in range(H):
        n_nodes += level
        level *= W
        if n_nodes > MAX_NODES:
            raise InputError(f"a tree of H={H}, W={W} has over {MAX_NODES:,} nodes; take smaller")
    # The root is node 0, and its children are 1 to W.
    first = 0 if root else 1
    children = np.arange(1 if root else W + 1, n_nodes)
    parents = (children - 1) // W
    names = [str(node) for node in range(first, n_nodes)]
    return transductive_task(name, names, children - first, parents - first, max_distance)
