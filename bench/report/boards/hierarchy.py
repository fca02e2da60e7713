"""Recall by distance: over all pairs, and over those that were seen in training and the others."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.recall import MIN_PAIRS
from bench.report.boards.visited import against_visited
from bench.report.rows import (
    Board,
    Row,
    chosen_points,
    main_score,
    mean_and_std,
    mean_of,
    most_visited,
    visited_text,
    within_budget,
    without_note,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.measures.records import PartResult, PointResult
    from bench.store.cell import Cell


def hierarchy_boards(rows: list[Row]) -> list[Board]:
    """The boards of a task that is judged by recall@|S|."""
    within = "at ≤ 10 % visited"
    boards = [
        by_distance(rows, "Recall by distance", most_visited),
        against_visited(rows, "Recall", lambda point: point.recall),
        by_distance(rows, f"Recall by distance {within}", within_budget),
    ]
    for part in ("seen", "unseen"):
        if getattr(most_visited(rows[0].cells[0]), part) is not None:
            boards.append(_of_part(rows, f"Recall by distance, {part}", part, most_visited))
            boards.append(
                _of_part(rows, f"Recall by distance {within}, {part}", part, within_budget)
            )
    return boards


def by_distance(
    rows: list[Row],
    title: str,
    choose: Callable[[Cell], PointResult | None],
    cut: int | None = None,
) -> Board:
    """Recall at each distance, at one operating point of each cell."""
    strata = most_visited(rows[0].cells[0]).recall_by_distance
    header = ["method", "seeds", "overall", "95 % interval", "macro", "min"]
    header += [str(stratum.distance) for stratum in strata] + ["visited %"]
    table, without = [], []
    for row in sorted(rows, key=lambda row: -mean_of(row, choose, main_score)):
        points = chosen_points(row, choose)
        if points is None:
            without.append(row.label)
            continue
        low, high = (
            100 * fmean(ends)
            for ends in zip(*((point.low, point.high) for point in points), strict=True)
        )
        table.append(
            [
                row.label,
                str(len(points)),
                mean_and_std([point.recall for point in points], 2),
                f"{low:.2f} … {high:.2f}",
                mean_and_std([point.macro for point in points]),
                mean_and_std([point.min for point in points]),
                *_strata(points),
                visited_text(points),
            ]
        )
    notes = [
        f"Recall@{cut or '|S|'} in per cent; columns 0, 1, … are "
        f"{'levels of relevance, 0 the best' if cut else 'distances in hops'}. "
        f"{_pairs(points[0] if (points := chosen_points(rows[0], most_visited)) else None)} The "
        "95 % interval is a bootstrap over queries, its ends averaged over seeds."
    ]
    if any(stratum.n < MIN_PAIRS for stratum in strata):
        notes.append(f"In brackets: fewer than {MIN_PAIRS} pairs, never ranked.")
    return Board(title, header, table, notes + without_note(without))


def _of_part(
    rows: list[Row], title: str, part: str, choose: Callable[[Cell], PointResult | None]
) -> Board:
    """Recall at each distance over the pairs of a part."""
    first: PartResult = getattr(most_visited(rows[0].cells[0]), part)
    header = ["method", "seeds", "overall"]
    header += [str(stratum.distance) for stratum in first.recall_by_distance] + ["visited %"]
    table, without = [], []
    for row in rows:
        points = chosen_points(row, choose)
        if points is None:
            without.append(row.label)
            continue
        parts: list[PartResult] = [getattr(point, part) for point in points]
        table.append(
            [
                row.label,
                str(len(points)),
                mean_and_std([each.recall for each in parts], 2),
                *_strata(parts),
                visited_text(points),
            ]
        )
    meaning = rows[0].cells[0].seen_means
    notes = [f"{first.n_queries:,} queries. {_pairs(first)} Here {meaning}."]
    return Board(title, header, table, notes + without_note(without))


def _pairs(point: PointResult | PartResult | None) -> str:
    """How many pairs there are at each distance."""
    strata = point.recall_by_distance if point else []
    return f"Pairs: {' '.join(f'{stratum.distance}: {stratum.n:,}' for stratum in strata)}."


def _strata(points: Sequence[PointResult | PartResult]) -> list[str]:
    """Mean recall of each distance over seeds."""
    texts = []
    for strata in zip(*(point.recall_by_distance for point in points), strict=True):
        text = f"{100 * fmean(stratum.recall for stratum in strata):.1f}"
        texts.append(text if strata[0].n >= MIN_PAIRS else f"({text})")
    return texts
