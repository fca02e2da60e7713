"""``leaderboard.html``: one file with all boards, charts and comparisons, that loads nothing else.

Style, script and the shell of the page are files of their own in ``assets/``; Vega, which draws the
charts, comes from vl-convert. The data is JSON, packed in the page, made from cells alone, so that
equal results give an equal page.
"""

from __future__ import annotations

import base64
import json
import re
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import vl_convert

from bench.report.charts import maps, vega
from bench.report.charts.kept import made_by_vega
from bench.report.page.data import board_json, task_json
from bench.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.report.table import Board
    from bench.report.task_report import TaskReport

SCRIPTS = (
    "data.js", "address.js", "tips.js", "csv.js", "table.js", "chart.js", "charts.js", "against.js",
    "ranking.js", "compare.js", "defaults.js", "datasets.js", "details.js", "main.js",
)  # fmt: skip


def write_page(
    path: Path,
    reports: Sequence[TaskReport],
    overview: Sequence[Board],
    run: Sequence[str],
    *,
    texts: bool = False,
) -> None:
    """Write the page, the same for the same reports and versions of the libraries.

    Args:
        path: path of the file.
        reports: the report of each task.
        overview: boards over all of them, whose rows begin with the name of a task.
        run: the words that begin the command of a row.
        texts: whether texts of queries are printed, where their licence allows it and the data is
            on this machine; another machine cannot rebuild such a page.
    """
    assets = resources.files("bench.report.page") / "assets"
    places: list[dict[str, Any]] = []
    sentences: list[str] = []
    data = {
        "overview": [board_json(board, sentences) for board in overview],
        "tasks": [task_json(report, places, sentences, texts=texts, run=run) for report in reports],
        "places": places,
        "sentences": sentences,
        "charts": _charts(),
    }
    parts = {
        "style": (assets / "page.css").read_text("utf-8"),
        "summary": _summary(overview[0]),
        "licence": (assets / "vega.LICENSE.txt").read_text("utf-8"),
        "vega": made_by_vega(_packed_script, "window.vegaEmbed = vegaEmbed;"),
        "data": _packed(
            json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        ),
        "unpack": (assets / "unpack.js").read_text("utf-8"),
        "script": "\n".join((assets / name).read_text("utf-8") for name in SCRIPTS),
    }
    shell = (assets / "page.html").read_text("utf-8")
    write_atomically(path, re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], shell))


def _packed_script(source: str) -> str:
    """A script with Vega in it, packed."""
    return _packed(vl_convert.javascript_bundle(source))


def _packed(text: str) -> str:
    """A text under gzip, in base 64: Vega and the data are most of the page.

    By pyarrow, which brings its own zlib: every machine packs the same bytes.
    """
    return base64.b64encode(pa.compress(text.encode(), codec="gzip", asbytes=True)).decode()


def _summary(board: Board) -> str:
    """The first board in HTML, which stands there until a script draws it, or if none may run."""

    def line(texts: list[str], tag: str) -> str:
        cells = (f'<{tag} class="text">{escape(text)}</{tag}>' for text in texts)
        return f"<tr>{''.join(cells)}</tr>"

    head, rows = line(board.header, "th"), (line(row, "td") for row in board.rows)
    title = f"<h3>{escape(board.title)}</h3>"
    return f'{title}<div class="scroll"><table>{head}{"".join(rows)}</table></div>'


def _charts() -> dict[str, vega.Spec]:
    """The charts, without their data."""
    return {
        "against": vega.against_visited("log", papers=True),
        "over-datasets": maps.over_datasets(),
        "distance": vega.by_distance(papers=True),
        "heat": maps.heat_map(),
        "ahead-by-distance": maps.difference_by_distance(),
        "ahead-by-query": maps.difference_by_query(),
        "xray": vega.xray(),
        "xray-by-distance": vega.xray_by_distance(),
    }
