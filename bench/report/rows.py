"""Rows: cells over seeds, and the operating points that boards show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from bench.measures.ranking import MAIN, PARTS
from bench.measures.records import PartResult, PointResult
from bench.report.table import Column, mean_and_std, mean_text
from bench.store.cell import Cell, Status
from bench.versions.keys import is_earlier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.measures.budget import Budget

EARLIER = " †"
"""Marks a row whose method states another version today, which may give other results."""
ABSENT = "No operating point costs so little"
CLAIMED = " claimed"
"""Marks a figure that is a method's own word, which the harness cannot count."""
MUCH_WORK = " ‡"
"""Marks a row that costs much more work than the share that it visits."""
MUCH_ROUTING = 2
"""Work of so many times the share visited is marked."""
SHARES_NOTE = (
    "Visited / work: mean shares of the corpus, without and with routing; *claimed*: the method's "
    f"own word; {MUCH_WORK.strip()}: more than twice as much work as visited."
)
COMPARED = ("geometry", "temperature", "temperature_lr")
"""Parameters of trainers that say how vectors are compared: rows may differ in more than a loss."""
ROUTING_ROUNDED = 1e-4
"""Relative rounding of a stored routing cost."""

Choose: TypeAlias = Callable[[Cell], PointResult | None]
PointMeasure: TypeAlias = Callable[[PointResult], float | None]
"""A fraction that an operating point comes to; None where it has no such measure."""


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


class Points(list[PointResult]):
    """One operating point of each seed of a row.

    Attributes:
        cells: the cells that they are of.
    """

    def __init__(self, cells: list[Cell], points: Iterable[PointResult]) -> None:
        super().__init__(points)
        self.cells = cells

    @property
    def sees_test(self) -> bool:
        """Whether they are of a method that is given the test relevance."""
        return self.cells[0].sees_test


def row_named(rows: Iterable[Row], name: str) -> Row | None:
    """The row of a name; of today's version if there are two."""
    found = [row for row in rows if row.name == name]
    return min(found, key=lambda row: row.label != name, default=None)


def by_task(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Cells by the name of their task; other data of the same name has its digest in the name.

    Hierarchies come first, then texts and word pairs, each by name; tasks with arguments
    (``tree-H=3,W=3``) come last.
    """
    groups: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.task, cell.task_digest].append(cell)

    def order(key: tuple[str, str]) -> tuple[bool, bool, tuple[str, str]]:
        cells = groups[key]
        is_hierarchy = cells[0].cut is None and not any(cell.similarity for cell in cells)
        return ("=" in key[0], not is_hierarchy, key)

    named: dict[str, list[Cell]] = {}
    for task, digest in sorted(groups, key=order):
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
    marks = " (sees the test)" * cell.sees_test + EARLIER * is_earlier(cell.code)
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


def main_score(point: PointResult) -> float:
    """The figure that rows are ordered by, a fraction; see ``main_measure``."""
    return point.ranking[MAIN].mean if point.ranking else point.recall


def main_measure(cell: Cell) -> str:
    """The name of the measure that orders rows of a searched cell."""
    return "recall@|S|" if cell.cut is None else MAIN


def most_visited(cell: Cell) -> PointResult:
    """The operating point that visits most, of at least one."""
    return max(cell.points, key=lambda point: point.visited)


def within(cell: Cell, budget: Budget) -> PointResult | None:
    """The operating point that costs most within a budget, by measured means over queries."""
    number = budget.most(cell.points)
    return None if number is None else cell.points[number]


def at(budget: Budget) -> Choose:
    """The choice of the operating point that costs most within a budget."""
    return partial(within, budget=budget)


def parts_of(point: PointResult) -> Sequence[str]:
    """The parts with boards of their own; a single part would have the figures of the whole."""
    return PARTS if point.seen is not None and point.unseen is not None else PARTS[:1]


def n_queries_of(cell: Cell, part: str) -> int:
    """The number of queries that a measure of a part is a mean over."""
    found = most_visited(cell).part(part)
    return found.n_queries if isinstance(found, PartResult) else cell.n_queries


def chosen_points(row: Row, choose: Choose) -> Points | None:
    """The chosen point of each seed, or None if a seed has none."""
    points = [point for cell in row.cells if (point := choose(cell)) is not None]
    return Points(row.cells, points) if len(points) == len(row.cells) else None


def mean_score(points: Sequence[PointResult]) -> float:
    """Mean of the main score over seeds."""
    return fmean(map(main_score, points))


def score_text(points: Sequence[PointResult]) -> str:
    """Mean and standard deviation of the main score over seeds, in per cent."""
    return mean_and_std([main_score(point) for point in points])


def shares_text(points: Points) -> str:
    """Mean shares visited and of work in per cent, each marked where it is claimed.

    Work of more than twice the share visited is marked too.
    """
    visited, work = (fmean(getattr(each, cost) for each in points) for cost in ("visited", "work"))
    claimed = any(map(routing_is_claimed, points.cells, points))
    marks = CLAIMED * claimed + MUCH_WORK * (work > MUCH_ROUTING * visited)
    return f"{mean_text([visited])}{CLAIMED * points[0].self_reported} / {mean_text([work])}{marks}"


def settings_text(points: Points) -> str:
    """The settings over seeds; a setting that differs is shown with its least and its most."""
    texts = []
    for name in points[0].point:
        values = sorted({point.point[name] for point in points})
        ends = [values[0], values[-1]] if len(values) > 1 else values
        texts.append(f"{name}={' … '.join(map(str, ends))}")
    return " ".join(texts)


def routing_is_claimed(cell: Cell, point: PointResult) -> bool:
    """Whether the routing cost is a method's own word: below a dot product for each leaf."""
    if point.self_reported or cell.leaves is None:
        return point.self_reported
    occupied = cell.leaves.leaves - cell.leaves.empty
    return point.routing < (1 - ROUTING_ROUNDED) * occupied


SEEDS = Column[Points]("seeds", lambda points: str(len(points)))
SHARES = Column("visited / work %", shares_text)


def earlier_note(rows: Iterable[Row]) -> list[str]:
    """A sentence on rows of an earlier version, if there are any."""
    if all(row.label == row.name for row in rows):
        return []
    return [
        f"{EARLIER.strip()}: of an *earlier version* of the method, whose code has changed since "
        "in ways that may change results."
    ]
