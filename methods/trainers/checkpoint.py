"""Early stopping: the encoder with the best validation score is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from methods.indexes.exact import top_k

if TYPE_CHECKING:
    from bench.task import Queries, Training
    from bench.types import Ints
    from methods.encoders.base import Encoder


class BestCheckpoint:
    """Validates an encoder now and then during its training, and says when to stop.

    Training stops when nothing is left to gain: at a score of 1, or after ``patience`` validations
    without a better one. Of equal ones the later encoder is kept, which was trained at lower rates;
    the untrained one gives way to a better one alone.

    Attributes:
        encoder: a copy of the best so far; the untrained one counts.
        score: its score on validation.
    """

    checkpointed: ClassVar[tuple[str, ...]] = ("encoder", "score", "_since_best")

    def __init__(
        self, training: Encoder, data: Training, *, steps: int, checks: int, patience: int = 0
    ) -> None:
        """Validate ``checks`` times over ``steps`` steps, the last time after the last.

        ``patience``: number of validations without a better score before it stops; 0: never.
        """
        self._training = training
        self._data = data
        self._steps, self._checks = steps, checks
        self._patience = patience
        self._since_best = 0
        self.encoder = training.copy()
        self.score = self._untrained = self._validate()

    def after_step(self, step: int) -> bool:
        """Validate if it is time; True to stop training."""
        if step * self._checks // self._steps == (step - 1) * self._checks // self._steps:
            return self.is_perfect  # as it may be before the first step
        score = self._validate()
        self._since_best = 0 if score > self.score else self._since_best + 1
        if score > self.score or score == self.score > self._untrained:
            self.score, self.encoder = score, self._training.copy()
        return self.is_perfect or 0 < self._patience <= self._since_best

    @property
    def is_untrained(self) -> bool:
        """Whether training made nothing better of an encoder that could be better."""
        return self.score == self._untrained and not self.is_perfect

    @property
    def is_perfect(self) -> bool:
        """Whether no encoder could score better."""
        return self.score >= 1

    def _validate(self) -> float:
        documents = self._training.encode_documents(self._data.document_texts)

        def rank(queries: Queries, k: int) -> Ints:
            vectors = self._training.encode_queries(queries)
            return top_k(vectors, documents, k, similarity=self._training.similarity)[1]

        return self._data.validation_score(rank)
