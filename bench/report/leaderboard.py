"""LEADERBOARD.md: the boards of every task in a results folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.cards import card_of_task
from bench.report.changes import changes_board, changes_since
from bench.report.charts.svg import draw_charts
from bench.report.links import anchor, linked
from bench.report.outside import outside_section
from bench.report.published import read_published, scores_of, whatever_version
from bench.report.summary import distance_board, summary_board
from bench.report.task_report import by_task, report_of
from bench.system.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.report.changes import TaskChanges
    from bench.report.rows import Board
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell
    from bench.store.folder import Store

HEAD = """# Leaderboard

How far up a hierarchy a method still finds what is relevant (**recall by distance**), how well it
ranks texts (**nDCG, recall at a rank**, by whether a document was seen in training), and how much
of the corpus it must look at for that (**against visited**). Every figure is derived from the cells
in `runs/`; rows marked *reported* are printed in papers and stand apart.
"""


def write_leaderboard(store: Store, *, figures: bool = False) -> Path:
    """Write the boards of all cells of a store into its LEADERBOARD.md.

    Args:
        store: whose cells, and boards that were marked. A folder with marked boards is a published
            one, and the rows that the published suite does not list are named.
        figures: whether charts are drawn into ``figures/`` and shown, and the page is written
            beside them, which takes seconds.

    Raises:
        InputError: what was marked is not as it was written, or the suite cannot be used.
    """
    path = store.root / "LEADERBOARD.md"
    published = read_published(store.published)
    reports = [report_of(cells, store.query_values) for cells in by_task(store.cells())]
    overview = [summary_board(reports)]
    if (by_distance := distance_board(reports)).rows:
        overview.append(by_distance)
    texts = [_overview(reports, overview)]
    if published is not None:
        now = [whatever_version(scores_of(each.rows)) for each in reports if each.rows]
        changes = changes_since(published, now)
        overview.append(changes_board(published, changes))
        texts.append(_changed(reports, overview[-1], changes))
        texts.append(outside_section(reports, _links(reports)))
    folder = store.root / "figures" if figures else None
    sections = [_section(report, folder) for report in reports]
    write_atomically(path, "\n".join([HEAD, *texts, _contents(reports), *sections]))
    if figures:
        from bench.report.page.write import write_page

        write_page(store, reports, overview)
    return path


def _overview(reports: list[TaskReport], boards: list[Board]) -> str:
    """Boards of all datasets, their names linked."""
    links = _links(reports)
    lines = []
    for board in boards:
        rows = [[links.get(row[0], row[0]), *row[1:]] for row in board.rows]
        lines += [f"## {board.title}", "", *board.notes, "", pipe_table(board.header, rows), ""]
    return "\n".join(lines)


def _changed(reports: list[TaskReport], board: Board, changes: list[TaskChanges]) -> str:
    """What changed, a line for each dataset; the page has every row."""
    links = _links(reports)
    lines = [f"## {board.title}", "", *board.notes, ""]
    lines += [f"- {links.get(each.task, each.task)}{each.data}: {each.line()}" for each in changes]
    return "\n".join([*lines, ""] if changes else lines)


def _contents(reports: list[TaskReport]) -> str:
    """The boards of each dataset."""
    links = _links(reports)
    lines = ["## Contents", ""]
    for report, name in zip(reports, _headings(reports), strict=True):
        lines.append(f"- {links[name]}: {' · '.join(board.title for board in report.boards)}")
    return "\n".join([*lines, ""])


def _links(reports: list[TaskReport]) -> dict[str, str]:
    return {name: f"[{name}](#{anchor(name)})" for name in _headings(reports)}


def _headings(reports: list[TaskReport]) -> list[str]:
    return [report.cells[0].task for report in reports]


def _section(report: TaskReport, figures: Path | None) -> str:
    """A task as markdown, with its charts if there is a folder for them."""
    cells, first = report.cells, report.cells[0]
    charts = draw_charts(report.rows, figures) if figures else {}
    card = card_of_task(first.task)
    lines = [f"## {first.task}", ""]
    if card is not None:
        settings = "".join(f" {name}={value}" for name, value in card.defaults.items())
        lines += [
            f"{card.title}. Source: {card.citation}. Licence: {card.licence}.",
            f"Parameters for this dataset:{settings or ' none'}; others as `python -m bench list` "
            "shows, or as a row says.",
            "",
        ]
    lines += [
        f"{first.n_queries:,} {'pairs' if first.similarity else 'queries'} over "
        f"{first.n_documents:,} documents; "
        f"data `{first.task_digest[:12]}`.",
        *first.notes,
        f"Measured on {'; '.join(places(cells))}.",
        "",
    ]
    for number, board in enumerate(report.boards):
        lines += [f"### {board.title}", ""]
        if board.notes:
            lines += [*board.notes, ""]
        shown = board if number else linked(board, report.rows)
        lines += [pipe_table(shown.header, shown.rows), ""]
        if board.title in charts:
            lines += [f"![{board.title}, {first.task}](figures/{charts[board.title]})", ""]
    return "\n".join(lines)


def pipe_table(header: list[str], rows: list[list[str]]) -> str:
    """A table in markdown, with the bars of its texts escaped and nothing to fill them up."""
    table = [header, ["---" for _ in header], *rows]
    escaped = [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in table]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def read_tables(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Every row of the tables in a text, after its header."""
    header: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
        cells = [part.strip().replace("\\|", "|") for part in parts]
        if not set(line) - set("|:- "):
            header = above
        elif header:
            yield header, cells
        above = cells


def places(cells: list[Cell]) -> list[str]:
    """Machines, threads and commits that the cells were measured on, each once."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        origin = cell.provenance
        place = f"{origin.machine.get('cpu')}, {origin.threads} threads"
        if "gpu" in origin.machine:
            place += f", {origin.machine['gpu']}"
        found.setdefault(place, set()).add(f"`{origin.commit}`")
    return [f"{place} (commit {', '.join(sorted(commits))})" for place, commits in found.items()]
