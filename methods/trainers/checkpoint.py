"""Early stopping: the encoder of the best validation recall is the one that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from methods.indexes.exact import top_k

if TYPE_CHECKING:
    from bench.task import Queries, Training
    from bench.types import Ints
    from methods.encoders.table import TableEncoder


class BestCheckpoint:
    """Validates an encoder that is being trained, every so many steps.

    Attributes:
        encoder: a copy of the best so far; the untrained one counts.
        recall: its recall@|S| over the validation pairs.
    """

    def __init__(self, training: TableEncoder, data: Training, every: int, patience: int) -> None:
        """``patience``: validations without a better one after which to stop; 0: never."""
        self._training = training
        self._data = data
        self._every = max(1, every)
        self._patience = patience
        self._since_best = 0
        self.encoder = training.copy()
        self.recall = self._validate()

    def after_step(self, step: int) -> bool:
        """Validate when it is time; True to stop training."""
        if step % self._every:
            return False
        recall = self._validate()
        self._since_best += 1
        if recall > self.recall:
            self.recall, self.encoder, self._since_best = recall, self._training.copy(), 0
        return 0 < self._patience <= self._since_best

    def _validate(self) -> float:
        documents = self._training.encode_documents().numpy()

        def rank(queries: Queries, k: int) -> Ints:
            return top_k(self._training.encode_queries(queries.rows).numpy(), documents, k)[1]

        return self._data.validation_recall(rank)
