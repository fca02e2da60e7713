"""The towers of a text encoder by the part that is trained: nothing, a head, a block, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.encoders.towers import Frozen, Head

if TYPE_CHECKING:
    from bench.method import Workspace
    from methods.encoders.pretrained import Pretrained
    from methods.encoders.towers import HeadShape, Tower


def make_tower(
    encoder: Pretrained, tune: str, workspace: Workspace, *, shape: HeadShape, seed: int
) -> Tower:
    """The tower of a way of tuning.

    Args:
        encoder: the pretrained encoder.
        tune: none, head, last-layer or full.
        workspace: the workspace with the cache of embeddings.
        shape: sizes of a head.
        seed: seed of a new head's weights.
    """
    if tune == "none":
        return Frozen(encoder, workspace)
    if tune == "head":
        return Head(encoder, workspace, shape, seed)
    if tune == "full":
        from methods.encoders.transformer import Full

        return Full(encoder, workspace)
    from methods.encoders.last_layer import LastLayer

    return LastLayer(encoder, workspace)
