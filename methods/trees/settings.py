"""Hyper-parameters of a trained tree: its form, start, loss and negatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.errors import InputError
from methods.hyperparameters import Hyperparameters

if TYPE_CHECKING:
    from collections.abc import Mapping

LOSSES = ("triplet", "softmax")


@dataclass(frozen=True)
class TreeSettings(Hyperparameters):
    """Hyper-parameters of the tree and its joint loss (arXiv 2310.08891)."""

    may_be_zero: ClassVar[tuple[str, ...]] = (
        "branching",
        "routing_dim",
        "similarity_weight",
        "indexing_weight",
        "intra_leaf_weight",
        "margin",
        "neighbour_weight",
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

    branching: int = 0  # B, children of a node; 0: ranking all leaves costs about 2 sqrt(corpus)
    height: int = 1  # H, levels of the tree, which has B^H leaves
    children: str = "own"  # a classifier for each node; "shared": one for each height (EHI, eq. 1)
    routing_dim: int = 64  # vectors are projected to it for the tree, if they have more; 0: never
    transform: bool = False  # x + ReLU(Ux) before the classifiers of a height (EHI, eq. 1)
    paths: str = "all"  # paths that are trained; "best": the most probable one (EHI, section 3.3)
    similarity_loss: str = "softmax"  # loss of vectors; "triplet": EHI, eq. 3
    indexing_loss: str = "softmax"  # loss of paths; "triplet": EHI, eq. 4
    similarity_weight: float = 1.0  # lambda 1
    indexing_weight: float = 1.0  # lambda 2
    intra_leaf_weight: float = 0.0  # lambda 3
    neighbour_weight: float = 1.0  # weight of the leaves of the nearest documents as labels
    neighbours: int = 10  # nearest documents of a query for that term
    margin: float = 0.3  # gamma, margin of triplets
    threshold: float = 0.9  # tau, cosine below which two documents should be in different leaves
    balance: float = 0.0  # weight of the divergence of the mean leaf from an even one
    warm_start: bool = True  # the tree starts at nested k-means clusters of the documents
    start_scale: float = 20.0  # factor of their centroids
    indexer_lr: float = 0.001  # the tree's learning rate at the first step
    hard_negatives: int = 1  # number for each query and step, from its own leaves
    mined_leaves: int = 4  # leaves of a query that they are drawn from
    similar_negatives: bool = True  # the most similar documents of those leaves; or any of them

    def __post_init__(self) -> None:
        """A node with one child chooses nothing."""
        super().__post_init__()
        if self.branching == 1:
            raise InputError(
                "branching must be 2 or more, or 0, which makes it follow the corpus; got 1"
            )
