"""The files of a results folder's boards: LEADERBOARD.md, boards/, figures/ and the page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import EXTRAS, lacks_packages
from bench.report.boards.all import report_of
from bench.report.changes import changes_board, changes_since
from bench.report.dataset_page import BACK, BOARDS, FIGURES, Section, contents, dataset_page
from bench.report.front import front
from bench.report.news import absent, changes_section, counts, outside_section
from bench.report.published import of_any_version, read_published, scores_of
from bench.report.rows import by_task
from bench.report.sentences import sentences
from bench.report.summary import summary_boards
from bench.system.files import write_atomically
from bench.system.memory import without_collecting
from bench.system.paths import run_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.measures.budget import Budget
    from bench.report.boards.paired import ValuesOf
    from bench.report.charts.svg import Chart
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell
    from bench.store.folder import Store

NAME, PAGE, FIRST = "LEADERBOARD.md", "leaderboard.html", "index.html"
FORWARD = f"""<!doctype html>
<meta charset="utf-8">
<title>Leaderboard</title>
<a href="{PAGE}">Leaderboard</a>
<script>location.replace("{PAGE}" + location.hash)</script>
"""
"""What a server shows of the folder: the page, at the place that a link names."""


class Leaderboard(NamedTuple):
    """The files that were written.

    Attributes:
        path: path of LEADERBOARD.md.
        page: path of leaderboard.html, if it was written.
        reports: the report of every task.
        left_out: a line for each stored cell that is on no board.
    """

    path: Path
    page: Path | None
    reports: list[TaskReport]
    left_out: list[str]


@without_collecting()
def write_leaderboard(
    store: Store, budget: Budget | None = None, *, figures: bool = False
) -> Leaderboard:
    """Write the boards of all cells of a store: LEADERBOARD.md, and a file for each task.

    Args:
        store: the results folder. One with marked boards is a published one, and rows that the
            published suite does not list are named.
        budget: the largest cost at which rows are compared; None: that of each dataset's card.
        figures: whether charts are drawn into ``figures/`` and shown, and the page is written
            beside them, if their libraries are installed; this takes seconds.

    Raises:
        InputError: the record of marked boards is not as it was written, or the suite cannot be
            used.
    """
    path = store.root / NAME
    figures = figures and lacks_packages(EXTRAS["page"]) is None
    published = read_published(store.published)
    stored, left_out = store.read()
    reports, drawn = _reports(stored, store.query_values, budget, figures=figures)
    sections = [
        Section(report, {title: chart.name for title, chart in charts.items()})
        for report, charts in zip(reports, drawn, strict=True)
    ]
    overview = summary_boards(reports)
    missing, news, on_all, changed = [], [], [], []
    if published is not None:
        now = [of_any_version(scores_of(each.rows)) for each in reports if each.rows]
        changes = changes_since(published, now)
        changed = [changes_board(published, changes)]
        missing, news = absent(reports), counts(published, changes, reports)
        on_all = [changes_section(changed[0], changes, reports), outside_section(reports)]
    says = [" ".join(sentences(each)) for each in reports]
    write_atomically(path, front(sections, says, overview, missing, news, budget))
    pages = {each.report.name: dataset_page(each) for each in sections}
    _write_boards(store.root / BOARDS, pages | {"README": contents(reports, on_all)})
    if figures:
        from bench.report.charts.svg import write_charts
        from bench.report.page.write import write_page

        write_charts([chart for each in drawn for chart in each.values()], store.root / FIGURES)
        # What is published must be rebuilt where the data is not.
        write_atomically(store.root / FIRST, FORWARD)
        run, boards = run_words(store.runs), [*overview, *changed]
        write_page(store.root / PAGE, reports, boards, run, texts=published is None)
    return Leaderboard(path, store.root / PAGE if figures else None, reports, left_out)


def _reports(
    cells: list[Cell], values_of: ValuesOf, budget: Budget | None, *, figures: bool
) -> tuple[list[TaskReport], list[dict[str, Chart]]]:
    """The report of each task, and its charts, drawn in a thread while other rows are compared."""

    def draw(report: TaskReport) -> dict[str, Chart]:
        from bench.report.charts.svg import draw_charts  # its libraries take long to import

        return draw_charts(report.rows, report.budget)

    with ThreadPoolExecutor(1) as pool:
        reports, drawn = [], []
        for name, each in by_task(cells).items():
            reports.append(report_of(each, values_of, budget, name))
            drawn.append(pool.submit(draw, reports[-1]) if figures else None)
    return reports, [each.result() if each else {} for each in drawn]


def _write_boards(folder: Path, pages: Mapping[str, str]) -> None:
    """Write the files of a folder, and remove those that were written of other tasks before."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        write_atomically(folder / f"{name}.md", text)
    for path in folder.glob("*.md"):
        if path.stem not in pages and path.read_text("utf-8").startswith(BACK):
            path.unlink()
