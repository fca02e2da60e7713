"""The frontier: the operating points that no other one beats in price and score, and a chart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.advise.goal import Option
from bench.measures.budget import UNLIMITED
from bench.report.charts import vega
from bench.report.charts.svg import to_svg
from bench.report.points import main_measure
from bench.report.table import NONE

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from bench.advise.goal import Goal
    from bench.advise.trials import Trials

MOST = 12
"""Rows of the table."""
HEADER = ["", "method", "point", "score %", "95 %", "visited %", "work %", "p50 ms", "MB"]


def frontier(trials: Trials, goal: Goal) -> list[Option]:
    """The options of all candidates that none beats in price and score, cheapest first."""
    options = [
        Option(seeds[min(seeds)], number)
        for seeds in trials.cells.values()
        for number in range(len(seeds[min(seeds)].points))
    ]
    options.sort(key=lambda each: (goal.cost(each), -each.score))
    found: list[Option] = []
    for each in options:
        if math.isfinite(goal.cost(each)) and (not found or each.score > found[-1].score):
            found.append(each)
    return found


def rows(found: list[Option], winner: Option, names: dict[str, str]) -> list[list[str]]:
    """The lines of a table under ``HEADER``; the winner is marked, and is always among them.

    Args:
        found: the frontier.
        winner: the chosen option.
        names: name of the row by key of the cell.
    """
    if winner not in found:
        found = [*found, winner]
    step = max(1, -(-len(found) // MOST))
    kept = [each for number, each in enumerate(found) if number % step == 0 or each == winner]
    return [["→" * (each == winner), names[each.cell.key], *figures(each)] for each in kept]


def figures(option: Option) -> list[str]:
    """Operating point, score, interval and prices as texts."""
    point, (low, high) = option.point, option.interval
    return [
        " ".join(f"{name}={value}" for name, value in point.point.items()) or NONE,
        f"{100 * option.score:.1f}",
        f"{100 * low:.1f}–{100 * high:.1f}",
        *(_share(by.cost(point)) for by in (UNLIMITED, UNLIMITED.other)),
        NONE if math.isinf(option.latency_ms) else f"{option.latency_ms:.3g}",
        f"{option.megabytes:,.1f}",
    ]


def _share(cost: float) -> str:
    return NONE if math.isinf(cost) else f"{100 * cost:.1f}"


def draw(trials: Trials, goal: Goal, path: Path) -> None:
    """Draw score against price of every candidate, the best ones in colour, as SVG."""
    ranked = trials.ranked()
    in_share = 100.0 if goal.price.endswith("%") or "%" in goal.price else 1.0
    values: list[dict[str, Any]] = []
    for place, candidate in enumerate(ranked):
        cell = trials.option(candidate).cell
        for number in range(len(cell.points)):
            option = Option(cell, number)
            cost = goal.cost(option)
            if math.isfinite(cost) and cost > 0:
                values.append(
                    {
                        "method": trials.name(candidate),
                        "focus": place < len(vega.PALETTE),
                        "visited": in_share * cost,
                        "value": 100 * option.score,
                    }
                )
    measure = main_measure(trials.option(ranked[0]).cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = vega.against_visited("log", price=goal.price)
    path.write_text(to_svg(spec, values, f"{measure} on validation, %"), encoding="utf-8")
