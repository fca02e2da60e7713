"""Charts of the study, as descriptions that Altair draws."""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Any

import altair as alt

from bench.report.charts.vega import DATA, GREY, PALETTE, Layers
from studies.geometry.dimensions import CRITERIA, HEIGHT, THEORY, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studies.geometry.dimensions import Needed, TreeGrid, Variant
    from studies.geometry.trade_offs import TradeOff


def needed_values(needed: Needed, variants: Sequence[Variant]) -> list[dict[str, Any]]:
    """The data of ``needed_chart``."""
    return [
        {
            "varied": varied,
            "place": tree.height if varied == "H" else tree.width,
            "variant": variant.label,
            "criterion": criterion.name,
            "dim": answer.dim,
        }
        for varied, trees in needed.grid.lines.items()
        for tree in trees
        for variant in variants
        for criterion in CRITERIA
        if (answer := needed.of(tree, variant, criterion)) is not None and answer.dim is not None
    ]


def by_theory(values: Sequence[dict[str, Any]], label: str) -> list[dict[str, Any]]:
    """Data of a variant as the slopes of theory have them: lines through its largest trees."""
    largest = {(value["varied"], value["criterion"]): value for value in values}
    lines = []
    for value in values:
        end = largest[value["varied"], value["criterion"]]
        ratio = value["place"] / end["place"]
        if value["varied"] == "H":
            dim = end["dim"] * ratio ** THEORY["H"]
        else:
            dim = end["dim"] + THEORY["W"] * math.log(ratio)
        lines.append(value | {"variant": label, "dim": dim})
    return lines


def needed_chart(grid: TreeGrid, variants: Sequence[Variant], theory: str = "") -> alt.HConcatChart:
    """The smallest dimension over H (both axes logarithmic) and over W, a row for each criterion.

    Data: varied (H or W), place, variant, criterion, dim.

    Args:
        grid: the trees.
        variants: the variants, in the order of the data.
        theory: a variant that is drawn in grey, without points; "": none.
    """
    labels = [variant.label for variant in variants]
    colours = [*PALETTE[: len(labels)], *([GREY] if theory else [])]
    labels += [theory] if theory else []

    def by_variant(channel: type, values: Sequence[str | float] = ()) -> Any:  # noqa: ANN401
        scale = alt.Scale(domain=labels, range=list(values) or alt.Undefined)
        return channel("variant:N", scale=scale, title=None)

    names = [criterion.name for criterion in CRITERIA]
    header = alt.Header(labelOrient="top", labelAnchor="start", labelPadding=2)
    row = alt.Row("criterion:N", sort=names, title=None, header=header)

    def panel(varied: str, title: str) -> alt.FacetChart:
        tried = [tree for tree in grid.lines[varied] if any(each.tries(tree) for each in variants)]
        ticks = [tree.height if varied == "H" else tree.width for tree in tried]
        scale = alt.Scale(type="log", domain=[ticks[0], ticks[-1]], nice=False)
        dims = [first * 2**power for power in range(12) for first in (2, 3)]
        base = alt.Chart().encode(
            x=alt.X("place:Q", title=title, scale=scale, axis=alt.Axis(values=ticks)),
            y=alt.Y(
                "dim:Q",
                title="dimensions",
                scale=alt.Scale(type="log", base=2),
                axis=alt.Axis(values=dims, labelOverlap=True),
            ),
            color=by_variant(alt.Color, colours),
        )
        # Where lines lie on each other, the first one is seen on both sides of the last one.
        lines = base.mark_line().encode(
            strokeWidth=by_variant(alt.StrokeWidth, (1.5 * len(labels), 1.5))
        )
        points = base.transform_filter(f"datum.variant != '{theory}'").mark_point(
            size=40, filled=True, opacity=1
        )
        layers = alt.layer(
            lines, points.encode(shape=by_variant(alt.Shape)), data=alt.NamedData(DATA)
        )
        chart: alt.FacetChart = (
            layers.properties(width=290, height=150)
            .transform_filter(f"datum.varied == '{varied}'")
            .facet(row=row, spacing=8)
        )
        return chart

    return alt.hconcat(
        panel("H", f"levels H, W = {WIDTH}"), panel("W", f"children W, H = {HEIGHT}")
    )


def curve_chart(dims: Sequence[int], held: float) -> Layers:
    """Recall over the dimension, a colour for each number of steps; a line at what is asked for.

    Data: dim, steps, of (all pairs or the worst distance), recall (per cent).

    Args:
        dims: the dimensions.
        held: the recall that is asked for, in per cent.
    """
    data = alt.Chart(alt.NamedData(DATA))
    found = data.encode(
        x=alt.X(
            "dim:Q",
            title="dimensions d",
            scale=alt.Scale(type="log", nice=False),
            axis=alt.Axis(values=list(dims)),
        ),
        y=alt.Y("recall:Q", title="recall, %", scale=alt.Scale(zero=False)),
        color=alt.Color("steps:O", scale=alt.Scale(scheme="viridis"), title="steps"),
    )
    lines = found.mark_line(strokeWidth=2).encode(strokeDash=alt.StrokeDash("of:N", title=None))
    points = found.mark_point(filled=True, opacity=1).encode(detail="of:N")
    rule = data.mark_rule(color=GREY).encode(y=alt.datum(held))
    return alt.layer(rule, lines, points).properties(width=520, height=300)


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
