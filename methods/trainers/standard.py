"""standard-de: all pairs at once, in-batch softmax, the common training of dual encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.learned import Learned

if TYPE_CHECKING:
    from bench.method import Progress, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder
    from methods.trainers.batches import Batch, Batches


@dataclass(frozen=True)
class Standard(Learned):
    """A dual encoder, trained by in-batch softmax on pairs at all distances (arXiv 2509.16411).

    The paper's section is "Loss & Training".

    False negatives are not masked and a document's frequency is not corrected. A batch is ``batch``
    queries with all their documents, about 4,096 pairs on WordNet; a document that occurs in it n
    times weighs n times, so that the loss is that of a batch of pairs.
    """

    version: ClassVar[str] = "standard-de 2"

    batch: int = 448  # queries a step
    geometry: str = "dot"  # under the cosine the finetuning recipe fails

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train from random tables, or from a pretrained text encoder."""
        from methods.trainers.losses import InBatchSoftmax

        encoder = self.new_encoder(data, workspace, seed=seed)
        batches = self.batches(data.relevance, np.random.default_rng(seed))
        loss = InBatchSoftmax(self.new_temperature())
        return self.learn(encoder, data, workspace, batches, loss, progress)

    def batches(self, relevance: Relevance, rng: np.random.Generator) -> Batches:
        """Batches of queries with all their documents."""
        from methods.trainers.batches import Batches, make_batch

        def make(queries: Ints) -> Batch:
            return make_batch(queries, relevance.rows(queries))

        return Batches(relevance, self.batch, rng, make)
