"""From data and limits to an answer, within minutes."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.advise.candidates import Candidates
from bench.advise.minutes import Minutes
from bench.advise.search import search
from bench.advise.trials import Trials
from bench.advise.validation import split, warnings
from bench.data.load import Dataset
from bench.errors import InputError
from bench.registry import Registry
from bench.store.folder import Store
from bench.system.terminal import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.advise.candidates import Candidate
    from bench.advise.goal import Goal
    from bench.store.cell import Cell
    from bench.task import Task


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
    dataset: str,
    goal: Goal,
    *,
    minutes: float,
    out: Path,
    data_dir: Path | None = None,
    plugins: Sequence[str] = (),
) -> Advice:
    """Measure candidates on the validation of a dataset, and the best one on its test.

    Args:
        dataset: the name that ``--dataset`` takes.
        goal: the limits that an answer must keep.
        minutes: minutes that all may take, with reading the dataset.
        out: the results folder, whose cells are not measured again.
        data_dir: the folder that is searched for data first; None: the usual folders.
        plugins: methods, trainers and indexes that are candidates too, as ``--plugin`` names them.

    Raises:
        InputError: the dataset cannot be read or advised on, or no candidate could be measured.
    """
    began = time.monotonic()
    registry, store, typed = Registry(plugins), Store(out), Dataset.parse(dataset)
    task = typed.read(data_dir)
    _require_a_document(goal, task)
    parted = split(task)
    for text in warnings(task, parted.judged, dataset, data_dir):
        say(text)
    store.prepare()
    candidates = Candidates(parted.judged, registry, goal)
    spent = time.monotonic() - began
    time_left = Minutes(store, registry, candidates.encoders, 60 * minutes - spent)
    trials = Trials(parted, candidates, goal, registry, time_left, typed.place(data_dir))
    ranked = search(trials, candidates)
    trials.require_one()
    best = ranked[0]
    test = trials.test(best) if trials.is_met(best) else "no candidate keeps the limits"
    return Advice(goal, trials, ranked, test)


def _require_a_document(goal: Goal, task: Task) -> None:
    """Raise InputError for a budget under one document, which no search keeps."""
    n_documents = len(task.document_names)
    if goal.budget.share * n_documents < 1:
        least = math.ceil(1e6 / n_documents) / 1e6
        raise InputError(
            f"--budget {goal.budget.share:g} of {n_documents:,} documents is less than one, and "
            f"every search visits one; the least budget is {least:g}"
        )
