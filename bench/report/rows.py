"""Rows of boards: the cells of a method over seeds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.report.points import Points, mean_score, most_visited
from bench.report.table import NONE
from bench.store.cell import Cell, Status
from bench.versions.keys import is_earlier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.report.points import Choose

EARLIER = " †"
"""Marks a row whose method states another version today, which may give other results."""
BROUGHT = " (from a file)"
"""Marks a row whose run was brought from a file, and not measured."""
GROUPS = ("Hierarchies", "Texts and vectors", "Pairs of words")
"""The kinds of tasks, in the order of boards."""
COMPARED = ("geometry", "temperature", "temperature_lr")
"""Parameters of trainers that say how vectors are compared: rows may differ in more than a loss."""


@dataclass(frozen=True)
class Row:
    """The cells of one method with its hyper-parameters, over seeds.

    Attributes:
        label: the name on boards, different for each row; it marks an earlier version.
        cells: the cell of each seed.
        differing_params: parameters not set by hand that differ from those of rows of the same
            name, because the rows were measured under different defaults.
    """

    label: str
    cells: list[Cell]
    differing_params: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The label without the mark of a version."""
        return self.label.replace(EARLIER, "")

    @property
    def sees_test(self) -> bool:
        """Whether its method is given the test relevance."""
        return self.cells[0].sees_test

    @property
    def is_brought(self) -> bool:
        """Whether it is a run from a file, of which no cost is known."""
        return self.cells[0].brought is not None


def row_named(rows: Iterable[Row], name: str) -> Row | None:
    """The row of a name; of today's version if there are two."""
    found = [row for row in rows if row.name == name]
    return min(found, key=lambda row: row.label != name, default=None)


def group_of(cells: Sequence[Cell]) -> str:
    """What a task is of, one of ``GROUPS``; a cell that was not measured does not tell of pairs."""
    if any(cell.similarity for cell in cells):
        return GROUPS[2]
    return GROUPS[cells[0].cut is not None]


def by_task(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Cells by the name of their task; earlier data of the same name has its digest in the name.

    Hierarchies come first, then texts and vectors, then pairs of words, each by name; in each group
    tasks with arguments (``tree-H=3,W=3``) come last.
    """
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.task, cell.task_digest].append(cell)

    def order(key: tuple[str, str]) -> tuple[int, bool, str]:
        return GROUPS.index(group_of(groups[key])), "=" in key[0], key[0]

    def newest(key: tuple[str, str]) -> str:
        return max(cell.provenance.date for cell in groups[key])

    named: dict[str, list[Cell]] = {}
    for task, digest in sorted(sorted(sorted(groups), key=newest, reverse=True), key=order):
        named[f"{task}-{digest[:8]}" if task in named else task] = groups[task, digest]
    return named


def rows_of(cells: Iterable[Cell]) -> list[Row]:
    """Measured cells grouped over seeds, with the best overall recall first.

    Seeds measured with other code are another row: a mean of both would describe neither.
    """
    groups: dict[tuple[str, str, int, tuple[str, ...]], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.status is Status.OK:
            params = repr(sorted(cell.params.items()))
            groups[cell.method, params, cell.k, tuple(cell.code)].append(cell)
    firsts = [group[0] for group in groups.values()]
    rows: dict[str, Row] = {}
    for group in sorted(groups.values(), key=lambda group: group[0].provenance.date, reverse=True):
        differing = _differing_params(group[0], firsts)
        text = label(group[0]) + "".join(f" {name}={group[0].params[name]}" for name in differing)
        while text in rows:  # a row of the same plugin, before it was changed
            text += EARLIER
        rows[text] = Row(text, sorted(group, key=lambda cell: cell.seed), differing)
    return sorted(rows.values(), key=lambda row: (-_score(row), row.label))


def _score(row: Row) -> float:
    """The score that orders rows; 0 for word pairs, whose boards sort by themselves."""
    return mean_score([*map(most_visited, row.cells)]) if row.cells[0].points else 0.0


def label(cell: Cell) -> str:
    """The name of a row: its method and the parameters that were set by hand."""
    changed = "".join(f" {name}={value}" for name, value in cell.changed.items())
    marks = " (sees the test)" * cell.sees_test + BROUGHT * (cell.brought is not None)
    marks += EARLIER * is_earlier(cell.code)
    return f"{cell.method}{changed}{marks}"


def compared(rows: Iterable[Row]) -> str:
    """How methods compare vectors, where they differ: by ``COMPARED``, with the methods of each.

    Rows of an earlier version are left out; rows in which this was set by hand have their labels.
    ``geometry=cosine temperature=20.0 (ehi); geometry=dot temperature=1.0 (masked-de)``
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        first = row.cells[0]
        values = {name: first.params[name] for name in COMPARED if name in first.params}
        if values and not is_earlier(first.code):
            way = " ".join(f"{name}={value}" for name, value in values.items())
            by_hand = values.keys() & first.changed.keys()
            found[way][row.label if by_hand else first.method] = None
    several = len(found) > 1
    return "; ".join(f"{way} ({', '.join(of)})" for way, of in sorted(found.items()) if several)


def _differing_params(cell: Cell, others: Iterable[Cell]) -> tuple[str, ...]:
    """The parameters of a cell whose values differ in others with the same label."""
    alike = [other for other in others if label(other) == label(cell)]
    return tuple(
        name
        for name in sorted(cell.params)
        if any(other.params.get(name) != cell.params[name] for other in alike)
    )


def chosen_points(row: Row, choose: Choose) -> Points | None:
    """The chosen point of each seed, or None if a seed has none."""
    points = [point for cell in row.cells if (point := choose(cell)) is not None]
    return Points(row.cells, points) if len(points) == len(row.cells) else None


def brought_note(rows: Iterable[Row]) -> list[str]:
    """A sentence on runs that were brought from files, with those that lack queries."""
    brought = {row.label: row.cells[0].brought for row in rows}
    lacking = [
        f"{name} lacks {file.unanswered:,} queries, which score 0"
        for name, file in brought.items()
        if file is not None and file.unanswered
    ]
    if not any(brought.values()):
        return []
    return [
        f"{BROUGHT.strip()}: a run that was made elsewhere; {NONE}: no file tells it. "
        f"{'; '.join(lacking)}{'.' * bool(lacking)}".strip()
    ]


def earlier_note(rows: Iterable[Row]) -> list[str]:
    """A sentence on rows of an earlier version, if there are any."""
    if all(row.label == row.name for row in rows):
        return []
    return [
        f"{EARLIER.strip()}: of an *earlier version* of the method, whose code has changed since "
        "in ways that may change results."
    ]


def versions_note(rows: Iterable[Row]) -> list[str]:
    """A sentence on the rows of a task that are one row in several versions, or none."""
    of_name: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_name[row.name].append(row)
    told = [
        f"{row.label}: {', '.join(row.cells[0].code) or 'not known'}"
        for several in of_name.values()
        if len(several) > 1
        for row in several
    ]
    return [f"One row in several versions. {'; '.join(told)}."] if told else []
