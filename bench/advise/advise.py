"""From data and limits to an answer, within minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.advise.candidates import Candidates
from bench.advise.minutes import Minutes
from bench.advise.search import search
from bench.advise.trials import Trials
from bench.advise.validation import split
from bench.data.load import Dataset
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
        return self.trials.is_met(self.ranked[0])


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
    registry, store, typed = Registry(), Store(out), Dataset.parse(dataset)
    parted = split(typed.read(data_dir))
    store.prepare()
    candidates = Candidates(parted.judged, registry, goal)
    spent = time.monotonic() - began
    time_left = Minutes(store, registry, parted.name, candidates.encoders, 60 * minutes - spent)
    trials = Trials(parted, candidates, goal, registry, time_left, typed.place(data_dir))
    ranked = search(trials, candidates)
    trials.require_one()
    best = ranked[0]
    test = trials.test(best) if trials.is_met(best) else "no candidate keeps the limits"
    return Advice(goal, trials, ranked, test)
