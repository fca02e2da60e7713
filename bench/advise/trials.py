"""Candidates are measured as cells, from cheap to dear, for as long as there is time."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.executors.measure import Conditions, measure_cells
from bench.plan.cells import cell_of
from bench.plan.estimate import estimates
from bench.plan.forecast import time_text
from bench.plan.schedule import fits_of
from bench.report.rows import label
from bench.store.cell import Status
from bench.store.folder import Store
from bench.store.took import known, took
from bench.system.kept import keep
from bench.system.paths import CHECKOUT
from bench.system.provenance import provenance
from bench.system.terminal import counted, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.advise.candidates import Candidate, Candidates
    from bench.advise.goal import Goal, Option
    from bench.advise.validation import Split
    from bench.plan.estimate import Seconds
    from bench.registry import Registry
    from bench.store.cell import Cell
    from bench.store.took import Took

MOST_FOR_TEST = 0.5
"""Share of the minutes that is kept for the test at most."""
NOT_TRIED = "not tried"


class Trials:
    """The cells of the candidates so far.

    Attributes:
        cells: the measured cells of each candidate, by seed.
        unmeasured: the candidates that were not measured, each with the reason.
    """

    def __init__(
        self,
        split: Split,
        candidates: Candidates,
        goal: Goal,
        registry: Registry,
        out: Path,
        *,
        began: float,
        seconds: float,
    ) -> None:
        """Measure into ``out`` for some seconds from a time of the clock ``time.monotonic``."""
        self._split, self._candidates, self._goal = split, candidates, goal
        self._registry, self._store = registry, Store(out)
        self._known = known(self._store.cells())
        if not candidates.encoders <= {each.trainer for each in self._known}:
            # The results of this checkout tell how long they took elsewhere.
            self._known = known([*Store(CHECKOUT / "results").cells(), *self._store.cells()])
        self._origin = provenance(Conditions().threads)
        self.cells: dict[Candidate, dict[int, Cell]] = {}
        self.unmeasured: dict[Candidate, str] = {}
        self._planned: dict[tuple[Candidate, int], Cell] = {}
        self._seconds_in_all, self._ends, self._reserve = seconds, began + seconds, 0.0

    @property
    def left(self) -> float:
        """Seconds that are left for candidates."""
        return self._ends - self._reserve - time.monotonic()

    def option(self, candidate: Candidate, seed: int = 0) -> Option:
        """The best operating point of a measured candidate."""
        return self._goal.best(self.cells[candidate][seed])

    def ranked(self, among: Iterable[Candidate] | None = None) -> list[Candidate]:
        """The candidates that were measured, the best first."""
        kept = [each for each in among or self.cells if each in self.cells]
        return sorted(kept, key=lambda each: self._goal.rank(self.option(each)), reverse=True)

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
            method, values = self._candidates.method(candidate), self._candidates.values(candidate)
            cell = cell_of(self._split.judged, method, values, seed, None, self._origin)
            self._planned[candidate, seed] = cell
        return self._planned[candidate, seed]

    def seconds(self, cells: Sequence[Cell]) -> list[Seconds]:
        """Predicted seconds of cells; a training that is kept takes none."""
        if not cells:
            return []
        fits = fits_of(cells, self._registry)
        found = estimates(self._known, [self._took(cell) for cell in cells])
        return [
            each._replace(fit=0.0) if self._is_fitted(fits.get(cell.key)) else each
            for cell, each in zip(cells, found, strict=True)
        ]

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
        self._keep_time_for_test()
        asked = list(dict.fromkeys(candidates))
        for each in asked:
            stored = self._store.find(self.planned(each, seed))
            if stored is not None:
                self._end(each, stored)
        new = [each for each in asked if seed not in self.cells.get(each, {})]
        predicted = self.seconds([self.planned(each, seed) for each in new])
        costs = {each: sum(cost) for each, cost in zip(new, predicted, strict=True)}
        if new:
            about = f"about {time_text(sum(costs.values()))}, {max(self.left, 0):.0f} s left"
            say(f"{title}: {counted(len(new), 'candidate')} to measure, {about}")
        ends = time.monotonic() + share * self.left
        for each in sorted(new, key=costs.__getitem__):
            planned = self.planned(each, seed)
            needed = sum(self.seconds([planned])[0])
            left = self.left if not self.cells else min(self.left, ends - time.monotonic())
            if needed > left:
                text = f"about {time_text(needed)} needed, {max(left, 0):.0f} s left"
                self.unmeasured.setdefault(each, f"{NOT_TRIED}: {text}")
            else:
                self._end(each, self._measured(planned))
        return self.ranked(asked)

    def _end(self, candidate: Candidate, cell: Cell) -> None:
        """Keep what came of a candidate."""
        if cell.status is Status.OK:
            self.cells.setdefault(candidate, {})[cell.seed] = cell
            self.unmeasured.pop(candidate, None)
        else:
            self.unmeasured.setdefault(candidate, f"{cell.status}: {cell.reason}")

    def _measured(self, planned: Cell) -> Cell:
        task = self._split.tested if planned.task == self._split.tested.name else self._split.judged
        conditions = Conditions(timeout_s=max(self.left, 1.0))
        began = time.monotonic()
        (cell,) = measure_cells([(task, [planned])], self._registry, self._store, conditions)
        self._known.append(self._took(cell, time.monotonic() - began))
        return cell

    def _took(self, cell: Cell, seconds: float | None = None) -> Took:
        """Seconds of a cell, under the name that its dataset has in other runs."""
        return took(cell, seconds)._replace(task=self._split.name)

    def seconds_to_fit(self, candidate: Candidate) -> float:
        """Predicted seconds of a training; 0 if it is kept, or the candidate measured."""
        planned = self.planned(candidate)
        stored = candidate in self.cells or self._store.find(planned) is not None
        return 0.0 if stored else self.seconds([planned])[0].fit

    def _keep_time_for_test(self) -> None:
        """Keep the time that the best candidate's test will take."""
        for best in self.ranked()[:1]:
            seconds = self.seconds([self._tested(best)])[0].rest
            self._reserve = min(seconds, self._seconds_in_all * MOST_FOR_TEST)

    def test(self, candidate: Candidate) -> Cell | str:
        """The cell of a candidate on the test, once; or the reason why it was not measured."""
        planned = self._tested(candidate)
        self._reserve = 0.0
        cell = self._store.find(planned)
        if cell is None:
            self._share_fit(candidate)
            needed = sum(self.seconds([planned])[0])
            if needed > self.left:
                left = f"{max(self.left, 0):.0f} s are left"
                return f"it takes about {time_text(needed)}, and {left}"
            cell = self._measured(planned)
        return cell if cell.status is Status.OK else f"{cell.status}: {cell.reason}"

    def require_one(self, minutes: float) -> None:
        """Raise InputError if no candidate was measured."""
        if self.cells:
            return
        if all(text.startswith(NOT_TRIED) for text in self.unmeasured.values()):
            first = list(self.unmeasured)
            costs = self.seconds([self.planned(each) for each in first])
            needed, cheapest = min(
                (sum(cost), each.name) for cost, each in zip(costs, first, strict=True)
            )
            raise InputError(
                f"--minutes {minutes:g} is too few for one candidate: {cheapest} is the cheapest "
                f"and needs about {time_text(needed)}; give --minutes {-(-needed // 60) + 1:.0f}"
            )
        reasons = "; ".join(f"{each.name}: {why}" for each, why in self.unmeasured.items())
        raise InputError(
            f"no candidate could be measured within --minutes {minutes:g}: {reasons}; give more "
            "minutes if they ran out of time"
        )

    def name(self, candidate: Candidate) -> str:
        """The candidate as a row of a board is called."""
        return label(self.planned(candidate))

    def _tested(self, candidate: Candidate) -> Cell:
        method, values = self._candidates.method(candidate), self._candidates.values(candidate)
        return cell_of(self._split.tested, method, values, 0, None, self._origin)

    def _is_fitted(self, fit: str | None) -> bool:
        return fit is not None and (self._store.fits / fit).exists()

    def _share_fit(self, candidate: Candidate) -> None:
        """Keep the fitted state under the tested task, too: training saw the same of both."""
        here, there = self.planned(candidate), self._tested(candidate)
        fits = fits_of([here, there], self._registry)
        if here.key not in fits or not self._is_fitted(fits[here.key]):
            return
        source, target = (self._store.fits / fits[cell.key] for cell in (here, there))
        if not target.exists():
            keep(target, lambda made: _copy(source, made))


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
