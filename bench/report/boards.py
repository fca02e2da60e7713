"""Boards: tables over the cells of one task."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.cell import Cell, PointResult, Status
from bench.measures.hierarchy import MIN_PAIRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bench.cards import Reported

BUDGETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
NONE = "–"


@dataclass(frozen=True)
class Board:
    """A table: a title, sentences on how to read it, header and rows of text."""

    title: str
    header: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """The cells of one method and its hyper-parameters, over seeds."""

    label: str
    cells: list[Cell]


def spread(shares: Sequence[float], digits: int = 1) -> str:
    """Mean in per cent, with the standard deviation where there are several seeds."""
    text = f"{100 * fmean(shares):.{digits}f}"
    return f"{text} ± {100 * stdev(shares):.{digits}f}" if len(shares) > 1 else text


def rows_of(cells: Iterable[Cell]) -> list[Row]:
    """Measured cells grouped over seeds, the best overall recall first."""
    groups: dict[tuple[str, str, int], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.status is Status.OK:
            groups[cell.method, repr(sorted(cell.params.items())), cell.k].append(cell)
    firsts = [group[0] for group in groups.values()]
    rows = [
        Row(_distinct_label(group[0], firsts), sorted(group, key=lambda cell: cell.seed))
        for group in groups.values()
    ]
    return sorted(rows, key=lambda row: (-_recall_at(row, dearest), row.label))


def label(cell: Cell) -> str:
    """The name of a row: its method and what was set by hand."""
    changed = "".join(f" {name}={value}" for name, value in cell.changed.items())
    marks = " (sees the test)" if cell.sees_test else ""
    return f"{cell.method}{changed}{marks}"


def _distinct_label(cell: Cell, others: Iterable[Cell]) -> str:
    """The label, with the parameters that set it apart from rows labelled alike.

    Such rows were measured under different defaults.
    """
    alike = [other for other in others if label(other) == label(cell)]
    differing = sorted(
        name
        for name in cell.params
        if any(other.params.get(name) != cell.params[name] for other in alike)
    )
    return label(cell) + "".join(f" {name}={cell.params[name]}" for name in differing)


def dearest(cell: Cell) -> PointResult:
    """The operating point that visits most."""
    return max(cell.points, key=lambda point: point.visited)


def within(cell: Cell, budget: float) -> PointResult | None:
    """The dearest operating point whose measured mean visited share is within ``budget``."""
    affordable = [point for point in cell.points if point.visited <= budget]
    return max(affordable, key=lambda point: point.visited, default=None)


def within_tenth(cell: Cell) -> PointResult | None:
    """The dearest operating point that visits at most 10 %."""
    return within(cell, 0.1)


def boards_of(cells: Sequence[Cell]) -> list[Board]:
    """All boards over the cells of one task."""
    rows = rows_of(cells)
    boards = []
    if rows:
        boards = [
            _by_distance(rows, "Recall by distance", dearest),
            _against_visited(rows),
            _by_distance(rows, "Recall by distance at ≤ 10 % visited", within_tenth),
            _costs(rows),
        ]
    unmeasured = [cell for cell in cells if cell.status is not Status.OK]
    if unmeasured:
        boards.append(_unmeasured(unmeasured))
    return boards


def _by_distance(
    rows: list[Row], title: str, choose: Callable[[Cell], PointResult | None]
) -> Board:
    """Recall@|S| at each distance, at one operating point of each cell."""
    strata = dearest(rows[0].cells[0]).recall_by_distance
    header = ["method", "seeds", "overall", "95 % interval", "macro", "min"]
    header += [str(stratum.distance) for stratum in strata] + ["visited %"]
    table, without = [], []
    for row in sorted(rows, key=lambda row: -_recall_at(row, choose)):
        points = [point for cell in row.cells if (point := choose(cell)) is not None]
        if len(points) < len(row.cells):
            without.append(row.label)
            continue
        visited = f"{100 * fmean(point.visited for point in points):.1f}"
        low, high = (
            100 * fmean(ends)
            for ends in zip(*((point.low, point.high) for point in points), strict=True)
        )
        table.append(
            [
                row.label,
                str(len(points)),
                spread([point.recall for point in points], 2),
                f"{low:.2f} … {high:.2f}",
                spread([point.macro for point in points]),
                spread([point.min for point in points]),
                *_strata(points),
                f"{visited}, self-reported" if points[0].self_reported else visited,
            ]
        )
    pairs = " ".join(f"{stratum.distance}: {stratum.n:,}" for stratum in strata)
    notes = [
        f"Recall@|S| in per cent; columns 0, 1, … are distances in hops. Pairs: {pairs}. The 95 % "
        "interval is a bootstrap over queries, its ends averaged over seeds."
    ]
    if any(stratum.n < MIN_PAIRS for stratum in strata):
        notes.append(f"In brackets: fewer than {MIN_PAIRS} pairs, never ranked.")
    if without:
        notes.append(f"No operating point visits so little: {', '.join(without)}.")
    return Board(title, header, table, notes)


def _recall_at(row: Row, choose: Callable[[Cell], PointResult | None]) -> float:
    """Mean overall recall at the chosen points; 0 without any."""
    points = [choose(cell) for cell in row.cells]
    return fmean(point.recall if point else 0.0 for point in points)


def _strata(points: list[PointResult]) -> list[str]:
    """Mean recall of each distance over seeds."""
    texts = []
    for strata in zip(*(point.recall_by_distance for point in points), strict=True):
        text = f"{100 * fmean(stratum.recall for stratum in strata):.1f}"
        texts.append(text if strata[0].n >= MIN_PAIRS else f"({text})")
    return texts


def _against_visited(rows: list[Row]) -> Board:
    """Overall recall at the dearest operating point within each visited share."""
    header = ["method", *(f"≤ {100 * budget:.0f} %" for budget in BUDGETS)]
    table = [[row.label, *(_at_budget(row, budget) for budget in BUDGETS)] for row in rows]
    notes = [
        "Overall recall in per cent at the dearest operating point whose measured mean share of "
        "documents visited is within the column; in brackets that share / the work share, which "
        "adds the routing cost in document dot products. Nothing is interpolated. "
        "An asterisk marks the library's own count, in which a document may count twice."
    ]
    return Board("Recall against the share of documents visited", header, table, notes)


def _at_budget(row: Row, budget: float) -> str:
    points = [point for cell in row.cells if (point := within(cell, budget)) is not None]
    if len(points) < len(row.cells):
        return NONE
    recall = 100 * fmean(point.recall for point in points)
    visited = 100 * fmean(point.visited for point in points)
    work = 100 * fmean(point.work for point in points)
    mark = " *" if points[0].self_reported else ""
    return f"{recall:.1f} ({visited:.1f} / {work:.1f}){mark}"


def _costs(rows: list[Row]) -> Board:
    header = ["method", "train s", "index s", "search s", "q/s", "q/s at ≤ 10 %"]
    header += ["harness s", "peak MB", "index MB"]
    table = []
    for row in rows:
        costs = [cell.cost for cell in row.cells if cell.cost is not None]
        cheap = [point for cell in row.cells if (point := within_tenth(cell)) is not None]
        table.append(
            [
                row.label,
                f"{fmean(cost.fit_s for cost in costs):.1f}",
                f"{fmean(cost.index_s for cost in costs):.1f}",
                f"{fmean(cost.search_s for cost in costs):.1f}",
                f"{fmean(dearest(cell).queries_per_second for cell in row.cells):,.0f}",
                f"{fmean(point.queries_per_second for point in cheap):,.0f}" if cheap else NONE,
                f"{fmean(cost.harness_s for cost in costs):.1f}",
                f"{fmean(cost.peak_mb for cost in costs):,.0f}",
                f"{fmean(cost.index_bytes for cost in costs) / 1e6:.1f}",
            ]
        )
    notes = [
        "Means over seeds. Rows that differ by index alone share one training, and each shows its "
        "time. Search is over all operating points, q/s at the dearest and at the dearest within "
        "10 % visited. Harness: the rest of the cell's process. Indexes are built from their "
        "library's fixed seed: over seeds it is the encoder that varies."
    ]
    return Board("Cost", header, table, notes)


def _unmeasured(cells: list[Cell]) -> Board:
    header = ["method", "seed", "status", "reason"]
    table = [
        [label(cell), str(cell.seed), str(cell.status), cell.reason or ""]
        for cell in sorted(cells, key=lambda cell: (cell.method, cell.seed))
    ]
    return Board("Not measured", header, table)


def reported_board(reported: Sequence[Reported]) -> Board:
    """Rows that papers published, apart from what was measured."""
    n_distances = max(len(row.recall_by_distance) for row in reported)
    header = ["method (reported)", "source", "overall", "min", *map(str, range(n_distances))]
    table = []
    for row in reported:
        strata = [f"{value:.1f}" for value in row.recall_by_distance]
        strata += [NONE] * (n_distances - len(strata))
        overall, least = (NONE if v is None else f"{v:.1f}" for v in (row.overall, row.min))
        table.append([row.method, row.source, overall, least, *strata])
    comments = [f"{row.method}: {row.comment}." for row in reported if row.comment]
    notes = ["*Reported* by the papers, not measured here.", *comments]
    return Board("Reported", header, table, notes)
