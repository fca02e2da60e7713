"""From data and limits to an answer, within minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.advise.candidates import Candidates
from bench.advise.search import search
from bench.advise.trials import Trials
from bench.advise.validation import split
from bench.data.load import load_dataset
from bench.registry import Registry
from bench.store.folder import Store

if TYPE_CHECKING:
    from pathlib import Path

    from bench.advise.candidates import Candidate
    from bench.advise.goal import Goal
    from bench.store.cell import Cell


@dataclass(frozen=True)
class Advice:
    """What was measured, and what is best.

    Attributes:
        goal: the limits.
        trials: what was measured, and what was not and why.
        ranked: the measured candidates, the best first.
        test: the cell of the best one on the test, or the reason why there is none.
    """

    goal: Goal
    trials: Trials
    ranked: list[Candidate]
    test: Cell | str

    @property
    def is_met(self) -> bool:
        """Whether the best candidate keeps every limit."""
        return not self.goal.broken(self.trials.option(self.ranked[0]))


def advise(
    dataset: str, goal: Goal, *, minutes: float, out: Path, data_dir: Path | None = None
) -> Advice:
    """Measure candidates on the validation of a dataset, and the best one on its test.

    Args:
        dataset: the name that ``--dataset`` takes.
        goal: the limits that an answer must keep.
        minutes: minutes that all may take, with reading the dataset.
        out: the results folder, whose cells are not measured again.
        data_dir: the folder that is searched for data first; None: the usual folders.

    Raises:
        InputError: the dataset cannot be read or advised on, or no candidate could be measured.
    """
    began = time.monotonic()
    registry = Registry()
    parted = split(load_dataset(dataset, data_dir))
    Store(out).prepare()
    candidates = Candidates(parted.judged, registry, goal)
    trials = Trials(parted, candidates, goal, registry, out, began=began, seconds=60 * minutes)
    ranked = search(trials, candidates)
    trials.require_one(minutes)
    best = ranked[0]
    met = not goal.broken(trials.option(best))
    test = trials.test(best) if met else "no candidate keeps the limits"
    return Advice(goal, trials, ranked, test)
