"""Hyper-parameters of a tree that is trained: its form, its start, its loss, its negatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Mapping

LOSSES = ("triplet", "softmax")


@dataclass(frozen=True)
class TreeSettings(Hyperparameters):
    """What the tree and its joint loss read (arXiv 2310.08891)."""

    may_be_zero: ClassVar[tuple[str, ...]] = (
        "branching",
        "similarity_weight",
        "indexing_weight",
        "intra_leaf_weight",
        "margin",
        "balance",
        "start_scale",
        "hard_negatives",
    )
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "similarity_loss": LOSSES,
        "indexing_loss": LOSSES,
        "paths": ("best", "all"),
        "children": ("shared", "own"),
    }

    branching: int = 0  # B, children of a node; 0: for about 4 times the root of the corpus leaves
    height: int = 1  # H, levels of the tree, which has B^H leaves
    children: str = "own"  # a classifier for each node; "shared": one for each height (EHI, eq. 1)
    transform: bool = False  # x + ReLU(Ux) before the classifiers of a height (EHI, eq. 1)
    paths: str = "all"  # that are trained; "best": the most probable one (EHI, section 3.3)
    similarity_loss: str = "softmax"  # of vectors; "triplet": EHI, eq. 3
    indexing_loss: str = "softmax"  # of paths; "triplet": EHI, eq. 4
    similarity_weight: float = 1.0  # lambda 1
    indexing_weight: float = 1.0  # lambda 2
    intra_leaf_weight: float = 0.0  # lambda 3
    margin: float = 0.3  # gamma, of triplets
    threshold: float = 0.9  # tau, the cosine under which documents should lie apart
    balance: float = 0.0  # weight of the divergence of the mean leaf from an even one
    warm_start: bool = True  # the tree starts at nested k-means clusters of the documents
    start_scale: float = 20.0  # multiplies their centroids
    indexer_lr: float = 0.001  # of the tree, at the first step
    hard_negatives: int = 1  # of each query, from its own leaves, a step
    mined_leaves: int = 4  # leaves of a query in which they are looked for
    similar_negatives: bool = True  # of those leaves the most similar documents; or any of them
