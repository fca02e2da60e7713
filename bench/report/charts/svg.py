"""Charts of a task, as SVG files beside the boards that they show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import vl_convert

from bench.measures.budget import UNLIMITED, Budget
from bench.measures.ranking import MEASURES
from bench.report.boards.against import against_title, measures_of
from bench.report.boards.recall import DISTANCES
from bench.report.boards.xray import xray_title, xrayed
from bench.report.charts import vega
from bench.report.charts.curves import curve_of, strata_of, xray_values
from bench.report.charts.kept import made_by_vega

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.report.rows import PointMeasure, Row

Values = list[dict[str, Any]]

NAMED = re.compile(r"-[0-9a-f]{1,8}-(visited-.+|distance|xray)\.svg$")
"""The end of the name of a chart."""
IN_COLOUR = 6
"""Number of rows of a chart that are in colour: the best."""


class Chart(NamedTuple):
    """A drawn chart: the name of its file, and its text."""

    name: str
    svg: str


def draw_charts(rows: Sequence[Row], budget: Budget) -> dict[str, Chart]:
    """Draw the charts of one task.

    Args:
        rows: the rows of the task.
        budget: the largest cost at which the X-ray is drawn.

    Returns:
        The chart by the title of the board that it belongs to.
    """
    rows = list(rows)
    if not rows:
        return {}
    honest = [row for row in rows if not row.cells[0].sees_test]
    drawn: dict[str, tuple[str, vega.Spec, Values]] = {
        against_title(name, "visited"): (
            f"visited-{name.replace('@', '')}",
            vega.against_visited("log"),
            _against(honest, measure),
        )
        for name, measure in measures_of(rows).items()
        if _is_drawn(name)
    }
    drawn[DISTANCES] = ("distance", vega.by_distance(), _by_distance(honest))
    shown = xrayed(rows, budget)
    bars = [bar for row in shown for bar in xray_values(row)]
    several = len({bar["distance"] for bar in bars}) > 1
    labels = tuple(row.label for row in shown)
    stacked = vega.xray_by_distance(labels) if several else vega.xray()
    drawn[xray_title(budget)] = ("xray", stacked, bars)

    cell = rows[0].cells[0]
    # Data of one name may have changed: the digest keeps their charts apart.
    begin = f"{cell.task}-{cell.task_digest[:8]}"
    return {
        title: Chart(f"{begin}-{kind}.svg", to_svg(spec, values, title))
        for title, (kind, spec, values) in drawn.items()
        if values
    }


def write_charts(charts: Sequence[Chart], folder: Path) -> None:
    """Write charts into a folder, and remove those of before, of other cells than the boards."""
    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        (folder / chart.name).write_text(chart.svg)
    names = {chart.name for chart in charts}
    for path in folder.glob("*.svg"):
        if NAMED.search(path.name) and path.name not in names:
            path.unlink()


def to_svg(spec: vega.Spec, values: Values, title: str) -> str:
    """A chart with its data, as an SVG."""
    drawn = spec | {"datasets": {vega.DATA: values}, "title": title}
    return _slim(made_by_vega(vl_convert.vegalite_to_svg, json.dumps(drawn)))


def _slim(svg: str) -> str:
    """A picture at less than half of its size, which looks the same.

    The texts for screen readers are left out: in markdown it is an image with its own text.
    Coordinates have two decimals.
    """
    svg = re.sub(r' (aria-[a-z-]+|role|class|pointer-events)="[^"]*"| opacity="1"', "", svg)
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", svg)


def _is_drawn(measure: str) -> bool:
    """Whether a measure has its own file: over texts, the measures that rows are compared by."""
    return MEASURES[measure].compared != () if measure in MEASURES else "," not in measure


def _against(rows: list[Row], measure: PointMeasure) -> Values:
    """The operating points of every row that has more than one."""
    curves = {row.label: curve_of(row, {"": measure}) for row in rows}
    several = {label: curve for label, curve in curves.items() if len(curve.visited) > 1}
    return [
        {"method": label, "focus": number < IN_COLOUR, "visited": visited, "value": value}
        for number, (label, curve) in enumerate(several.items())
        for visited, value in zip(curve.visited, curve.measures[""], strict=True)
        if visited > 0
    ]


def _by_distance(rows: list[Row]) -> Values:
    """Recall of every row at the point that visits most; none if all pairs are at one distance."""
    strata = {row.label: found for row in rows if (found := strata_of(row, UNLIMITED)) is not None}
    if not strata or all(len(found.recall) == 1 for found in strata.values()):
        return []
    distances = [each.distance for each in rows[0].cells[0].points[0].recall_by_distance]
    return [
        {"method": label, "focus": number < IN_COLOUR, "distance": distance, "recall": recall}
        for number, (label, found) in enumerate(strata.items())
        for distance, recall in zip(distances, found.recall, strict=True)
    ]
