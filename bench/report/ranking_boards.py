"""Boards of text tasks: nDCG, MRR and recall, whole and by whether the answer was seen."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.board import (
    Board,
    Row,
    chosen_points,
    dearest,
    mean_of,
    spread,
    visited_text,
    within_tenth,
    without_note,
)
from bench.report.hierarchy_boards import by_distance
from bench.report.visited_boards import against_visited

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.cell import Cell
    from bench.measured import Interval, PartResult, PointResult

MEASURES = ("nDCG@10", "MRR@10", "R@10", "R@20", "R@50", "R@100")
AGAINST_VISITED = ("nDCG@10", "R@100")
PARTS = ("", "seen", "unseen")


def ranking_boards(rows: list[Row]) -> list[Board]:
    """The boards of a task whose rankings are cut at a rank."""
    first = dearest(rows[0].cells[0])
    # With one part alone, its boards would be those of the whole.
    parts = PARTS if first.seen is not None and first.unseen is not None else PARTS[:1]
    within = "at ≤ 10 % visited"
    boards = [_ranking(rows, _titled("Ranking", part), part, dearest) for part in parts]
    boards += [
        _ranking(rows, _titled(f"Ranking {within}", part), part, within_tenth) for part in parts
    ]
    boards += [
        against_visited(rows, _titled(measure, part), partial(value_of, part=part, measure=measure))
        for measure in AGAINST_VISITED
        for part in parts
    ]
    if len(first.recall_by_distance) > 1:
        cut = rows[0].cells[0].cut
        boards.append(by_distance(rows, "Recall by level of relevance", dearest, cut))
        boards.append(by_distance(rows, f"Recall by level {within}", within_tenth, cut))
    return boards


def part_of(point: PointResult, part: str) -> PointResult | PartResult | None:
    """A point as a whole, or its result over seen or unseen documents."""
    if not part:
        return point
    found: PartResult | None = getattr(point, part)
    return found


def value_of(point: PointResult, part: str, measure: str) -> float | None:
    """Mean of a measure over the queries of a part; None where no query is of it."""
    found = part_of(point, part)
    return None if found is None else found.ranking[measure].mean


def _titled(title: str, part: str) -> str:
    return f"{title}, {part} documents" if part else title


def _ranking(
    rows: list[Row], title: str, part: str, choose: Callable[[Cell], PointResult | None]
) -> Board:
    """All measures of each row, at one operating point."""
    header = ["method", "seeds", "nDCG@10", "95 % interval", *MEASURES[1:], "visited %"]
    table, without = [], []
    for row in sorted(rows, key=lambda row: -_mean_ndcg(row, part, choose)):
        points = chosen_points(row, choose)
        if points is None:
            without.append(row.label)
            continue
        found = [ranking for point in points if (ranking := _ranking_of(point, part))]
        low, high = (
            100 * fmean(getattr(ranking["nDCG@10"], end) for ranking in found)
            for end in ("low", "high")
        )
        values = {name: [ranking[name].mean for ranking in found] for name in MEASURES}
        table.append(
            [
                row.label,
                str(len(points)),
                spread(values["nDCG@10"]),
                f"{low:.1f} … {high:.1f}",
                *(spread(values[name]) for name in MEASURES[1:]),
                visited_text(points),
            ]
        )
    notes = [_counts(rows[0].cells[0], part), *without_note(without)]
    if choose is dearest and not part:
        notes += _equal(rows)
    return Board(title, header, table, notes)


def _equal(rows: list[Row]) -> list[str]:
    """Rows that return the same rankings, named."""
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[repr([dearest(cell).ranking for cell in row.cells])].append(row.label)
    alike = [" = ".join(labels) for labels in groups.values() if len(labels) > 1]
    if not alike:
        return []
    return [
        f"Equal to the last digit: {'; '.join(alike)}. Where a trained encoder equals one that is "
        "not, none of its checks on validation was better, and it was kept as it came."
    ]


def _mean_ndcg(row: Row, part: str, choose: Callable[[Cell], PointResult | None]) -> float:
    return mean_of(row, choose, lambda point: value_of(point, part, "nDCG@10") or 0.0)


def _ranking_of(point: PointResult, part: str) -> dict[str, Interval]:
    found = part_of(point, part)
    return {} if found is None else found.ranking


def _counts(cell: Cell, part: str) -> str:
    """How many queries and relevant documents a board is over."""
    point = dearest(cell)
    found = part_of(point, part)
    strata = found.recall_by_distance if found else []
    n_pairs = sum(stratum.n for stratum in strata)
    n_queries = cell.n_queries if not part or found is None else found.n_queries  # type: ignore[union-attr]
    text = f"In per cent, over {n_queries:,} queries and {n_pairs:,} relevant documents."
    if not part:
        none = [name for name in PARTS[1:] if cell.seen_means and part_of(point, name) is None]
        all_one = f" None of them is {none[0]}: {cell.seen_means}." if none else ""
        return f"{text} The interval is a bootstrap over queries, averaged over seeds.{all_one}"
    return (
        f"{text} Here {cell.seen_means}. A query's other relevant documents are left out before "
        "nDCG and MRR are taken; recall is read off the ranking as it was returned."
    )
