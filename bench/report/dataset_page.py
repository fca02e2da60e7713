"""``boards/DATASET.md``: all boards and charts of a task; and their table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.data.cards import card_of_task
from bench.report.markdown import cell_path, escaped, link, linked, pipe_table, target_of
from bench.report.rows import compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.report.markdown import Markdown
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell

BOARDS, FIGURES = "boards", "figures"
"""Folders of these files and of charts, in the results folder."""
BACK = "[Leaderboard](../LEADERBOARD.md) · [all datasets](README.md)"
"""The first line of each file that is written there."""


class Section(NamedTuple):
    """A task, and the files of its charts by the title of the board that each belongs to."""

    report: TaskReport
    charts: Mapping[str, str]


def dataset_page(section: Section) -> str:
    """All boards of a task in markdown."""
    report = section.report
    lines = [BACK, "", f"# {escaped(report.name)}", "", *_facts(report), ""]
    cells = {row.label: f"../{cell_path(row.cells[0])}" for row in report.rows}
    for number, board in enumerate(report.boards):
        shown = board if number else linked(board, cells)
        notes = [*map(escaped, board.notes), ""] if board.notes else []
        lines += [
            f"## {escaped(board.title)}",
            "",
            *notes,
            pipe_table(shown.header, shown.rows),
            "",
        ]
        if board.title in section.charts:
            text = f"{board.title}, {report.name}"
            lines += [figure(text, section.charts[board.title], "../"), ""]
    return "\n".join(lines)


def contents(reports: Iterable[TaskReport], sections: Iterable[str]) -> str:
    """The datasets with their boards, and what concerns all of them, in markdown."""
    lines = [
        f"- {page_of(report.name)}: {escaped(' · '.join(board.title for board in report.boards))}"
        for report in reports
    ]
    return "\n".join([BACK, "", "# Boards by dataset", "", *lines, "", *sections])


def page_of(name: str) -> Markdown:
    """A link to the boards of a task, from a file beside them."""
    return link(name, target_of(f"{name}.md"))


def figure(text: str, file: str, above: str = "") -> str:
    """A chart in markdown; ``above`` leads from the text's file to the results folder."""
    return f"!{link(text, target_of(f'{above}{FIGURES}/{file}'))}"


def size_of(report: TaskReport) -> str:
    """The numbers of queries and documents of a task, and its data."""
    cell = report.cells[0]
    return (
        f"{cell.n_queries:,} {'pairs' if report.is_word_pairs else 'queries'} over "
        f"{cell.n_documents:,} documents; data `{cell.task_digest[:12]}`."
    )


def _facts(report: TaskReport) -> list[str]:
    """The data of a task, and how it was measured, a paragraph each."""
    first = report.cells[0]
    card = card_of_task(first.task)
    lines = []
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
    measured = escaped(f"Measured on {'; '.join(places(report.cells))}.")
    return [*lines, size_of(report), *map(escaped, first.notes), measured]


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
