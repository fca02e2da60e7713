"""ehi-paper-encoder: EHI with the settings printed in the paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.trainers.ehi import EHI

if TYPE_CHECKING:
    from bench.task import Training


@dataclass(frozen=True)
class EHIPaper(EHI):
    """EHI with the settings printed for SciFact (arXiv 2310.08891, table 2).

    The encoder and its tuning are this harness's. Three departures from Algorithm 1 remain: a batch
    holds all relevant documents of its queries, and its documents, including hard negatives, are
    negatives of all its queries in all three terms; learning rates fall on half a cosine; and the
    checkpoint with the best validation score is kept.
    """

    version: ClassVar[str] = "ehi-paper-encoder 3"

    batch: int = 64
    epochs: int = 100
    patience: int = 0
    lr: float = 4e-4
    encoder_lr: float = 4e-4
    indexer_lr: float = 0.016
    branching: int = 40
    children: str = "shared"
    transform: bool = True
    paths: str = "best"
    similarity_loss: str = "triplet"
    indexing_loss: str = "triplet"
    similarity_weight: float = 0.2
    indexing_weight: float = 0.8
    intra_leaf_weight: float = 0.2
    warm_start: bool = False
    similar_negatives: bool = False
    corpus_pairs: int = 0

    def skip(self, data: Training) -> str | None:
        """The printed tree must fit the corpus."""
        n_documents, leaves = data.relevance.n_documents, self.branching**self.height
        if leaves > n_documents:
            return (
                f"its {leaves} leaves, as printed, are more than the {n_documents} documents; "
                "--set ehi-paper.branching=… to try fewer"
            )
        return super().skip(data)
