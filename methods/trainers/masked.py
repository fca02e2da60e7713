"""masked-de: a query's other relevant documents are masked from its negatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from methods.trainers.learned import Learned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.method import Params, Progress, Value, Workspace
    from bench.task import Relevance, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder
    from methods.trainers.batches import Batch, Batches


DOT_UP_TO, LEARNED_UP_TO = 8, 16
"""The largest dimensions of plain dot products, and of a temperature that is learned."""
FEW_STEPS_FROM = 32
"""The smallest dimension that 2,000 steps are enough for."""


@dataclass(frozen=True)
class Masked(Learned):
    """A dual encoder, trained on each relevant document against those irrelevant to its query.

    Batches hold queries with all their documents; candidates are the batch's documents, each once,
    and uniform draws from the corpus, without the query's other relevant documents. This removes
    lost-in-the-long-distance, which comes from uncorrected in-batch negatives.
    """

    version: ClassVar[str] = "masked-de 4"
    may_be_zero: ClassVar[tuple[str, ...]] = (*Learned.may_be_zero, "negatives", "self_weight")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Learned.choices,
        "start": ("random", "hierarchy"),
    }

    batch: int = 512  # queries a step
    negatives: int = 2048  # documents drawn from the whole corpus, a step
    steps: int = 2000  # the most
    max_epochs: int = 1000  # passes over the training queries, the most
    lr: float = 0.2  # at the first step: for a table the length of a move, for AdamW of a head
    temperature: float = 22.0  # factor of the score; the first one, if it is learned
    self_weight: float = 1.0  # weight of pairs at distance 0
    start: str = "random"  # or "hierarchy": near the mean of the parents, from the direct links
    start_decay: float = 0.9  # factor of the noise from level to level, with start=hierarchy

    @classmethod
    def of_tables(cls, dim: int, geometry: Value | None) -> Params:
        """Few dimensions take plain dot products, a learned temperature, longer moves, more steps.

        Chosen on validation queries of whole WordNet and of the mammals; docs/dimensions.md has the
        figures. In two or three dimensions rows can hardly pass each other but by long moves.
        """
        usual = "dot" if dim <= DOT_UP_TO else "cosine"
        given: dict[str, Value] = {"geometry": usual, "lr": cls.lr}
        if (geometry or usual) != "cosine":
            given |= {"temperature": 1.0, "temperature_lr": 0.01, "lr": 8 / max(dim, 1)}
        elif dim <= LEARNED_UP_TO:
            given |= {"temperature_lr": 0.01}
        if dim < FEW_STEPS_FROM:
            steps = 40_000 if dim <= DOT_UP_TO else 6000
            given |= {"steps": steps, "max_epochs": steps // 2}
        return given

    def train(
        self,
        data: Training,
        start: Encoder | None,
        workspace: Workspace,
        *,
        seed: int,
        progress: Progress,
    ) -> Encoder:
        """Train random tables, tables laid out along direct links, or a text encoder."""
        from methods.trainers.losses import MaskedSoftmax
        from methods.trainers.optimizers import RowRMSProp

        relevance = data.relevance
        if self.start == "hierarchy" and data.document_texts is None:
            from methods.encoders.table import TableEncoder
            from methods.trainers.hierarchical_start import hierarchical_start

            table = hierarchical_start(relevance, self.dim, self.start_decay, seed)
            encoder: Encoder = TableEncoder(table, table.clone(), self.geometry)
        else:
            encoder = self.new_encoder(data, workspace, seed=seed)
        batches = self._batches(relevance, np.random.default_rng(seed))
        loss = MaskedSoftmax(self.new_temperature())
        return self.learn(encoder, data, workspace, batches, loss, progress, RowRMSProp)

    def _batches(self, relevance: Relevance, rng: np.random.Generator) -> Batches:
        from methods.trainers.batches import Batches, make_batch

        n_documents = relevance.n_documents
        # More draws than there are documents would only repeat them.
        n_drawn = min(self.negatives, n_documents)

        def make(queries: Ints) -> Batch:
            return make_batch(
                queries,
                relevance.rows(queries),
                negatives=rng.integers(0, n_documents, n_drawn),
                self_weight=self.self_weight,
            )

        return Batches(relevance, self.batch, rng, make)
