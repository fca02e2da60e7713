"""constructed-de: the closed form of a theorem, without learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from bench.method import Progress, Workspace
    from bench.task import Training
    from methods.encoders.base import Encoder
    from methods.encoders.table import TableEncoder


@dataclass(frozen=True)
class Constructed(Trainer):
    """Documents are Gaussian draws, a query the sum of its documents' (arXiv 2509.16411, alg. 1).

    Document vectors are normalised; a query is the normalised sum of the un-normalised draws of
    its relevant documents. It shows which dimension suffices, not how to generalise.
    """

    version: ClassVar[str] = "constructed-de 1"

    dim: int = 64  # dimension of the vectors

    def skip(self, data: Training) -> str | None:
        """The trainer makes tables, which need no texts."""
        if data.document_texts is not None:
            return "makes tables, which have no vector for a query or a text that is not trained on"
        return None

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> TableEncoder:
        """Draw the documents and add them up for the queries."""
        import torch

        from methods.encoders.table import TableEncoder

        relevance = data.relevance
        encoder = TableEncoder.random(
            relevance.n_queries, relevance.n_documents, self.dim, geometry="cosine", seed=seed
        )
        encoder.queries.zero_().index_add_(
            0,
            torch.tensor(relevance.queries),
            encoder.documents[torch.tensor(relevance.documents)],
        )
        return encoder
