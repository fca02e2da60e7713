"""The cheapest settings that are nearly as good as exact search, and quality against latency."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.budget import UNLIMITED
from bench.report.load import is_busy, load_notes, marked, speed_text
from bench.report.points import (
    SHARES_NOTE,
    Points,
    main_measure,
    main_score,
    mean_score,
    score_text,
    settings_text,
    shares_text,
)
from bench.report.rows import Row, chosen_points
from bench.report.table import NONE, Board, Column, itself, mean_text, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.measures.records import PointResult
    from bench.store.cell import Cell

ENOUGH = 0.95
"""The share of the score of exact search from which settings are compared by their time."""
WORK = UNLIMITED.other
STEPS = tuple(factor * 10.0**power for power in range(-3, 5) for factor in (1, 2, 5))
"""Milliseconds that columns are cut at."""


def latency_boards(rows: list[Row]) -> list[Board]:
    """The boards by time over rows that do not see the test; none where nothing is searched.

    A run that was brought from a file has no time, and no setting.
    """
    rows = [row for row in rows if row.cells[0].points and not row.sees_test and not row.is_brought]
    exact = {row.label: points for row in rows if (points := chosen_points(row, _exact))}
    boards = []
    if exact:
        # Of equals the one with the fewest settings, which has no index.
        settings = {row.label: len(row.cells[0].points) for row in rows}
        best = max(exact, key=lambda label: (mean_score(exact[label]), -settings[label]))
        boards.append(_at_enough(rows, best, mean_score(exact[best])))
    if any(map(_is_timed, rows)):
        boards.append(_against_latency(rows))
    return boards


def _exact(cell: Cell) -> PointResult | None:
    """The cheapest point that visits everything, by the harness's own count."""
    exact = (p for p in cell.points if UNLIMITED.cost(p) >= 1 and not p.self_reported)
    return min(exact, key=WORK.cost, default=None)


def _at_enough(rows: list[Row], best: str, score: float) -> Board:
    """The cheapest setting of each row that reaches ``ENOUGH`` of the best exact search."""
    # As it is printed, so that who asks for the printed level is told the same.
    measure, target = main_measure(rows[0].cells[0]), round(ENOUGH * score, 3)

    def cheapest(cell: Cell) -> PointResult | None:
        enough = (point for point in cell.points if main_score(point) >= target)
        return min(enough, key=lambda point: (WORK.cost(point), _p50(point)), default=None)

    found = {row.label: points for row in rows if (points := chosen_points(row, cheapest))}
    reached = [row for row in rows if row.label in found]
    machines = {cell.provenance.machine.get("cpu") for row in reached for cell in row.cells}
    shown = [point for points in found.values() for point in points]
    disturbed = is_busy(*(point.latency.waited for point in shown if point.latency))
    by_time = len(machines) == 1 and all(map(_is_timed, reached)) and not disturbed
    cost = _p50 if by_time else WORK.cost
    reached.sort(key=lambda row: fmean(map(cost, found[row.label])))
    columns: list[Column[Row]] = [
        Column("seeds", lambda row: str(len(row.cells))),
        Column("setting", lambda row: settings_text(found[row.label]) or NONE),
        Column(measure, lambda row: score_text(found[row.label])),
        Column("visited / work %", lambda row: shares_text(found[row.label])),
        Column("q/s", lambda row: speed_text(found[row.label])),
        Column("p50 ms", lambda row: _time_text(found[row.label], "p50_ms")),
        Column("p99 ms", lambda row: _time_text(found[row.label], "p99_ms")),
    ]
    timed = sum(map(_is_timed, reached))
    why = "were not timed"
    if timed:
        why = "were not all timed, or on several kinds of machine, or on a busy one"
    order = "p50" if by_time else f"work, as they {why}"
    notes = [
        f"The setting of least work whose {measure} is at least {100 * target:.1f} on the test, "
        f"for each seed: {100 * ENOUGH:.0f} % of {100 * score:.1f}, which {best} reaches by "
        "visiting everything, the best of the rows that do not see the test; others are left "
        f"out. In the order of {order}, the least first. {SHARES_NOTE}"
    ]
    if missed := [row.label for row in rows if row.label not in found]:
        notes.append(f"No setting reaches it: {', '.join(missed)}.")
    notes += _how_timed(shown)
    notes += load_notes([each.waited for p in shown for each in (p, p.latency) if each])
    return table(f"At {100 * ENOUGH:.0f} % of exact search", reached, itself, columns, notes)


def _against_latency(rows: list[Row]) -> Board:
    """The main measure at the operating point that visits most within each latency."""

    def within(cell: Cell, most: float) -> PointResult | None:
        fast = (point for point in cell.points if _p50(point) <= most)
        return max(fast, key=lambda point: (UNLIMITED.order(point), -_p50(point)), default=None)

    def text(row: Row, most: float) -> str:
        points = chosen_points(row, partial(within, most=most))
        return f"{mean_text(map(main_score, points))} ({_time_text(points)})" if points else NONE

    timed = [point for row in rows if _is_timed(row) for cell in row.cells for point in cell.points]
    first, last = (bisect_left(STEPS, end(map(_p50, timed))) for end in (min, max))
    columns = [
        Column(f"≤ {most:g} ms", partial(text, most=most)) for most in STEPS[first : last + 1]
    ]
    measure = main_measure(rows[0].cells[0])
    notes = [
        f"{measure} in per cent at the operating point that visits most among those whose median "
        "latency is within the column; in brackets that latency in ms.",
        *_how_timed(timed),
        *load_notes([point.latency.waited for point in timed if point.latency]),
    ]
    return table(
        f"{measure} against latency",
        rows,
        lambda row: row if _is_timed(row) else None,
        columns,
        notes,
        absent="Not timed",
    )


def _is_timed(row: Row) -> bool:
    return all(point.latency for cell in row.cells for point in cell.points)


def _p50(point: PointResult) -> float:
    """Median milliseconds of a point that was timed."""
    return point.latency.p50_ms if point.latency else math.inf


def _time_text(points: Points, name: str = "p50_ms") -> str:
    """Milliseconds, a mean over seeds, marked if one of them was disturbed."""
    latencies = [point.latency for point in points if point.latency is not None]
    if len(latencies) < len(points):
        return NONE
    mean = fmean(getattr(each, name) for each in latencies)
    return marked(f"{mean:.{3 if mean < 1 else 1}f}", [each.waited for each in latencies])


def _how_timed(points: Iterable[PointResult]) -> list[str]:
    """A sentence on how latencies were measured, if there are any."""
    latencies = [point.latency for point in points if point.latency is not None]
    if not latencies:
        return []
    fewest, most = (end(each.queries for each in latencies) for end in (min, max))
    queries = f"{most}" if fewest == most else f"{fewest} to {most}"
    return [
        f"Latency: {queries} random test queries of each seed, one at a time on one thread, each "
        "searched up to three times and counted with its median, with routing, without the "
        "encoding of texts; p50 and p99 over these queries, means over seeds, as the machine of "
        "each row measured them."
    ]
