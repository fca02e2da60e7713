"""Boards of searched tasks: recall by distance, and ranking measures.

Each board is over all relevant documents, or over those that were seen in training or not.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.new_nodes import ANCESTORS, HELD_OUT
from bench.measures.ranking import MAIN, MEASURES, PARTS, titled
from bench.measures.recall import MIN_PAIRS
from bench.measures.records import PartResult
from bench.report.boards.new_nodes import ancestor_board, group_board
from bench.report.points import (
    ABSENT,
    SEEDS,
    SHARES,
    Choose,
    Points,
    at,
    mean_score,
    most_visited,
    n_queries_of,
    parts_of,
)
from bench.report.rows import Row, chosen_points
from bench.report.table import (
    INTERVAL,
    NONE,
    Board,
    Column,
    interval_text,
    mean_and_std,
    mean_text,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measures.budget import Budget
    from bench.measures.records import PointResult
    from bench.store.cell import Cell

DISTANCES = "Recall by distance"
"""The title of the board without a limit."""
OF_HELD_OUT = "are the ancestors that no training pair names"


def recall_boards(rows: list[Row], budget: Budget) -> list[Board]:
    """The boards of a task that is searched: ranking measures if rankings are cut at a rank."""
    first = most_visited(rows[0].cells[0])
    both = (("", most_visited), (f" {budget.at}", at(budget)))
    if rows[0].cells[0].cut is None:
        boards = [by_distance(rows, f"{DISTANCES}{ending}", choose) for ending, choose in both]
        boards += [
            by_distance(rows, f"{DISTANCES}{ending}, {part}", choose, part)
            for part in PARTS[1:]
            if first.part(part) is not None
            for ending, choose in both
        ]
        return [*boards, *_new_node_boards(rows, both)]
    boards = [
        _ranking(rows, titled(f"Ranking{ending}", part), part, choose)
        for ending, choose in both
        for part in parts_of(first)
    ]
    if len(first.recall_by_distance) > 1:
        boards += [
            by_distance(rows, f"Recall by level{ending}", choose)
            for ending, choose in ((" of relevance", most_visited), both[1])
        ]
    return boards


def _new_node_boards(rows: list[Row], both: Sequence[tuple[str, Choose]]) -> list[Board]:
    """The boards over the ancestors of nodes that training never named, if any are asked for."""
    parts = most_visited(rows[0].cells[0]).parts()
    boards = []
    for ending, choose in both:
        if ANCESTORS in parts:
            boards.append(ancestor_board(rows, f"Ancestors of new nodes{ending}", choose))
            boards.append(group_board(rows, f"Which ancestors of new nodes{ending}", choose))
        if HELD_OUT in parts:
            title = f"{DISTANCES}{ending}, {HELD_OUT}"
            boards.append(by_distance(rows, title, choose, HELD_OUT))
    return boards


def _results(points: Points, part: str) -> list[PointResult | PartResult]:
    return [found for point in points if (found := point.part(part)) is not None]


def by_distance(rows: list[Row], title: str, choose: Choose, part: str = "") -> Board:
    """Recall at each distance over the pairs of a part, at one operating point of each cell."""
    cell = rows[0].cells[0]
    first = most_visited(cell).part(part)
    strata = first.recall_by_distance if first else []

    def overall(points: Points) -> str:
        text = mean_and_std([each.recall for each in _results(points, part)], 2)
        few = part and sum(stratum.n for stratum in strata) < MIN_PAIRS
        return f"({text})" if few else text

    def at_distance(points: Points, place: int) -> str:
        text = mean_text(each.recall_by_distance[place].recall for each in _results(points, part))
        return text if strata[place].n >= MIN_PAIRS else f"({text})"

    of_whole: list[Column[Points]] = [
        Column(INTERVAL, lambda points: interval_text([(p.low, p.high) for p in points], 2)),
        Column("macro", lambda points: mean_and_std([point.macro for point in points])),
        Column("min", lambda points: mean_and_std([point.min for point in points])),
    ]
    at_distances = [
        Column(str(stratum.distance), partial(at_distance, place=place))
        for place, stratum in enumerate(strata)
    ]
    pairs = f"Pairs: {' '.join(f'{stratum.distance}: {stratum.n:,}' for stratum in strata)}."
    if isinstance(first, PartResult):
        of_part = OF_HELD_OUT if part == HELD_OUT else cell.seen_means
        notes = [f"{first.n_queries:,} queries. {pairs} Here {of_part}."]
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
        [SEEDS, Column("overall", overall), *([] if part else of_whole), *at_distances, SHARES],
        notes,
        best=None if part else lambda points: (not points.sees_test, mean_score(points)),
        absent=ABSENT,
    )


def _ranking(rows: list[Row], title: str, part: str, choose: Choose) -> Board:
    """All measures of each row, at one operating point."""
    first = next(iter(MEASURES))
    few = n_queries_of(rows[0].cells[0], part) < MIN_PAIRS

    def text(points: Points, name: str) -> str:
        values = [found for p in points if (found := p.mean(name, part)) is not None]
        if len(values) < len(points):
            return NONE
        return f"({mean_and_std(values)})" if few and part else mean_and_std(values)

    def interval(points: Points) -> str:
        found = [each.ranking.get(first) for each in _results(points, part)]
        ends = [(each.low, each.high) for each in found if each is not None]
        return interval_text(ends) if ends else NONE

    columns = [Column(name, partial(text, name=name)) for name in MEASURES]
    columns.insert(1, Column(INTERVAL, interval))
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
        [SEEDS, *columns, SHARES],
        notes,
        best=None
        if few and part
        else lambda points: (
            not points.sees_test,
            fmean(point.mean(MAIN, part) or 0.0 for point in points),
        ),
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
    found = point.part(part)
    n_pairs = sum(stratum.n for stratum in found.recall_by_distance) if found else 0
    n_queries = n_queries_of(cell, part)
    text = f"In per cent, over {n_queries:,} queries and {n_pairs:,} relevant documents."
    if not part:
        none = [name for name in PARTS[1:] if cell.seen_means and point.part(name) is None]
        all_one = f" None of them is {none[0]}: {cell.seen_means}." if none else ""
        return f"{text} The interval is a bootstrap over queries, averaged over seeds.{all_one}"
    moved = [name.partition("@")[0] for name, measure in MEASURES.items() if measure.moves_up]
    return (
        f"{text} Here {cell.seen_means}. A query's other relevant documents are left out before "
        f"{', '.join(dict.fromkeys(moved))} are taken; others are read off the ranking as it was "
        "returned."
    )
