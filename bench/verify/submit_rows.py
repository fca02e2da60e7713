"""The rows that cells are submitted in, and whether a seed of each was measured again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench.report.rows import by_task, rows_of
from bench.store.folder import MARK
from bench.verify.certify import Again, certified
from bench.verify.submit_checks import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.report.rows import Row
    from bench.verify.mark import Mark
    from bench.verify.submit_checks import Checks
    from bench.verify.submit_chosen import Candidate, Chosen, SubmitOptions

ENOUGH_SEEDS = 3


@dataclass(frozen=True)
class Submission:
    """Cells that hold.

    Attributes:
        new: those to be copied.
        published: those of the same rows that are there already.
        left_out: a line for each cell that is published already, and none of these.
    """

    new: list[Candidate]
    published: list[Candidate]
    left_out: list[str]

    @cached_property
    def by_key(self) -> dict[str, Candidate]:
        """All of them."""
        return {each.cell.key: each for each in (*self.new, *self.published)}

    @cached_property
    def rows(self) -> list[Row]:
        """Of all tasks, with their seeds."""
        return _rows(self.by_key.values())

    @cached_property
    def new_rows(self) -> list[Row]:
        """Those with a new cell."""
        return [row for row in self.rows if _has(row, self.new)]


def submission_of(chosen: Chosen, checks: Checks) -> Submission:
    """The cells to copy, with what is published of their rows; of all rows where nothing is new.

    So a submission that was stopped is finished as the rows that it was of.
    """
    rows = _rows([*chosen.candidates, *chosen.published])
    meant = {
        cell.key
        for row in rows
        if not chosen.candidates or _has(row, chosen.candidates)
        for cell in row.cells
    }
    found, left_out = [], []
    for each in chosen.published:
        line = f"{each.path}: {each.cell.title}: is published already"
        if each.cell.key not in meant:
            left_out.append(line)
        elif refusal := next(checks.refusals(each), None):
            told = f"{refusal.check}: {refusal.problem}"
            left_out.append(f"{line}, and would be refused today: {told}")
        else:
            found.append(each)
    return Submission(chosen.candidates, found, left_out)


def marks_of(submission: Submission, options: SubmitOptions) -> dict[str, Mark]:
    """What came of measuring cells again, by key.

    Args:
        submission: in whose new rows a cell is measured again where none was, if that is asked.
        options: whether it is, and how.

    Raises:
        InputError: it cannot be measured here.
    """
    found = {key: each.mark() for key, each in submission.by_key.items()}
    marks = {key: mark for key, mark in found.items() if mark is not None}
    if not options.certify:
        return marks
    of_row = Again(options.source, timeout_s=options.timeout_s, data_dir=options.data_dir)
    new = {each.cell.key for each in submission.new}
    for row in submission.new_rows:
        if not any(cell.key in marks for cell in row.cells):
            first = next(cell for cell in row.cells if cell.key in new)
            marks[first.key] = certified(submission.by_key[first.key].path, first, of_row)
    return marks


def uncertified(
    submission: Submission, marks: Mapping[str, Mark], options: SubmitOptions
) -> list[Refusal]:
    """New rows of which no cell was measured again, or one of which was with another outcome."""
    refusals = []
    for row in submission.new_rows:
        known = [cell.key for cell in row.cells if cell.key in marks]
        for key in known:
            if marks[key].failed:
                problem = f"measured again, {marks[key].told()}; see {MARK} beside it"
                refusals.append(Refusal(submission.by_key[key].path, "certify", problem))
        if not known:
            path = submission.by_key[row.cells[0].key].path
            problem = (
                f"no seed of {row.label} was measured again; submit with --certify, or run "
                f"python -m bench certify {shlex.quote(str(path.parent))} --out "
                f"{shlex.quote(str(options.source))}"
            )
            refusals.append(Refusal(path, "certify", problem))
    return refusals


def few_seeds(rows: Iterable[Row]) -> list[str]:
    """A line for each row that has too few to be judged by its spread."""
    return [
        f"{row.cells[0].task} · {row.label} has {len(row.cells)} of {ENOUGH_SEEDS} seeds: it will "
        "have no spread to be judged by (--seeds 0,1,2)"
        for row in rows
        if len(row.cells) < ENOUGH_SEEDS
    ]


def _rows(candidates: Iterable[Candidate]) -> list[Row]:
    groups = by_task(each.cell for each in candidates)
    return [row for group in groups for row in rows_of(group)]


def _has(row: Row, candidates: Iterable[Candidate]) -> bool:
    keys = {cell.key for cell in row.cells}
    return any(each.cell.key in keys for each in candidates)
