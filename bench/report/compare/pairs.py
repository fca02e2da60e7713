"""Which rows of two results folders are the same row, before and after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.report.rows import by_task, label, rows_of
from bench.report.table import NONE
from bench.store.cell import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.report.rows import Row
    from bench.store.cell import Cell


class Pair(NamedTuple):
    """A row in two folders; its version, or defaults that were not set by hand, may differ."""

    before: Row
    after: Row

    @property
    def label(self) -> str:
        """The name of the row in the second folder."""
        return self.after.label

    @property
    def seeds(self) -> list[int]:
        """The seeds that both have."""
        before, after = ({cell.seed for cell in row.cells} for row in self)
        return sorted(before & after)

    def changes(self) -> list[str]:
        """The versions and the hyper-parameters that differ, each as ``before → after``."""
        old, new = self.before.cells[0], self.after.cells[0]
        texts = []
        if old.code != new.code:
            gone, come = (
                [text for text in one.code if text not in other.code]
                for one, other in ((old, new), (new, old))
            )
            texts.append(f"{', '.join(gone) or NONE} → {', '.join(come) or NONE}")
        for name in sorted(old.params.keys() | new.params.keys()):
            values = [str(cell.params.get(name, NONE)) for cell in (old, new)]
            if values[0] != values[1]:
                texts.append(f"{name} {' → '.join(values)}")
        return texts


class TaskPair(NamedTuple):
    """The rows of one task in two folders.

    Attributes:
        name: name of the task; with the hash of its data, if a folder has other data of that name.
        before, after: what only the first and only the second folder has; a cell that was not
            measured has its status and reason.
        both: the rows that both have.
        changed: whether the folders have other data of this name.
    """

    name: str
    before: list[str]
    after: list[str]
    both: list[Pair]
    changed: bool


def paired(before: Sequence[Cell], after: Sequence[Cell]) -> list[TaskPair]:
    """The tasks of two folders, each with the rows of both; of other data no row is in both."""
    tasks = by_task([*before, *after])
    found = []
    for name, cells in tasks.items():
        data = cells[0].task, cells[0].task_digest
        sides = [[c for c in side if (c.task, c.task_digest) == data] for side in (before, after)]
        others = {cell.task_digest for cell in (*before, *after) if cell.task == data[0]}
        found.append(_paired(name, *sides, changed=len(others) > 1))
    return found


def _paired(name: str, before: list[Cell], after: list[Cell], *, changed: bool) -> TaskPair:
    rows = [rows_of(side) for side in (before, after)]
    both: list[Pair] = []
    for key in _KEYS:
        old, new = ([row for row in side if not _is_in(row, both)] for side in rows)
        both += _matched(old, new, key)
    only = [[row.label for row in side if not _is_in(row, both)] for side in rows]
    lacking = [
        {f"{label(cell)} ({cell.status}: {cell.reason})": None for cell in side if not _is_ok(cell)}
        for side in (before, after)
    ]
    for side, here, there in zip(only, lacking, lacking[::-1], strict=True):
        side += [text for text in here if text not in there]
    return TaskPair(name, only[0], only[1], both, changed)


def _is_ok(cell: Cell) -> bool:
    return cell.status is Status.OK


def _is_in(row: Row, pairs: Iterable[Pair]) -> bool:
    return any(row is one for pair in pairs for one in pair)


def _matched(before: list[Row], after: list[Row], key: Callable[[Row], object]) -> list[Pair]:
    """Rows with an equal key; of several, the newest with the newest."""
    newest = [sorted(side, key=_date, reverse=True) for side in (before, after)]
    pairs = []
    for row in newest[0]:
        other = next((each for each in newest[1] if key(each) == key(row)), None)
        if other is not None:
            newest[1].remove(other)
            pairs.append(Pair(row, other))
    return pairs


def _date(row: Row) -> str:
    return row.cells[0].provenance.date


def _settings(row: Row) -> tuple[object, ...]:
    cell = row.cells[0]
    return cell.method, sorted(cell.params.items()), cell.k


_KEYS: tuple[Callable[[Row], object], ...] = (
    lambda row: (_settings(row), row.cells[0].code),
    _settings,
    lambda row: row.name,  # other defaults, or another number of parameters
)
"""By what a row is known again, the surest first."""
