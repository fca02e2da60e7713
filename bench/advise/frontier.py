"""The frontier: the operating points that no other one beats in price and score, and a chart."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

from bench.advise.goal import Option
from bench.measures.budget import UNLIMITED
from bench.report.table import NONE

if TYPE_CHECKING:
    from pathlib import Path

    from bench.advise.goal import Goal
    from bench.advise.trials import Trials

DRAWN = "#d4304f"
"""Colour of the limit and of the ring around the chosen point."""
ONCE: dict[str, Any] = {"data": {"values": [{}]}}
"""Data of a mark that is drawn once, and not for every operating point."""
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
    options.sort(key=lambda each: (goal.cost(each), -goal.score(each)))
    found: list[Option] = []
    for each in options:
        if math.isfinite(goal.cost(each)) and (
            not found or goal.score(each) > goal.score(found[-1])
        ):
            found.append(each)
    return found


def rows(found: list[Option], winner: Option, names: dict[str, str], goal: Goal) -> list[list[str]]:
    """The lines of a table under ``HEADER``; the winner is marked, and is always among them.

    Args:
        goal: the limits.
        found: the frontier.
        winner: the chosen option.
        names: name of the row by key of the cell.
    """
    if winner not in found:
        found = [*found, winner]
    step = max(1, -(-len(found) // MOST))
    kept = [each for number, each in enumerate(found) if number % step == 0 or each == winner]
    return [["→" * (each == winner), names[each.cell.key], *figures(each, goal)] for each in kept]


def figures(option: Option, goal: Goal) -> list[str]:
    """Operating point, score, interval and prices as texts."""
    point, (low, high) = option.point, goal.interval(option)
    return [
        option.at() or NONE,
        f"{100 * goal.score(option):.1f}",
        f"{100 * low:.1f}–{100 * high:.1f}",
        *(_share(by.cost(point)) for by in (UNLIMITED, UNLIMITED.other)),
        NONE if math.isinf(option.latency_ms) else f"{option.latency_ms:.3g}",
        f"{option.megabytes:,.1f}",
    ]


def _share(cost: float) -> str:
    return NONE if math.isinf(cost) else f"{100 * cost:.1f}"


def draw(trials: Trials, goal: Goal, path: Path) -> None:
    """Draw score against price of every candidate as SVG, with the limit and the chosen point.

    Raises:
        ModuleNotFoundError: the packages that draw are not installed.
    """
    from bench.report.charts import vega
    from bench.report.charts.svg import to_svg

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
                        "value": 100 * goal.score(option),
                    }
                )
    best = trials.option(ranked[0])
    title = f"{goal.measure(best.cell)} on validation, %; ring: {trials.name(ranked[0])}"
    spec = copy.deepcopy(vega.against_visited("log", price=goal.price))
    for layer in spec["layer"]:
        for channel in layer["encoding"].values():
            if isinstance(channel, dict) and channel.get("legend"):  # names are long here
                channel["legend"] |= {"columns": 1, "labelLimit": 540}
    spec["layer"] += [*_limit(goal, in_share), _ring(in_share * goal.cost(best), goal.score(best))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_svg(spec, values, title), encoding="utf-8")


def _limit(goal: Goal, in_share: float) -> list[dict[str, Any]]:
    """A dashed line at the limit of the price, or of recall."""
    mark = {"type": "rule", "strokeDash": [5, 4], "color": DRAWN}
    if goal.recall is not None:
        return [ONCE | {"mark": mark, "encoding": {"y": {"datum": 100 * goal.recall}}}]
    place = {"x": {"datum": in_share * goal.most}}
    return [ONCE | {"mark": mark, "encoding": place}] * math.isfinite(goal.most)


def _ring(cost: float, score: float) -> dict[str, Any]:
    """A ring around the chosen operating point."""
    place = {"x": {"datum": cost}, "y": {"datum": 100 * score}}
    return ONCE | {"mark": {"type": "point", "size": 260, "color": DRAWN}, "encoding": place}
