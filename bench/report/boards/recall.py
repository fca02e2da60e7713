"""Boards of searched tasks: recall by distance, ranking measures, both against documents visited.

Each board is over all relevant documents, or over those that were seen in training or not.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.ranking import MAIN, MEASURES, PARTS, titled
from bench.measures.recall import MIN_PAIRS
from bench.measures.records import PartResult, PointResult
from bench.report.rows import (
    ABSENT,
    SEEDS,
    VISITED,
    Choose,
    PointMeasure,
    Points,
    Row,
    chosen_points,
    mean_score,
    most_visited,
    visited_and_work,
    within,
    within_budget,
)
from bench.report.table import (
    NONE,
    Board,
    Column,
    interval_text,
    itself,
    mean_and_std,
    mean_text,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.store.cell import Cell

BUDGETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of documents visited, one for each column."""
AT_BUDGET = "at ≤ 10 % visited"


def recall_boards(rows: list[Row]) -> list[Board]:
    """The boards of a task that is searched: ranking measures if rankings are cut at a rank."""
    first = most_visited(rows[0].cells[0])
    both = (("", most_visited), (f" {AT_BUDGET}", within_budget))
    if rows[0].cells[0].cut is None:
        boards = [by_distance(rows, f"Recall by distance{at}", choose) for at, choose in both]
        boards.insert(1, against_visited(rows, "Recall", measures_of(rows)["Recall"]))
        boards += [
            by_distance(rows, f"Recall by distance{at}, {part}", choose, part)
            for part in PARTS[1:]
            if part_of(first, part) is not None
            for at, choose in both
        ]
        return boards
    boards = [
        _ranking(rows, titled(f"Ranking{at}", part), part, choose)
        for at, choose in both
        for part in _parts(first)
    ]
    boards += [against_visited(rows, *measure) for measure in measures_of(rows).items()]
    if len(first.recall_by_distance) > 1:
        boards.append(by_distance(rows, "Recall by level of relevance", most_visited))
        boards.append(by_distance(rows, f"Recall by level {AT_BUDGET}", within_budget))
    return boards


def measures_of(rows: list[Row]) -> dict[str, PointMeasure]:
    """The measures drawn against the share of documents visited, by title, the main one first."""
    cell = rows[0].cells[0]
    if not cell.points:
        return {}
    if cell.cut is None:
        return {
            "Recall": lambda point: point.recall,
            "Recall, mean of queries": lambda point: point.macro,
            "Recall, worst distance": lambda point: point.min,
        }
    return {
        titled(name, part) + _few_queries(cell, part): partial(value_of, part=part, measure=name)
        for name, measure in MEASURES.items()
        for part in _parts(most_visited(cell))
        if part in measure.against_visited
    }


def _few_queries(cell: Cell, part: str) -> str:
    """The end of the title of a measure of a part that has too few queries to rank rows by."""
    few = part and _n_queries(cell, part) < MIN_PAIRS
    return f" (fewer than {MIN_PAIRS} queries)" if few else ""


def _n_queries(cell: Cell, part: str) -> int:
    """The number of queries that a measure of a part is a mean over."""
    found = part_of(most_visited(cell), part)
    return found.n_queries if isinstance(found, PartResult) else cell.n_queries


def _parts(point: PointResult) -> Sequence[str]:
    """The parts with boards of their own; a single part would have the figures of the whole."""
    return PARTS if point.seen is not None and point.unseen is not None else PARTS[:1]


def part_of(point: PointResult, part: str) -> PointResult | PartResult | None:
    """A point as a whole, or its results over seen or unseen documents."""
    found: PointResult | PartResult | None = getattr(point, part) if part else point
    return found


def _results(points: Points, part: str) -> list[PointResult | PartResult]:
    return [found for point in points if (found := part_of(point, part)) is not None]


def value_of(point: PointResult, part: str, measure: str) -> float | None:
    """Mean of a measure over the queries of a part; None if it was not measured."""
    found = part_of(point, part)
    interval = None if found is None else found.ranking.get(measure)
    return None if interval is None else interval.mean


def by_distance(rows: list[Row], title: str, choose: Choose, part: str = "") -> Board:
    """Recall at each distance over the pairs of a part, at one operating point of each cell."""
    cell = rows[0].cells[0]
    first = part_of(most_visited(cell), part)
    strata = first.recall_by_distance if first else []

    def overall(points: Points) -> str:
        text = mean_and_std([each.recall for each in _results(points, part)], 2)
        few = part and sum(stratum.n for stratum in strata) < MIN_PAIRS
        return f"({text})" if few else text

    def at_distance(points: Points, place: int) -> str:
        text = mean_text(each.recall_by_distance[place].recall for each in _results(points, part))
        return text if strata[place].n >= MIN_PAIRS else f"({text})"

    of_whole: list[Column[Points]] = [
        Column("95 % interval", lambda points: interval_text([(p.low, p.high) for p in points], 2)),
        Column("macro", lambda points: mean_and_std([point.macro for point in points])),
        Column("min", lambda points: mean_and_std([point.min for point in points])),
    ]
    at_distances = [
        Column(str(stratum.distance), partial(at_distance, place=place))
        for place, stratum in enumerate(strata)
    ]
    pairs = f"Pairs: {' '.join(f'{stratum.distance}: {stratum.n:,}' for stratum in strata)}."
    if isinstance(first, PartResult):
        notes = [f"{first.n_queries:,} queries. {pairs} Here {cell.seen_means}."]
    else:
        notes = [
            f"Recall@{cell.cut or '|S|'} in per cent; columns 0, 1, … are "
            f"{'levels of relevance, 0 the best' if cell.cut else 'distances in hops'}. {pairs} "
            "The 95 % interval is a bootstrap over queries, its ends averaged over seeds."
        ]
    if any(stratum.n < MIN_PAIRS for stratum in strata):
        notes.append(f"In brackets: fewer than {MIN_PAIRS} pairs, never ranked.")
    return table(
        title,
        rows,
        partial(chosen_points, choose=choose),
        [SEEDS, Column("overall", overall), *([] if part else of_whole), *at_distances, VISITED],
        notes,
        best=None if part else mean_score,
        absent=ABSENT,
    )


def against_visited(rows: list[Row], what: str, value: PointMeasure) -> Board:
    """A measure at the operating point that visits most within each share of documents."""

    def text(row: Row, budget: float) -> str:
        choose = partial(within, budget=budget)
        points = chosen_points(row, choose) or []
        values = [found for point in points if (found := value(point)) is not None]
        if not points or len(values) < len(points):
            return NONE
        return f"{mean_text(values)} ({visited_and_work(row, choose)})"

    columns = [Column(f"≤ {100 * each:.0f} %", partial(text, budget=each)) for each in BUDGETS]
    notes = [
        f"{what} in per cent at the operating point that visits most within the column, by "
        "measured mean share of documents; in brackets that share / the work share, which adds "
        "the routing cost in document dot products. Nothing is interpolated. *Claimed*: the "
        "method's or its library's own word, which the harness cannot count; of what is visited, "
        "where a document may count twice, or of a routing cost below a dot product for each leaf. "
        "A cheap setting may return fewer documents than a measure reads."
    ]
    title = f"{what} against the share of documents visited"
    return table(title, rows, itself, columns, notes)


def _ranking(rows: list[Row], title: str, part: str, choose: Choose) -> Board:
    """All measures of each row, at one operating point."""
    first = next(iter(MEASURES))
    few = _n_queries(rows[0].cells[0], part) < MIN_PAIRS

    def text(points: Points, name: str) -> str:
        values = [found for p in points if (found := value_of(p, part, name)) is not None]
        if len(values) < len(points):
            return NONE
        return f"({mean_and_std(values)})" if few and part else mean_and_std(values)

    def interval(points: Points) -> str:
        found = [each.ranking.get(first) for each in _results(points, part)]
        ends = [(each.low, each.high) for each in found if each is not None]
        return interval_text(ends) if ends else NONE

    columns = [Column(name, partial(text, name=name)) for name in MEASURES]
    columns.insert(1, Column("95 % interval", interval))
    notes = [_counts(rows[0].cells[0], part)]
    if few:
        brackets = "In brackets: fewer" if part else "Fewer"
        notes.append(f"{brackets} than {MIN_PAIRS} queries, too few to rank rows by.")
    if choose is most_visited and not part:
        notes += _equal(rows)
    return table(
        title,
        rows,
        partial(chosen_points, choose=choose),
        [SEEDS, *columns, VISITED],
        notes,
        best=None
        if few and part
        else lambda points: fmean(value_of(point, part, MAIN) or 0.0 for point in points),
        absent=ABSENT,
    )


def _equal(rows: list[Row]) -> list[str]:
    """The names of rows that return the same rankings."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[repr([most_visited(cell).ranking for cell in row.cells])].append(row.label)
    alike = [" = ".join(labels) for labels in groups.values() if len(labels) > 1]
    note = (
        f"Equal to the last digit: {'; '.join(alike)}. Where a trained encoder equals one that is "
        "not, none of its checks on validation was better, and it was kept as it came."
    )
    return [note] if alike else []


def _counts(cell: Cell, part: str) -> str:
    """The number of queries and relevant documents that a board is over."""
    point = most_visited(cell)
    found = part_of(point, part)
    n_pairs = sum(stratum.n for stratum in found.recall_by_distance) if found else 0
    text = (
        f"In per cent, over {_n_queries(cell, part):,} queries and {n_pairs:,} relevant documents."
    )
    if not part:
        none = [name for name in PARTS[1:] if cell.seen_means and part_of(point, name) is None]
        all_one = f" None of them is {none[0]}: {cell.seen_means}." if none else ""
        return f"{text} The interval is a bootstrap over queries, averaged over seeds.{all_one}"
    moved = [name.partition("@")[0] for name, measure in MEASURES.items() if measure.moves_up]
    return (
        f"{text} Here {cell.seen_means}. A query's other relevant documents are left out before "
        f"{', '.join(dict.fromkeys(moved))} are taken; others are read off the ranking as it was "
        "returned."
    )
