"""The test in the process of a cell: sealed until what is chosen on validation is on record.

The seal keeps a mistake from happening, in the harness or in a method that was handed too much. It
cannot keep a method that wants to cheat from reading files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.errors import SealedError
from bench.judgements import Judgements

if TYPE_CHECKING:
    from bench.measured import Chosen
    from bench.types import Ints


class SealedJudgements(Judgements):
    """Judgements that say which queries are asked and how deep, and nothing of what is relevant.

    Attributes:
        asked: [n] rows of the queries that have an answer.
        asked_depth: [n] how many documents of the ranking of each are read.
        chosen: what was on record when they were opened, or None while they are sealed.
    """

    asked: Ints
    asked_depth: Ints
    chosen: Chosen | None

    def __init__(self, judged: Judgements) -> None:
        vars(self).update(  # past the guard of a frozen dataclass
            _judged=judged,
            asked=judged.relevance.answered,
            asked_depth=judged.depth[judged.relevance.answered],
            chosen=None,
        )

    def open(self, chosen: Chosen) -> Judgements:
        """The judgements, now that ``chosen`` is on record.

        Raises:
            SealedError: they were opened before, with another choice.
        """
        if self.chosen is not None and self.chosen != chosen:
            raise SealedError(f"the test was opened for {self.chosen!r}, not for {chosen!r}")
        vars(self)["chosen"] = chosen
        judged: Judgements = vars(self)["_judged"]
        return judged

    def _sealed(self) -> Any:  # noqa: ANN401 - it never returns
        raise SealedError(
            "test relevance is sealed until an operating point is chosen on validation; "
            "a method learns from `train.relevance` and `train.validation`"
        )

    relevance = property(_sealed)
    removed = property(_sealed)
    cut = property(_sealed)
    gains = property(_sealed)
    least_gain = property(_sealed)
    seen = property(_sealed)
