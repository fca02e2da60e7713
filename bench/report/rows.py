"""What all boards are made of: a table of text, and rows of cells over seeds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.measures.ranking import MAIN
from bench.measures.records import BUDGET, PointResult, most_visited_within
from bench.store.cell import Cell, Status
from bench.versions.stated import is_earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

NONE = "–"
EARLIER = " †"
"""Marks a row whose method states another version today, which may give other results."""


@dataclass(frozen=True)
class Board:
    """A table: a title, sentences on how to read it, header and rows of text."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """The cells of one method and its hyper-parameters, over seeds.

    Attributes:
        label: unlike that of any other row; it says where a row is of an earlier version.
        cells: of each seed.
        differing_params: parameters not set by hand whose values differ from those of rows of the
            same name, which were measured under different defaults.
    """

    label: str
    cells: list[Cell]
    differing_params: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The label, whatever the version."""
        return self.label.replace(EARLIER, "")


def row_named(rows: Iterable[Row], name: str) -> Row | None:
    """The row of a name, of today's version where there are two."""
    found = [row for row in rows if row.name == name]
    return min(found, key=lambda row: row.label != name, default=None)


def mean_and_std(shares: Sequence[float], digits: int = 1) -> str:
    """Mean in per cent, with the standard deviation where there are several seeds."""
    text = f"{100 * fmean(shares):.{digits}f}"
    return f"{text} ± {100 * stdev(shares):.{digits}f}" if len(shares) > 1 else text


def rows_of(cells: Iterable[Cell]) -> list[Row]:
    """Measured cells grouped over seeds, the best overall recall first.

    Seeds that other code measured are another row: the mean of both would be of neither.
    """
    groups: dict[tuple[str, str, int, tuple[str, ...]], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.status is Status.OK:
            params = repr(sorted(cell.params.items()))
            groups[cell.method, params, cell.k, tuple(cell.code)].append(cell)
    firsts = [group[0] for group in groups.values()]
    rows: dict[str, Row] = {}
    for group in sorted(groups.values(), key=lambda group: group[0].provenance.date, reverse=True):
        apart = _apart(group[0], firsts)
        told = label(group[0]) + "".join(f" {name}={group[0].params[name]}" for name in apart)
        while told in rows:  # of the same plugin, before it was changed
            told += EARLIER
        rows[told] = Row(told, sorted(group, key=lambda cell: cell.seed), apart)
    return sorted(
        rows.values(), key=lambda row: (-mean_of(row, most_visited, main_score), row.label)
    )


def label(cell: Cell) -> str:
    """The name of a row: its method and what was set by hand."""
    changed = "".join(f" {name}={value}" for name, value in cell.changed.items())
    marks = " (sees the test)" * cell.sees_test + EARLIER * is_earlier(cell.code)
    return f"{cell.method}{changed}{marks}"


def _apart(cell: Cell, others: Iterable[Cell]) -> tuple[str, ...]:
    """The parameters that set a cell apart from others whose label is the same."""
    alike = [other for other in others if label(other) == label(cell)]
    return tuple(
        name
        for name in sorted(cell.params)
        if any(other.params.get(name) != cell.params[name] for other in alike)
    )


def main_score(point: PointResult) -> float:
    """What rows are ordered by, a fraction; see ``main_measure``."""
    return point.ranking[MAIN].mean if point.ranking else point.recall


def main_measure(cell: Cell) -> str:
    """The name of what rows of a searched cell are ordered by."""
    return "recall@|S|" if cell.cut is None else MAIN


def mean_of(
    row: Row,
    choose: Callable[[Cell], PointResult | None],
    value: Callable[[PointResult], float],
) -> float:
    """Mean of a value at the chosen points over seeds; 0 without any."""
    points = [choose(cell) for cell in row.cells if cell.points]
    return fmean(value(point) if point else 0.0 for point in points) if points else 0.0


def chosen_points(
    row: Row, choose: Callable[[Cell], PointResult | None]
) -> list[PointResult] | None:
    """The chosen point of each seed, or None where a seed has none."""
    points = [point for cell in row.cells if (point := choose(cell)) is not None]
    return points if len(points) == len(row.cells) else None


def visited_text(points: list[PointResult]) -> str:
    """Mean visited share in per cent."""
    visited = f"{100 * fmean(point.visited for point in points):.1f}"
    return f"{visited}, self-reported" if points[0].self_reported else visited


def without_note(labels: list[str]) -> list[str]:
    """A sentence on rows that are not on a board."""
    return [f"No operating point visits so little: {', '.join(labels)}."] if labels else []


def earlier_note(rows: Iterable[Row]) -> list[str]:
    """A sentence on rows of an earlier version, where there are any."""
    if all(row.label == row.name for row in rows):
        return []
    return [
        f"{EARLIER.strip()}: of an *earlier version* of the method, whose code has changed since "
        "in ways that may change results."
    ]


def most_visited(cell: Cell) -> PointResult:
    """The operating point that visits most."""
    return max(cell.points, key=lambda point: point.visited)


def within(cell: Cell, budget: float) -> PointResult | None:
    """The dearest operating point whose measured mean visited share is within ``budget``."""
    number = most_visited_within(cell.points, budget)
    return None if number is None else cell.points[number]


def within_budget(cell: Cell) -> PointResult | None:
    """The dearest operating point that visits at most 10 %."""
    return within(cell, BUDGET)
