"""Charts of a task, as SVG files beside the boards that they show."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import vl_convert

from bench.data.cards import card_of_task
from bench.measures.budget import UNLIMITED, Budget
from bench.measures.ranking import MEASURES
from bench.report.boards.against import against_title, measures_of
from bench.report.boards.recall import DISTANCES
from bench.report.boards.xray import xray_title, xrayed
from bench.report.charts import vega
from bench.report.charts.curves import curve_of, strata_of, xray_values
from bench.report.charts.kept import made_by_vega
from bench.report.points import at, mean_score
from bench.report.rows import chosen_points

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from bench.data.cards import Reported
    from bench.report.points import PointMeasure
    from bench.report.rows import Row

Values = list[dict[str, Any]]

NAMED = re.compile(r"-[0-9a-f]{1,8}-(visited-.+|distance|xray)\.svg$")
"""The end of the name of a chart."""
BY_DISTANCE = ("standard-de", "resampled-de", "pretrain-finetune-de", "constructed-de")
"""Methods of arXiv 2509.16411, which are in colour where recall is drawn by distance."""
AGAINST_VISITED = ("de-scann", "de-faiss-ivf", "ehi")
"""Methods of arXiv 2310.08891, which are in colour where documents visited are drawn."""


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
    honest = [row for row in rows if not row.sees_test]
    cell = rows[0].cells[0]
    card = card_of_task(cell.task)
    reported = card.reported if card is not None and card.name == cell.task else []
    drawn: dict[str, tuple[str, vega.Spec, Values]] = {}
    for name, measure in measures_of(rows).items():
        if _is_drawn(name):
            values = _against(honest, measure, budget)
            papers = _reported_at(reported, name)
            spec = vega.against_visited("linear", papers=bool(papers))
            kind = f"visited-{name.replace('@', '')}"
            drawn[against_title(name, "visited")] = (kind, spec, [*values, *papers * bool(values)])
    if cell.cut is None:
        values, papers = _by_distance(honest), _reported_by_distance(reported)
        spec = vega.by_distance(papers=bool(papers))
        drawn[DISTANCES] = ("distance", spec, [*values, *papers * bool(values)])
    shown = xrayed(rows, budget)
    bars = [bar for row in shown for bar in xray_values(row)]
    several = len({bar["distance"] for bar in bars}) > 1
    labels = tuple(row.label for row in shown)
    stratum = vega.DISTANCE if cell.cut is None else "level of relevance"
    stacked = vega.xray_by_distance(labels, stratum) if several else vega.xray()
    drawn[xray_title(budget)] = ("xray", stacked, bars)

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


def _in_colour(rows: Sequence[Row], names: Collection[str]) -> set[str]:
    """Labels of the rows in colour: a paper's methods as they come, then the best rows."""
    papers = [row.label for row in rows if row.name in names]
    others = [row.label for row in rows if row.label not in papers]
    return {*[*papers, *others][: len(vega.PALETTE)]}


def _against(rows: Sequence[Row], measure: PointMeasure, budget: Budget) -> Values:
    """The operating points of every row that has more than one, the best within a budget first."""
    rows = [row for row in rows if not row.is_brought]
    curves = {row.label: curve_of(row, {"": measure}) for row in rows}
    several = [row for row in rows if len(curves[row.label].visited) > 1]
    several = [row for row in several if None not in curves[row.label].visited]
    several.sort(key=lambda row: _score_within(row, budget), reverse=True)
    focus = _in_colour(several, AGAINST_VISITED)
    return [
        {"method": label, "focus": label in focus, "visited": visited, "value": value}
        for label in (row.label for row in several)
        for visited, value in zip(curves[label].visited, curves[label].measures[""], strict=True)
        if visited
    ]


def _score_within(row: Row, budget: Budget) -> float:
    points = chosen_points(row, at(budget))
    return mean_score(points) if points else -1.0


def _by_distance(rows: Sequence[Row]) -> Values:
    """Recall of every row at the point that visits most; none if all pairs are at one distance."""
    strata = {row.label: found for row in rows if (found := strata_of(row, UNLIMITED)) is not None}
    if not strata or all(len(found.recall) == 1 for found in strata.values()):
        return []
    distances = [each.distance for each in rows[0].cells[0].points[0].recall_by_distance]
    focus = _in_colour([row for row in rows if row.label in strata], BY_DISTANCE)
    return [
        {"method": label, "focus": label in focus, "distance": distance, "recall": recall}
        for label, found in strata.items()
        for distance, recall in zip(distances, found.recall, strict=True)
    ]


def _reported_by_distance(reported: Sequence[Reported]) -> Values:
    """Recall that papers report at each distance."""
    return [
        {"method": row.method, "reported": True, "distance": distance, "recall": recall}
        for row in reported
        for distance, recall in enumerate(row.recall_by_distance)
    ]


def _reported_at(reported: Sequence[Reported], measure: str) -> Values:
    """Values of a measure that papers report for a share of documents."""
    return [
        {
            "method": row.method,
            "reported": True,
            "visited": row.visited,
            "value": row.values[measure],
        }
        for row in reported
        if row.visited is not None and measure in row.values
    ]
