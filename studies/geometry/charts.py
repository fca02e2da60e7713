"""Charts of the study, as descriptions that Altair draws."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

import altair as alt

from bench.report.charts.vega import DATA, PALETTE, Layers
from studies.geometry.dimensions import HEIGHT, METHODS, TARGETS, WIDTH, Tree

if TYPE_CHECKING:
    from studies.geometry.dimensions import Needed
    from studies.geometry.trade_offs import TradeOff

SHOWN = TARGETS[:2]


def needed_values(needed: Needed) -> list[dict[str, Any]]:
    """The data of ``needed_chart``."""
    grid = needed.grid
    trees = [("H", height, Tree(height, WIDTH)) for height in grid.heights]
    trees += [("W", width, Tree(HEIGHT, width)) for width in grid.widths]
    return [
        {"varied": varied, "place": place, "method": method, "target": target.name, "dim": dim}
        for varied, place, tree in trees
        for method in METHODS
        for target in SHOWN
        if (dim := needed.of(tree, method, target)) is not None
    ]


def needed_chart(grid_heights: list[int], grid_widths: list[int]) -> alt.HConcatChart:
    """The smallest dimension over H (both axes logarithmic) and over W (W logarithmic).

    Data: varied (H or W), place, method, target, dim.
    """
    colour = alt.Color("method:N", sort=METHODS, scale=alt.Scale(range=list(PALETTE)), title=None)
    shape = alt.Shape("method:N", sort=METHODS, legend=None)
    dash = alt.StrokeDash("target:N", title="recall", sort=[target.name for target in SHOWN])

    def panel(varied: str, title: str, ticks: list[int]) -> Layers:
        base = (
            alt.Chart(alt.NamedData(DATA))
            .transform_filter(f"datum.varied == '{varied}'")
            .encode(
                x=alt.X(
                    "place:Q",
                    title=title,
                    scale=alt.Scale(type="log", domain=[ticks[0], ticks[-1]], nice=False),
                    axis=alt.Axis(values=ticks),
                ),
                y=alt.Y(
                    "dim:Q",
                    title="dimensions needed",
                    scale=alt.Scale(type="log", base=2),
                    axis=alt.Axis(values=[2**power for power in range(12)]),
                ),
                color=colour,
                detail="target:N",
            )
        )
        lines = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
        points = base.mark_point(size=45, filled=True, opacity=1).encode(shape=shape)
        return alt.layer(lines, points).properties(width=300, height=300)

    return alt.hconcat(
        panel("H", f"levels H, W = {WIDTH}", grid_heights),
        panel("W", f"children W, H = {HEIGHT}", grid_widths),
    )


def trade_off_values(trade_off: TradeOff) -> list[dict[str, Any]]:
    """The data of ``trade_off_chart``: means over seeds, in per cent."""
    return [
        {
            "dataset": dataset,
            "way": setting.way,
            "place": setting.place,
            "distance": distance,
            "recall": 100 * fmean(recalls),
        }
        for (dataset, setting), some in trade_off.results.items()
        if setting.place is not None
        for distance, recalls in enumerate(zip(*(o.by_distance for o in some), strict=True))
    ]


def trade_off_chart(trade_off: TradeOff, scale: alt.Scale) -> alt.FacetChart:
    """Recall at each distance over what is varied.

    Data: dataset, way, place, distance, recall.
    """
    places = {setting.place for _, setting in trade_off.results if setting.place is not None}
    ticks = alt.Axis(values=sorted(places), labelOverlap=True)
    chart: alt.FacetChart = (
        alt.Chart(alt.NamedData(DATA))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("place:Q", title=trade_off.axis, scale=scale, axis=ticks),
            y=alt.Y("recall:Q", title="recall, %", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color("distance:O", scale=alt.Scale(scheme="viridis")),
        )
        .properties(width=230, height=200)
        .facet(
            row=alt.Row("dataset:N", title=None, sort=None),
            column=alt.Column("way:N", title=None, sort=None),
        )
    )
    return chart
