"""standard-de: all pairs at once, in-batch softmax, as dual encoders are commonly trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.base import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.method import Progress
    from bench.task import Relevance, Training
    from methods.encoders.table import TableEncoder
    from methods.trainers.batches import Batch


@dataclass(frozen=True)
class Standard(Trainer):
    """In-batch softmax on pairs at all distances (arXiv 2509.16411, "Loss & Training").

    False negatives are not masked and a document's frequency is not corrected for. A batch is
    ``batch`` queries with all their documents, about 4,096 pairs on WordNet; a document that
    stands in it n times weighs n times, so the loss is that of a batch of pairs.
    """

    may_be_zero: ClassVar[tuple[str, ...]] = ("steps",)

    dim: int = 64  # of the vectors
    batch: int = 448  # queries a step
    steps: int = 20_000
    lr: float = 0.005  # of lazy Adam, at the first step
    temperature: float = 20.0  # multiplies the score
    cosine: bool = False  # score by dot product: under the cosine the finetuning recipe fails

    def train(
        self, data: Training, start: TableEncoder | None, *, seed: int, progress: Progress
    ) -> TableEncoder:
        """Train from random tables."""
        from methods.encoders.table import TableEncoder
        from methods.trainers.loop import train_tables
        from methods.trainers.losses import InBatchSoftmax
        from methods.trainers.optimizers import RowAdam

        relevance = data.relevance
        encoder = TableEncoder.random(
            relevance.n_queries, relevance.n_documents, self.dim, cosine=self.cosine, seed=seed
        )
        train_tables(
            encoder,
            self.batches(relevance, np.random.default_rng(seed)),
            InBatchSoftmax(self.temperature),
            RowAdam,
            steps=self.steps,
            lr=self.lr,
            progress=progress,
        )
        return encoder

    def batches(self, relevance: Relevance, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches of queries with all their documents."""
        from methods.trainers.batches import make_batch, query_chunks

        for queries in query_chunks(relevance, self.batch, rng):
            yield make_batch(queries, relevance.rows(queries))
