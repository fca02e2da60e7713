"""Boards of text tasks: nDCG, MRR and recall, whole and by whether the answer was seen."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.ranking import MAIN, MEASURES, PARTS, titled
from bench.report.boards.hierarchy import by_distance
from bench.report.boards.visited import against_visited
from bench.report.rows import (
    NONE,
    Board,
    Row,
    chosen_points,
    mean_and_std,
    mean_of,
    most_visited,
    visited_text,
    within_budget,
    without_note,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.records import Interval, PartResult, PointResult
    from bench.store.cell import Cell


def ranking_boards(rows: list[Row]) -> list[Board]:
    """The boards of a task whose rankings are cut at a rank."""
    first = most_visited(rows[0].cells[0])
    # With one part alone, its boards would be those of the whole.
    parts = PARTS if first.seen is not None and first.unseen is not None else PARTS[:1]
    within = "at ≤ 10 % visited"
    boards = [_ranking(rows, titled("Ranking", part), part, most_visited) for part in parts]
    boards += [
        _ranking(rows, titled(f"Ranking {within}", part), part, within_budget) for part in parts
    ]
    boards += [
        against_visited(rows, titled(name, part), partial(value_of, part=part, measure=name))
        for name, part in against_visited_of(parts)
    ]
    if len(first.recall_by_distance) > 1:
        cut = rows[0].cells[0].cut
        boards.append(by_distance(rows, "Recall by level of relevance", most_visited, cut))
        boards.append(by_distance(rows, f"Recall by level {within}", within_budget, cut))
    return boards


def part_of(point: PointResult, part: str) -> PointResult | PartResult | None:
    """A point as a whole, or its result over seen or unseen documents."""
    if not part:
        return point
    found: PartResult | None = getattr(point, part)
    return found


def value_of(point: PointResult, part: str, measure: str) -> float | None:
    """Mean of a measure over the queries of a part; None where it was not measured."""
    found = part_of(point, part)
    interval = None if found is None else found.ranking.get(measure)
    return None if interval is None else interval.mean


def against_visited_of(parts: Sequence[str]) -> list[tuple[str, str]]:
    """The measures that are shown against the share visited, each with its parts."""
    return [
        (name, part)
        for name, measure in MEASURES.items()
        for part in parts
        if part in measure.against_visited
    ]


def _ranking(
    rows: list[Row], title: str, part: str, choose: Callable[[Cell], PointResult | None]
) -> Board:
    """All measures of each row, at one operating point."""
    first, *others = MEASURES
    header = ["method", "seeds", first, "95 % interval", *others, "visited %"]
    table, without = [], []
    for row in sorted(rows, key=lambda row: -_mean(row, part, choose)):
        points = chosen_points(row, choose)
        if points is None:
            without.append(row.label)
            continue
        found = [ranking for point in points if (ranking := _ranking_of(point, part))]
        low = 100 * fmean(ranking[first].low for ranking in found)
        high = 100 * fmean(ranking[first].high for ranking in found)
        values = {name: _spread(found, name) for name in MEASURES}
        table.append(
            [
                row.label,
                str(len(points)),
                values[first],
                f"{low:.1f} … {high:.1f}",
                *(values[name] for name in others),
                visited_text(points),
            ]
        )
    notes = [_counts(rows[0].cells[0], part), *without_note(without)]
    if choose is most_visited and not part:
        notes += _equal(rows)
    return Board(title, header, table, notes)


def _equal(rows: list[Row]) -> list[str]:
    """Rows that return the same rankings, named."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[repr([most_visited(cell).ranking for cell in row.cells])].append(row.label)
    alike = [" = ".join(labels) for labels in groups.values() if len(labels) > 1]
    if not alike:
        return []
    return [
        f"Equal to the last digit: {'; '.join(alike)}. Where a trained encoder equals one that is "
        "not, none of its checks on validation was better, and it was kept as it came."
    ]


def _spread(rankings: list[dict[str, Interval]], name: str) -> str:
    """Mean over seeds with its deviation, or a dash where a cell lacks the measure."""
    found = [ranking[name].mean for ranking in rankings if name in ranking]
    return mean_and_std(found) if len(found) == len(rankings) else NONE


def _mean(row: Row, part: str, choose: Callable[[Cell], PointResult | None]) -> float:
    return mean_of(row, choose, lambda point: value_of(point, part, MAIN) or 0.0)


def _ranking_of(point: PointResult, part: str) -> dict[str, Interval]:
    found = part_of(point, part)
    return {} if found is None else found.ranking


def _counts(cell: Cell, part: str) -> str:
    """How many queries and relevant documents a board is over."""
    point = most_visited(cell)
    found = part_of(point, part)
    strata = found.recall_by_distance if found else []
    n_pairs = sum(stratum.n for stratum in strata)
    n_queries = cell.n_queries if not part or found is None else found.n_queries  # type: ignore[union-attr]
    text = f"In per cent, over {n_queries:,} queries and {n_pairs:,} relevant documents."
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
