"""Charts as descriptions over named data: SVG beside the boards, interactive on the page.

Selected rows are in colour (``focus``), the others grey behind them. Colours differ on white and on
black, and each has a shape of its own.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias

import altair as alt

from bench.measures.xray import LOSSES

if TYPE_CHECKING:
    from collections.abc import Callable

Layers: TypeAlias = alt.LayerChart | alt.FacetChart
Spec: TypeAlias = dict[str, Any]

DATA = "values"
DISTANCE = "distance"
"""The title of the strata of a hierarchy, which the page changes where they are other ones."""
PALETTE = (
    "#2f74b5", "#d1602a", "#2a8f6d", "#b0487f", "#8a6fd1", "#a07a1a", "#4f93a8", "#7c7f86",
)  # fmt: skip
GREY = "#8a8f98"
PAPERS = "#d4304f"
"""Colour of the rows that papers report."""
LOSS_COLOURS = ("#0072b2", "#e69f00", "#d55e00", "#009e73")
"""Colours of the X-ray's terms, from the palette of Okabe & Ito (2008), for the colour-blind."""
CONFIG = {
    "axis": {"gridOpacity": 0.45, "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": 500},
    "legend": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "symbolSize": 70,
        "layout": {"bottom": {"direction": "vertical"}},
    },
    "header": {"labelFontSize": 12},
    "title": {"fontSize": 14, "anchor": "start", "offset": 12},
    "view": {"stroke": None},
}


def spec_of(description: alt.TopLevelMixin) -> Spec:
    """A description in Vega-Lite's JSON; its data is added later under the name ``DATA``."""
    spec: Spec = description.to_dict()
    return spec | {"config": CONFIG}


def as_spec(describe: Callable[..., alt.TopLevelMixin]) -> Callable[..., Spec]:
    """A function that gives the spec, which takes long to make and is made once."""

    @functools.cache
    @functools.wraps(describe)
    def spec(*arguments: Any, **named: Any) -> Spec:  # noqa: ANN401 - those of describe
        return spec_of(describe(*arguments, **named))

    return spec


@as_spec
def against_visited(
    scale: str, *, papers: bool = False, price: str = "documents visited, %"
) -> Layers:
    """A measure over the share of documents visited; the page puts other costs in its place.

    Data: method, focus, setting, visited and work (per cent, above 0), value (per cent); time and
    pace, the latency and the speed as texts, with their marks.

    Args:
        scale: scale of the share: ``linear`` or ``log``.
        papers: whether rows with ``reported`` are drawn, in the colour of what papers report.
        price: the title of the cost, where another one stands in its place.
    """
    base = data().encode(
        x=alt.X("visited:Q", title=price, scale=_scale(scale)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("setting:N"),
            alt.Tooltip("value:Q", format=".1f"),
            alt.Tooltip("visited:Q", format=".2f", title="visited %"),
            alt.Tooltip("work:Q", format=".2f", title="work %"),
            alt.Tooltip("time:N", title="p50 ms"),
            alt.Tooltip("pace:N", title="queries a second"),
        ],
    )
    above = _reported_points(base) * papers
    return _focused(base, "visited:Q", *above).properties(width=560, height=300)


@as_spec
def by_distance(*, papers: bool = False) -> Layers:
    """Recall at each distance. Data: method, focus, distance, recall (per cent).

    Args:
        papers: whether rows with ``reported`` are drawn, in the colour of what papers report.
    """
    base = data().encode(
        x=distance(),
        y=alt.Y("recall:Q", title="recall, %", scale=alt.Scale(domain=[0, 100])),
        tooltip=[
            alt.Tooltip("method:N"),
            alt.Tooltip("distance:O", title=DISTANCE),
            alt.Tooltip("recall:Q", format=".1f"),
        ],
    )
    above = _reported_lines(base, "distance:O") * papers
    return _focused(base, "distance:O", *above).properties(width=560, height=300)


@as_spec
def xray() -> alt.Chart:
    """Bars stacked from the terms, gain to the left of zero, a row for each method."""
    bars = _bars().encode(
        x=alt.X("missed:Q", title="missed, % of relevant documents"),
        y=alt.Y("method:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
    )
    return bars.properties(width=420)


@as_spec
def xray_by_distance(labels: tuple[str, ...] = (), stratum: str = DISTANCE) -> Layers:
    """The same bars at each distance, a small chart for each method.

    Args:
        labels: names of the methods in their order; small charts do not keep that of the data.
        stratum: what a distance is called.
    """
    bars = _bars().encode(x=distance(stratum), y=alt.Y("missed:Q", title="missed, %"))
    facet = alt.Facet("method:N", sort=list(labels), title=None, header=alt.Header(labelLimit=180))
    chart: Layers = bars.properties(width=150, height=90).facet(facet, columns=4)
    return chart


def data() -> alt.Chart:
    """A chart of the data that is added later."""
    return alt.Chart(alt.NamedData(DATA))


def distance(stratum: str = DISTANCE) -> alt.X:
    """The axis of distances, or of what they are called."""
    return alt.X("distance:O", title=stratum, axis=alt.Axis(labelAngle=0))


def _scale(kind: str) -> alt.Scale:
    return alt.Scale(type="log", nice=False) if kind == "log" else alt.Scale(domainMin=0)


def _focused(base: alt.Chart, order: str, *above: alt.Chart) -> Layers:
    """Lines with points: in colour if they have ``focus``, else grey, unless a paper reports them.

    Args:
        base: the axes of both.
        order: the field by which points are joined.
        above: further layers.
    """
    legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=260)
    scale = alt.Scale(range=list(PALETTE))
    colour = alt.Color("method:N", sort=None, scale=scale, legend=legend)
    shape = alt.Shape("method:N", sort=None, legend=None)
    grey = "!datum.focus && !datum.reported"
    behind = base.transform_filter(grey).encode(detail="method:N", order=order)
    front = base.transform_filter("datum.focus").encode(color=colour, order=order)
    return alt.layer(
        behind.mark_line(color=GREY, opacity=0.35, strokeWidth=1),
        behind.mark_point(color=GREY, opacity=0.35, size=8, filled=True),
        front.mark_line(strokeWidth=2),
        front.mark_point(size=45, filled=True, opacity=1).encode(shape=shape),
        *above,
    )


def _reported_lines(base: alt.Chart, order: str) -> tuple[alt.Chart, ...]:
    """Rows that papers report, as dashed lines with a legend."""
    legend = alt.Legend(title="reported", orient="bottom", columns=2, labelLimit=260)
    dash = alt.StrokeDash("method:N", sort=None, legend=legend)
    reported = base.transform_filter("datum.reported").encode(strokeDash=dash, order=order)
    return reported.mark_line(color=PAPERS, strokeWidth=1.5), _diamonds(reported)


def _reported_points(base: alt.Chart) -> tuple[alt.Chart, ...]:
    """Rows that papers report, as points with their names, which end left of the right edge."""
    reported = base.transform_filter("datum.reported")
    names: alt.Chart = reported.mark_text(
        color=PAPERS,
        align=alt.ExprRef("datum.visited > 50 ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.visited > 50 ? -8 : 8"),
    ).encode(text="method:N")
    return _diamonds(reported), names


def _diamonds(reported: alt.Chart) -> alt.Chart:
    points: alt.Chart = reported.mark_point(
        color=PAPERS, size=30, shape="diamond", filled=True, opacity=1
    )
    return points


def _bars() -> alt.Chart:
    scale = alt.Scale(domain=list(LOSSES), range=list(LOSS_COLOURS))
    bars: alt.Chart = (
        data()
        .mark_bar()
        .encode(
            color=alt.Color("why:N", scale=scale, legend=alt.Legend(title=None, orient="top")),
            order=alt.Order("order:Q"),
            tooltip=["method:N", "why:N", alt.Tooltip("missed:Q", format=".1f")],
        )
    )
    return bars.transform_calculate(order=f"indexof({list(LOSSES)}, datum.why)")
