"""Figures 2 and 5 of the paper: recall against the share visited, on linear axes, rows named."""

from __future__ import annotations

import json
from operator import methodcaller
from statistics import fmean
from typing import TYPE_CHECKING, Any

import altair as alt
import vl_convert

from bench.measures.budget import UNLIMITED
from bench.report.charts.curves import curve_of
from bench.report.charts.kept import made_by_vega
from bench.report.charts.vega import CONFIG, GREY, PALETTE
from studies.ehi.paper import METHODS
from studies.ehi.rows import DEFAULT_ENCODER

if TYPE_CHECKING:
    from studies.ehi.rows import Rows

COLUMNS, WIDTH, HEIGHT = 2, 330, 220
EXACT = "exact"


def picture(all_rows: list[Rows]) -> str:
    """The SVG: a panel for each dataset of texts; exact search is a dashed rule."""
    curved = [name for name in METHODS if name != EXACT]
    colour = alt.Color(
        "row:N",
        title=None,
        scale=alt.Scale(domain=[*curved, EXACT], range=[*PALETTE[: len(curved)], GREY]),
        legend=alt.Legend(orient="bottom"),
    )
    panels = []
    for rows in all_rows:
        if rows.report.is_hierarchy or rows.encoder != DEFAULT_ENCODER:
            continue
        points = [point for name in curved for point in _points(rows, name)]
        exact = rows.values(EXACT, UNLIMITED, rows.measure)
        x = alt.X("visited:Q", title="documents visited, %", scale=alt.Scale(domain=[0, 100]))
        y = alt.Y("value:Q", title=f"{rows.measure}, %", scale=alt.Scale(zero=False))
        line = _chart(points).mark_line(point={"size": 12}, strokeWidth=1.5).encode(x, y, colour)
        layers: list[alt.Chart] = [line]
        if exact:
            rule = _chart([{"row": EXACT, "value": 100 * fmean(exact)}])
            layers.append(
                rule.mark_rule(strokeDash=[5, 3], strokeWidth=1.5).encode(y=y, color=colour)
            )
        panels.append(
            alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=rows.report.name)
        )
    spec = alt.concat(*panels, columns=COLUMNS).to_dict()
    drawn = spec | {"config": CONFIG | {"background": "white"}}
    return made_by_vega(vl_convert.vegalite_to_svg, json.dumps(drawn))


def _chart(values: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values))


def _points(rows: Rows, name: str) -> list[dict[str, Any]]:
    """The operating points of a row, means over seeds in per cent."""
    row = rows.by_name.get(name)
    if row is None:
        return []
    curve = curve_of(row, {"": methodcaller("mean", rows.measure)})
    pairs = zip(curve.visited, curve.measures[""], strict=True)
    return [
        {"row": name, "visited": visited, "value": value}
        for visited, value in pairs
        if visited is not None and value is not None
    ]
