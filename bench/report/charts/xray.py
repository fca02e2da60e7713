"""The X-ray as a picture: bars of what is missed and why, by distance where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from bench.measures.xray import LOSSES
from bench.report.boards.xray import XRayed, mean_of_terms
from bench.report.charts.vega import DATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.report.charts.vega import Layers

COLOURS = ("#0072b2", "#e69f00", "#d55e00", "#009e73")
"""Of the terms, from the palette of Okabe & Ito (2008), made for those who see no red or green."""


def xray_values(row: XRayed) -> list[dict[str, Any]]:
    """Bars of a row: method, distance, why, missed (per cent; a gain is below 0)."""
    first = row.seeds[0].by_distance
    several = len(first) > 1
    return [
        {
            "method": row.label,
            "distance": distance,
            "why": term,
            "missed": round(-share if term == "gain" else share, 2),
        }
        for distance in (first if several else [0])
        for term, share in mean_of_terms(
            [seed.by_distance[distance] if several else seed.overall for seed in row.seeds]
        ).items()
    ]


def xray() -> alt.Chart:
    """Bars stacked from the terms, gain to the left of zero, a row for each method."""
    chart: alt.Chart = _bars().encode(
        x=alt.X("missed:Q", title="missed, % of relevant documents"),
        y=alt.Y("method:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
    )
    return chart.properties(width=420)


def xray_by_distance(labels: Sequence[str] = ()) -> Layers:
    """The same bars at each distance, a small chart for each method.

    Args:
        labels: of the methods in their order; small charts do not keep that of the data.
    """
    bars = _bars().encode(
        x=alt.X("distance:O", title="distance", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("missed:Q", title="missed, %"),
    )
    facet = alt.Facet("method:N", sort=list(labels), title=None, header=alt.Header(labelLimit=180))
    chart: Layers = bars.properties(width=150, height=90).facet(facet, columns=4)
    return chart


def _bars() -> alt.Chart:
    order = alt.Order("order:Q")
    legend = alt.Legend(title=None, orient="top")
    scale = alt.Scale(domain=list(LOSSES), range=list(COLOURS))
    chart: alt.Chart = (
        alt.Chart(alt.NamedData(DATA))
        .mark_bar()
        .encode(
            color=alt.Color("why:N", scale=scale, legend=legend),
            order=order,
            tooltip=["method:N", "why:N", alt.Tooltip("missed:Q", format=".1f")],
        )
        .transform_calculate(order=f"indexof({list(LOSSES)}, datum.why)")
    )
    return chart
