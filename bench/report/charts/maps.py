"""Charts that the page alone has: heat maps, and the differences of two rows."""

from __future__ import annotations

import altair as alt

from bench.report.charts.vega import DISTANCE, PALETTE, Layers, as_spec, data, distance


@as_spec
def over_datasets() -> Layers:
    """How near each method comes to the best row of each dataset.

    Data: method, dataset and its place, share (per cent of the best score), score, best (a text).
    """
    base = data().encode(
        x=alt.X(
            "dataset:N",
            sort=alt.EncodingSortField("place", "min"),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-40),
        ),
        y=alt.Y("method:N", sort=None, title=None, axis=alt.Axis(labelLimit=200)),
    )
    scale = alt.Scale(domain=[0, 100], scheme="viridis")
    fields = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=scale, title="% of the best"),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("dataset:N"),
            alt.Tooltip("score:Q", format=".1f"),
            alt.Tooltip("share:Q", format=".1f", title="% of the best"),
            alt.Tooltip("best:N"),
        ],
    )
    return alt.layer(fields, _figures(base, "share")).properties(width=560)


@as_spec
def heat_map() -> Layers:
    """Recall over distance and share visited. Data: visited (a label), distance, recall."""
    base = data().encode(
        x=alt.X("visited:N", sort=None, title="documents visited, %", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("distance:O", title=DISTANCE),
    )
    scale = alt.Scale(domain=[0, 100], scheme="viridis")
    cells = base.mark_rect().encode(
        color=alt.Color("recall:Q", scale=scale, title="recall, %"),
        tooltip=[
            "visited:N",
            alt.Tooltip("distance:O", title=DISTANCE),
            alt.Tooltip("recall:Q", format=".1f"),
        ],
    )
    return alt.layer(cells, _figures(base, "recall")).properties(width=560, height=280)


@as_spec
def difference_by_distance() -> alt.Chart:
    """The lead of A over B at each distance. Data: distance, ahead (points), winner."""
    bars: alt.Chart = (
        data()
        .mark_bar()
        .encode(
            x=distance(),
            y=alt.Y("ahead:Q", title="A - B, points"),
            color=_winner(),
            tooltip=[
                alt.Tooltip("distance:O", title=DISTANCE),
                alt.Tooltip("ahead:Q", format="+.1f"),
            ],
        )
    )
    return bars.properties(width=560, height=200)


@as_spec
def difference_by_query() -> alt.Chart:
    """The lead of A over B on each query, in order. Data: place, ahead (points), winner."""
    area: alt.Chart = (
        data()
        .mark_area(interpolate="step")
        .encode(
            x=alt.X("place:Q", title="queries, A's best first", scale=alt.Scale(nice=False)),
            y=alt.Y("ahead:Q", title="A - B, points", scale=alt.Scale(domain=[-100, 100])),
            color=_winner(),
        )
    )
    return area.properties(width=560, height=200)


def _winner() -> alt.Color:
    scale = alt.Scale(domain=["A", "B"], range=list(PALETTE[:2]))
    return alt.Color("winner:N", scale=scale, title="ahead", legend=alt.Legend(orient="top"))


def _figures(base: alt.Chart, field: str) -> alt.Chart:
    """Figures of a heat map from 0 to 100, legible on its colours."""
    figures: alt.Chart = base.mark_text(fontSize=10).encode(
        text=alt.Text(f"{field}:Q", format=".0f"),
        color=alt.condition(f"datum.{field} > 55", alt.value("#111111"), alt.value("#ffffff")),
    )
    return figures
