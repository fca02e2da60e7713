"""The X-ray as a picture: bars of what is missed and why, by distance where there are several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from bench.report.xray_boards import TERMS, TITLE, mean_of_terms, xrayed

if TYPE_CHECKING:
    from bench.report.board import Row

COLOURS = ("#4c78a8", "#f58518", "#e45756", "#54a24b")
"""Of the terms; told apart by those who see no red or green, too."""


def xray_chart(rows: list[Row]) -> alt.TopLevelMixin | None:
    """Bars stacked from the terms, gain to the left of zero; None where no row was X-rayed."""
    found = xrayed(rows)
    if not found:
        return None
    distances = list(found[0].seeds[0].by_distance)
    several = len(distances) > 1
    values: list[dict[str, Any]] = []
    for row in found:
        for distance in distances if several else [0]:
            losses = [seed.by_distance[distance] if several else seed.overall for seed in row.seeds]
            for term, share in mean_of_terms(losses).items():
                signed = -share if term == "gain" else share
                bar = {"method": row.label, "distance": distance, "why": term, "missed": signed}
                values.append(bar)
    labels = [row.label for row in found]
    base = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            color=alt.Color(
                "why:N",
                scale=alt.Scale(domain=list(TERMS), range=list(COLOURS)),
                legend=alt.Legend(title=None, orient="top"),
            ),
            order=alt.Order("order:Q"),
        )
        .transform_calculate(order=f"indexof({list(TERMS)}, datum.why)")
    )
    chart: alt.TopLevelMixin
    if not several:
        chart = base.encode(
            x=alt.X("missed:Q", title="missed, % of relevant documents"),
            y=alt.Y("method:N", sort=labels, title=None, axis=alt.Axis(labelLimit=300)),
        ).properties(width=420, title=TITLE)
        return chart
    chart = (
        base.encode(
            x=alt.X("distance:O", title="distance"),
            y=alt.Y("missed:Q", title="missed, %"),
        )
        .properties(width=150, height=90)
        .facet(alt.Facet("method:N", sort=labels, title=None), columns=4)
        .properties(title=TITLE)
    )
    return chart
