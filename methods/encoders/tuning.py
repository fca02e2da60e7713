"""The towers of a text encoder by the part that is trained: nothing, a head, a block, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.encoders.towers import Frozen, Head

if TYPE_CHECKING:
    from bench.method import Workspace
    from methods.encoders.towers import HeadShape, Tower


def make_tower(name: str, tune: str, workspace: Workspace, *, shape: HeadShape, seed: int) -> Tower:
    """The tower of a way of tuning.

    Args:
        name: name of the pretrained encoder.
        tune: none, head, last-layer or full.
        workspace: the workspace with the cache of embeddings.
        shape: sizes of a head.
        seed: seed of a new head's weights.
    """
    if tune == "none":
        return Frozen(name, workspace)
    if tune == "head":
        return Head(name, workspace, shape, seed)
    if tune == "full":
        from methods.encoders.transformer import Full

        return Full(name, workspace)
    from methods.encoders.last_layer import LastLayer

    return LastLayer(name, workspace)
