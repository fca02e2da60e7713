"""Candidates are measured as cells, from cheap to dear, for as long as there is time."""

from __future__ import annotations

import shutil
import time
from statistics import fmean
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.executors.measure import Conditions, measure_cells
from bench.plan.cells import cell_of
from bench.plan.forecast import time_text
from bench.plan.schedule import fits_of
from bench.report.rows import label
from bench.store.cell import Status
from bench.system.kept import keep
from bench.system.provenance import provenance
from bench.system.terminal import counted, say

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.advise.candidates import Candidate, Candidates
    from bench.advise.goal import Goal, Option
    from bench.advise.minutes import Minutes
    from bench.advise.validation import Split
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.task import Task

NOT_TRIED = "not tried"
SAFELY = 1.5
"""The test of the best candidate gets so many times the seconds that it is predicted to take; and
what is predicted to take so many times the seconds left is begun where nothing is lost by it."""


class Trials:
    """The cells of the candidates so far.

    Attributes:
        cells: the measured cells of each candidate, by seed; seed 0 comes first.
        unmeasured: the candidates that were not measured, each with the reason.
        lacking: the methods whose packages are not installed, each with the reason.
        minutes: the time that is left.
    """

    def __init__(
        self,
        split: Split,
        candidates: Candidates,
        goal: Goal,
        registry: Registry,
        minutes: Minutes,
        place: str | None = None,
    ) -> None:
        """Begin without a cell; ``place`` is the dataset as typed, if it is read from a path."""
        self._split, self._candidates, self._goal = split, candidates, goal
        self._registry, self._place, self.minutes = registry, place, minutes
        self._store = minutes.store
        self._origin = provenance(Conditions().threads)
        self._planned: dict[tuple[Candidate, int], Cell] = {}
        self._adopted: dict[str, Candidate] = {}
        self.cells: dict[Candidate, dict[int, Cell]] = {}
        self.unmeasured: dict[Candidate, str] = {}
        self.lacking = candidates.lacking
        self._adopt()

    def option(self, candidate: Candidate, seed: int = 0) -> Option:
        """The best operating point of a measured candidate."""
        return self._goal.best(self.cells[candidate][seed])

    def is_met(self, candidate: Candidate) -> bool:
        """Whether a measured candidate keeps every limit."""
        return not self._goal.broken(self.option(candidate))

    def ranked(self, among: Iterable[Candidate] | None = None) -> list[Candidate]:
        """The candidates that were measured, the best first; of all if ``among`` is None."""
        kept = [each for each in (self.cells if among is None else among) if each in self.cells]
        return sorted(kept, key=lambda each: self._goal.rank(self.option(each)), reverse=True)

    def settled(self, ranked: list[Candidate], n: int) -> list[Candidate]:
        """The ranking, with its first ``n`` in the order of their means over common seeds."""
        first = ranked[:n]
        common = set[int].intersection(*(set(self.cells[each]) for each in first))

        def mean(each: Candidate) -> tuple[float, ...]:
            ranks = [self._goal.rank(self.option(each, seed)) for seed in common]
            return tuple(map(fmean, zip(*ranks, strict=True)))

        return [*sorted(first, key=mean, reverse=True), *ranked[n:]]

    def promising(self, among: Iterable[Candidate]) -> list[Candidate]:
        """Candidates that were measured, the one with the most promising encoder first."""
        kept = [each for each in among if each in self.cells]
        return sorted(kept, key=lambda each: self._goal.promise(self.cells[each][0]), reverse=True)

    def left_out(self) -> list[Candidate]:
        """The candidates that there was no time for yet."""
        return [each for each, why in self.unmeasured.items() if why.startswith(NOT_TRIED)]

    def planned(self, candidate: Candidate, seed: int = 0) -> Cell:
        """The planned cell of a candidate on validation."""
        if (candidate, seed) not in self._planned:
            self._planned[candidate, seed] = self._cell(self._split.judged, candidate, seed)
        return self._planned[candidate, seed]

    def name(self, candidate: Candidate) -> str:
        """The candidate as a row of a board is called."""
        return label(self.planned(candidate))

    def seconds_to_fit(self, candidate: Candidate) -> float:
        """Predicted seconds of a training; 0 if it is kept, or the candidate measured."""
        planned = self.planned(candidate)
        stored = candidate in self.cells or self._store.find(planned) is not None
        return 0.0 if stored else self.minutes.seconds([planned])[0].fit

    def seconds_of_fit(self, candidate: Candidate) -> float:
        """The seconds that the training of a measured candidate took."""
        cost = self.cells[candidate][0].cost
        return 0.0 if cost is None else cost.fit_s

    def rung(
        self, title: str, candidates: Iterable[Candidate], *, share: float = 1.0, seed: int = 0
    ) -> list[Candidate]:
        """Measure candidates from cheap to dear, as far as there is time.

        Args:
            title: what is compared.
            candidates: the candidates.
            share: the share of the time left that they may take together, but for the first.
            seed: the seed of their fits and indexes.

        Returns:
            Those that were measured, the best first.
        """
        asked = list(dict.fromkeys(candidates))
        for each in asked:
            stored = self._store.find(self.planned(each, seed))
            if stored is not None:
                self._end(each, stored)
        new = [each for each in asked if seed not in self.cells.get(each, {})]
        costs = {each: self._needed(each, seed) for each in new}
        left = self.minutes.left
        if new and left > 0:
            about = f"about {time_text(sum(costs.values()))}, {left:.0f} s left"
            say(f"{title}: {counted(len(new), 'candidate')} to measure, {about}")
        ends = time.monotonic() + share * left
        for each in sorted(new, key=costs.__getitem__):
            self._reserve(each)
            left = self.minutes.left
            if self.cells:
                left = min(left, ends - time.monotonic())
            needed = self._needed(each, seed)
            if needed <= left * (1.0 if self._any_met() else SAFELY):
                self._end(each, self._measured(self._split.judged, self.planned(each, seed)))
            elif each not in self.cells:
                text = f"about {time_text(needed)} needed, {max(left, 0):.0f} s left"
                self.unmeasured.setdefault(each, f"{NOT_TRIED}: {text}")
        if any(seed in self.cells.get(each, {}) for each in new):
            say(f"Best so far: {self._told(self.option(self.ranked()[0]))}")
        return self.ranked(asked)

    def test(self, candidate: Candidate) -> Cell | str:
        """The cell of a candidate on the test, once; or the reason why it was not measured."""
        planned = self._cell(self._split.tested, candidate, 0)
        self.minutes.reserve(0.0)
        cell = self._store.find(planned)
        if cell is None:
            self._share_fit(self.planned(candidate), planned)
            needed, left = sum(self.minutes.seconds([planned])[0]), max(self.minutes.left, 0)
            if needed > SAFELY * left:  # a prediction may be too high, and the time is there
                return f"it takes about {time_text(needed)}, and {left:.0f} s were left"
            cell = self._measured(self._split.tested, planned)
        return cell if cell.status is Status.OK else _ended(cell)

    def require_one(self) -> None:
        """Raise InputError if no candidate was measured."""
        if self.cells:
            return
        left_out = self.left_out()
        if len(left_out) == len(self.unmeasured):
            needed, cheapest = min((self._needed(each, 0), each.name) for each in left_out)
            raise InputError(
                f"--minutes is too few for one candidate: {cheapest} is the cheapest and needs "
                f"about {time_text(needed)}; give --minutes {needed // 60 + 2:.0f}"
            )
        reasons = "; ".join(f"{each.name}: {why}" for each, why in self.unmeasured.items())
        raise InputError(f"no candidate could be measured: {reasons}; give more --minutes")

    def _told(self, option: Option) -> str:
        """An option in a line."""
        measure, score = self._goal.measure(option.cell), self._goal.score(option)
        kept = self._goal.missed(option) or f"keeps {self._goal.text(option)}"
        return f"{label(option.cell)}, {measure} {100 * score:.1f} %, {kept}"

    def _cell(self, task: Task, candidate: Candidate, seed: int) -> Cell:
        method, values = self._candidates.method(candidate), self._candidates.values(candidate)
        cell = cell_of(task, method, values, seed, None, self._origin)
        views = task.name.removeprefix(self._split.name)
        return cell.model_copy(update={"dataset": self._place and self._place + views})

    def _measured(self, task: Task, planned: Cell) -> Cell:
        conditions = Conditions(timeout_s=max(self.minutes.left, 1.0))
        began = time.monotonic()
        (cell,) = measure_cells([(task, [planned])], self._registry, self._store, conditions)
        self.minutes.remember(cell, time.monotonic() - began)
        return cell

    def _adopt(self) -> None:
        """Take in the cells that earlier calls measured, whatever their limits were."""
        for cell in self._store.cells():
            if cell.task != self._split.judged.name or cell.status is not Status.OK:
                continue
            candidate = self._candidates.of_cell(cell)
            if candidate is None or self.planned(candidate, cell.seed).key != cell.key:
                continue  # of other data or other code
            self._adopted[cell.key] = candidate
            self.cells.setdefault(candidate, {})[cell.seed] = cell
        self._keep_with_seed_0()

    def _keep_with_seed_0(self) -> None:
        """Leave out candidates without a cell of seed 0, by which they are compared."""
        self.cells = {each: seeds for each, seeds in self.cells.items() if 0 in seeds}

    def _needed(self, candidate: Candidate, seed: int) -> float:
        """Predicted seconds of a cell, with the texts that are to be encoded before it."""
        planned = self.planned(candidate, seed)
        to_encode = self.minutes.to_encode(self._split.judged, planned)
        return sum(self.minutes.seconds([planned])[0]) + to_encode

    def _reserve(self, new: Candidate) -> None:
        """Keep time for the test of the best one so far, or of a new one that may be better.

        It takes the fitted state, which is kept by then. As long as none keeps the limits there is
        nothing to test.
        """
        planned = [self._cell(self._split.tested, each, 0) for each in (*self.ranked()[:1], new)]
        needed = max(each.rest for each in self.minutes.seconds(planned))
        self.minutes.reserve(SAFELY * needed if self._any_met() else 0.0)

    def _any_met(self) -> bool:
        """Whether a measured candidate keeps every limit."""
        return any(map(self.is_met, self.cells))

    def _end(self, candidate: Candidate, cell: Cell) -> None:
        """Keep what came of a candidate."""
        adopted = self._adopted.pop(cell.key, candidate)
        if adopted != candidate:  # the same settings, in other words
            self.cells[adopted].pop(cell.seed)
            self._keep_with_seed_0()
        if cell.status is Status.OK:
            self.cells.setdefault(candidate, {})[cell.seed] = cell
            self.unmeasured.pop(candidate, None)
        elif candidate not in self.cells:
            self.unmeasured[candidate] = _ended(cell)

    def _share_fit(self, here: Cell, there: Cell) -> None:
        """Keep a fitted state for the tested task, too: training saw the same of both."""
        fits = fits_of([here, there], self._registry)
        if not self.minutes.is_fitted(fits.get(here.key)):
            return
        source, target = (self._store.fits / fits[cell.key] for cell in (here, there))
        if not target.exists():
            keep(target, lambda made: _copy(source, made))


def _ended(cell: Cell) -> str:
    """How a cell ended that was not measured; its time limit is what was left of ``--minutes``."""
    if cell.status is Status.TIMEOUT:
        return "it did not end in the time that was left; give more --minutes"
    return f"{cell.status}: {cell.reason}"


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
