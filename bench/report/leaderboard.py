"""LEADERBOARD.md: the boards of every task in a results folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import card_of_task
from bench.plan.suite import PUBLISHED, not_listed, read_suite
from bench.report.boards.all import TaskReport, report_of
from bench.report.changes import changes_board, changes_since
from bench.report.markdown import (
    anchor,
    escaped,
    link,
    linked,
    pipe_table,
    target_of,
)
from bench.report.published import of_any_version, read_published, scores_of
from bench.report.rows import EARLIER, by_task, compared, label
from bench.report.stated import statement
from bench.report.summary import distance_board, summary_board
from bench.store.cell import Status
from bench.system.files import write_atomically
from bench.system.memory import without_collecting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.measures.budget import Budget
    from bench.report.boards.paired import ValuesOf
    from bench.report.changes import TaskChanges
    from bench.report.charts.svg import Chart
    from bench.report.table import Board
    from bench.store.cell import Cell
    from bench.store.folder import Store

NAME, PAGE, FIGURES = "LEADERBOARD.md", "leaderboard.html", "figures"
HEAD = """# Leaderboard

How far up a hierarchy a method still finds what is relevant (**recall by distance**), how well it
ranks texts (**nDCG, recall at a rank**, by whether a document was seen in training), and how much
of the corpus it must look at for that (**against visited**). Every figure is derived from the cells
in `runs/`; rows marked *reported* are printed in papers and stand apart.
"""


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
    """Write the boards of all cells of a store into its LEADERBOARD.md.

    Args:
        store: the results folder. One with marked boards is a published one, and rows that the
            published suite does not list are named.
        budget: the largest cost at which rows are compared; None: that of each dataset's card.
        figures: whether charts are drawn into ``figures/`` and shown, and the page is written
            beside them; this takes seconds.

    Raises:
        InputError: the record of marked boards is not as it was written, or the suite cannot be
            used.
    """
    path = store.root / NAME
    published = read_published(store.published)
    stored, left_out = store.read()
    reports, charts = _reports(stored, store.query_values, budget, figures=figures)
    links = {name: link(name, f"#{anchor(name)}") for name in map(_name, reports)}
    overview = [summary_board(reports)]
    if (by_distance := distance_board(reports)).rows:
        overview.append(by_distance)
    texts = [_overview(board, links) for board in overview]
    if published is not None:
        now = [of_any_version(scores_of(each.rows)) for each in reports if each.rows]
        changes = changes_since(published, now)
        overview.append(changes_board(published, changes))
        texts.append(_changed(overview[-1], changes, links))
        texts.append(outside_section(reports, links))
    texts.append(_contents(reports, links))
    texts += [_section(report, drawn) for report, drawn in zip(reports, charts, strict=True)]
    write_atomically(path, "\n".join([HEAD, *statement(budget), *texts]))
    if figures:
        from bench.report.charts.svg import write_charts
        from bench.report.page.write import write_page

        write_charts([each for drawn in charts for each in drawn.values()], path.parent / FIGURES)
        write_page(store.root / PAGE, reports, overview)
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
        for each in by_task(cells):
            reports.append(report_of(each, values_of, budget))
            drawn.append(pool.submit(draw, reports[-1]) if figures else None)
    return reports, [each.result() if each else {} for each in drawn]


def _name(report: TaskReport) -> str:
    return report.cells[0].task


def _overview(board: Board, links: Mapping[str, str]) -> str:
    """A board of all datasets, with links to them."""
    rows = [[links[name], *texts] for name, *texts in board.rows]
    return "\n".join(
        [
            f"## {board.title}",
            "",
            *map(escaped, board.notes),
            "",
            pipe_table(board.header, rows),
            "",
        ]
    )


def _changed(board: Board, changes: list[TaskChanges], links: Mapping[str, str]) -> str:
    """The changes, one line for each dataset; the page has every row."""
    lines = [f"## {board.title}", "", *board.notes, ""]
    lines += [
        f"- {links.get(each.task, escaped(each.task))}{each.data}: {escaped(each.line())}"
        for each in changes
    ]
    return "\n".join([*lines, ""] if changes else lines)


def outside_section(reports: list[TaskReport], links: Mapping[str, str]) -> str:
    """A section in markdown: rows that are not in the suite, and the number of earlier versions.

    Args:
        reports: the report of each task.
        links: task -> its text with a link.

    Raises:
        InputError: the suite cannot be used.
    """
    suite, suite_named = read_suite(PUBLISHED), f"`--suite {PUBLISHED}`"
    lines = []
    for report in reports:
        outside = {cell.key for cell in not_listed(suite, report.cells)}
        if outside:
            rows = ", ".join(_with_cell_of(report, outside))
            lines.append(f"- {links[_name(report)]}: {escaped(rows)}")
    if lines:
        lines = [f"Rows, or single seeds of them, that {suite_named} does not list:", "", *lines]
    else:
        lines = [f"{suite_named} lists every row."]
    every = [row for report in reports for row in report.rows]
    earlier = [row for row in every if row.label != row.name]
    text = "Every row is of today's version of its method."
    if earlier:
        text = (
            f"{len(earlier)} of {len(every)} rows are marked{EARLIER}, as they are of an *earlier "
            f"version* of their method. `python run_bench.py --suite {PUBLISHED} --out results` "
            "measures them again."
        )
    return "\n".join(["## Not of the suite, or of an earlier version", "", *lines, "", text, ""])


def _with_cell_of(report: TaskReport, keys: set[str]) -> Iterator[str]:
    """Rows with a cell in ``keys``, with its seed if other cells of the row are not in it."""
    for row in report.rows:
        seeds = [str(cell.seed) for cell in row.cells if cell.key in keys]
        if len(seeds) == len(row.cells):
            yield row.label
        elif seeds:
            yield f"{row.label} (seed {', '.join(seeds)})"
    for cell in report.cells:
        if cell.status is not Status.OK and cell.key in keys:
            yield f"{label(cell)} (seed {cell.seed}, {cell.status})"


def _contents(reports: list[TaskReport], links: Mapping[str, str]) -> str:
    """The boards of each dataset."""
    lines = [
        f"- {links[_name(report)]}: {escaped(' · '.join(board.title for board in report.boards))}"
        for report in reports
    ]
    return "\n".join(["## Contents", "", *lines, ""])


def _section(report: TaskReport, charts: Mapping[str, Chart]) -> str:
    """A task as markdown, with its charts by the title of the board that it belongs to."""
    first = report.cells[0]
    card = card_of_task(first.task)
    lines = [f"## {escaped(first.task)}", ""]
    if card is not None:
        settings = "".join(f" {name}={value}" for name, value in card.defaults.items())
        lines += [
            f"{card.title}. Source: {card.citation}. Licence: {card.licence}.",
            f"Parameters for this dataset:{settings or ' none'}; others as `python -m bench list` "
            "shows, as a method states them for these (each cell has all), or as a row says.",
            "",
        ]
    ways = compared(report.rows)
    if ways:
        lines += [escaped(f"Vectors are not compared in one way by all: {ways}."), ""]
    lines += [
        f"{first.n_queries:,} {'pairs' if first.similarity else 'queries'} over "
        f"{first.n_documents:,} documents; "
        f"data `{first.task_digest[:12]}`.",
        *map(escaped, first.notes),
        escaped(f"Measured on {'; '.join(places(report.cells))}."),
        "",
    ]
    for number, board in enumerate(report.boards):
        shown = board if number else linked(board, report.rows)
        notes = [*map(escaped, board.notes), ""] if board.notes else []
        lines += [
            f"### {escaped(board.title)}",
            "",
            *notes,
            pipe_table(shown.header, shown.rows),
            "",
        ]
        if board.title in charts:
            figure = link(
                f"{board.title}, {first.task}", target_of(f"{FIGURES}/{charts[board.title].name}")
            )
            lines += [f"!{figure}", ""]
    return "\n".join(lines)


def places(cells: list[Cell]) -> list[str]:
    """Machines, threads and commits of the cells, each once."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        origin = cell.provenance
        place = f"{origin.machine.get('cpu')}, {origin.threads} threads"
        if "gpu" in origin.machine:
            place += f", {origin.machine['gpu']}"
        found.setdefault(place, set()).add(f"`{origin.commit}`")
    return [f"{place} (commit {', '.join(sorted(commits))})" for place, commits in found.items()]
