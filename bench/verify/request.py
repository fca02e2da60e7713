"""What is submitted, and what is printed of it: what to commit, and the text of a pull request."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from bench.data.load import dataset_of
from bench.measures.budget import DEFAULT
from bench.report.dataset_page import places
from bench.report.markdown import pipe_table
from bench.report.page.command import command_of
from bench.report.points import SHARES_NOTE, at, shares_text
from bench.report.published import scores_of
from bench.report.rows import chosen_points
from bench.report.table import NONE
from bench.store.folder import MARK
from bench.system.terminal import say
from bench.verify.mark import Mark, read_mark

if TYPE_CHECKING:
    from pathlib import Path

    from bench.report.rows import Row
    from bench.store.cell import Cell

CLAIMED = (
    "Claimed, as no file can show it: seconds, queries per second, memory, routing costs, own "
    "counts, leaves, machine, and that the run and certify.json come from the method; "
    "`python -m bench certify` measures a cell again."
)
HEADER = [
    "dataset", "method", "seeds", "measure", "visiting most", "≤ 10 % visited",
    "measured again, by the submitter",
]  # fmt: skip


class Candidate(NamedTuple):
    """A measured cell, the path of its cell.json, and whether it is yet to be published."""

    path: Path
    cell: Cell
    new: bool = True

    @property
    def mark(self) -> Mark | None:
        """The outcome of measuring it again; a mark by other code than its own does not count."""
        mark = read_mark(self.path.with_name(MARK), self.cell)
        return mark if mark is not None and mark.key == self.cell.key else None


class Seeds(NamedTuple):
    """A row of the boards, with the cell of each of its seeds."""

    row: Row
    cells: list[Candidate]

    @property
    def again(self) -> str:
        """The outcome of each seed that was measured again, or empty where none was."""
        marks = [(each.cell.seed, each.mark) for each in self.cells]
        return "; ".join(f"seed {seed}: {mark.outcome}" for seed, mark in marks if mark)


def print_request(rows: list[Seeds], out: Path) -> bool:
    """Print what to commit and the text of a pull request: rows, machines, commands; True."""
    cells = [cell for each in rows for cell in each.row.cells]
    table = []
    for each in rows:
        scores = scores_of([each.row])
        found = scores.rows[each.row.label]
        points = chosen_points(each.row, at(DEFAULT))
        shares = f" ({shares_text(points)})" if points else ""
        figures = [scores.measure, scores.text(found.most), scores.text(found.tenth) + shares]
        seeds = ", ".join(str(cell.seed) for cell in each.row.cells)
        names = [dataset_of(scores.task), each.row.label, seeds]
        table.append([*names, *figures, each.again or NONE])
    methods = ", ".join(dict.fromkeys(cell.method for cell in cells))
    tasks = ", ".join(dict.fromkeys(dataset_of(cell.task) for cell in cells))
    title = f"Results: {methods} on {tasks}"
    say(f"\nTo commit:\n\n    git add {out}\n    git commit -m {shlex.quote(title)}")
    say(f"\nThe text of the pull request:\n\n# {title}\n\n{pipe_table(HEADER, table)}\n")
    say(f"Shares in per cent. {SHARES_NOTE} {CLAIMED}\n")
    say(f"Measured on {'; '.join(places(cells))}. To measure them again:\n")
    say("\n".join(f"    {command_of(each.row)}" for each in rows))
    return True
