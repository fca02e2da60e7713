"""``leaderboard.html``: one file with all boards, charts and comparisons, that loads nothing else.

Style, script and the shell of the page are files of their own in ``assets/``; Vega, which draws the
charts, comes out of vl-convert. What is shown is JSON in the page, made from cells alone, so that
equal results give an equal page.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Any

from bench.data.cards import card_of_task
from bench.report.charts.curves import measures_of
from bench.report.page.queries import comparisons_json
from bench.report.page.rows import Places, rows_json
from bench.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.report.rows import Board
    from bench.report.task_report import TaskReport
    from bench.store.folder import Store

NAME = "leaderboard.html"
SCRIPTS = ("data.js", "table.js", "charts.js", "compare.js", "details.js", "main.js")


def write_page(store: Store, reports: Sequence[TaskReport], overview: Sequence[Board]) -> Path:
    """Write the page of a store into its ``leaderboard.html``."""
    path = store.root / NAME
    write_atomically(path, page_of(reports, overview))
    return path


def page_of(reports: Sequence[TaskReport], overview: Sequence[Board]) -> str:
    """The page as text, the same for the same reports and versions of the libraries.

    Names of queries are read from datasets that come with the project.

    Args:
        reports: of each task.
        overview: boards over all of them, whose rows begin with the name of a task.
    """
    import vl_convert

    assets = resources.files("bench.report.page") / "assets"
    places = Places()
    tasks = [_task_json(report, places) for report in reports]
    data = {
        "overview": [asdict(board) for board in overview],
        "tasks": tasks,
        "places": places.found,
        "charts": _descriptions(),
    }
    parts = {
        "style": (assets / "page.css").read_text("utf-8"),
        "licence": (assets / "vega.LICENSE.txt").read_text("utf-8"),
        "vega": vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
        "data": json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")),
        "script": "\n".join((assets / name).read_text("utf-8") for name in SCRIPTS),
    }
    # A script ends where "</" begins a tag, wherever that stands.
    parts["data"] = parts["data"].replace("<", "\\u003c")
    parts["vega"] = parts["vega"].replace("</script", "<\\/script")
    shell = (assets / "page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], shell)


def _task_json(report: TaskReport, places: Places) -> dict[str, Any]:
    first = report.cells[0]
    card = card_of_task(first.task)
    facts = {} if card is None else card.model_dump(include={"title", "citation", "licence"})
    points = report.rows[0].cells[0].points if report.rows else []
    strata = points[0].recall_by_distance if points else []
    return facts | {
        "name": first.task,
        "digest": first.task_digest,
        "id": f"{first.task}-{first.task_digest[:8]}",
        "queries": first.n_queries,
        "documents": first.n_documents,
        "pairs": bool(first.similarity),
        "notes": first.notes,
        "cut": first.cut,
        "strata": [[each.distance, each.n] for each in strata],
        "measures": list(measures_of(report.rows)) if report.rows else [],
        "boards": [asdict(board) for board in report.boards],
        "rows": rows_json(report.rows, places),
        "compare": comparisons_json(first, report.comparisons),
    }


def _descriptions() -> dict[str, Any]:
    """The charts in Vega-Lite, without their data."""
    from bench.report.charts import vega as descriptions
    from bench.report.charts import xray as xray_chart

    charts = {
        "linear": descriptions.against_visited("linear"),
        "log": descriptions.against_visited("log"),
        "distance": descriptions.by_distance(),
        "heat": descriptions.heat_map(),
        "ahead-by-distance": descriptions.difference_by_distance(),
        "ahead-by-query": descriptions.difference_by_query(),
        "xray": xray_chart.xray(),
        "xray-by-distance": xray_chart.xray_by_distance(),
    }
    return {name: descriptions.spec_of(chart) for name, chart in charts.items()}
