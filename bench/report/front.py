"""LEADERBOARD.md: the summary, and for each dataset one board, two charts and what they say."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from dataclasses import replace
from itertools import groupby, islice
from typing import TYPE_CHECKING

from bench.measures.ranking import DEEPEST, MAIN
from bench.registry import about
from bench.report.boards.against import RECALL, against_title
from bench.report.boards.recall import DISTANCES
from bench.report.boards.xray import xray_title
from bench.report.dataset_page import BOARDS, figure, size_of
from bench.report.markdown import anchor, entity, escaped, link, linked, pipe_table, target_of
from bench.report.stated import statement
from bench.report.table import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bench.measures.budget import Budget
    from bench.report.dataset_page import Section
    from bench.report.table import Board
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell

HEAD = f"""# Leaderboard

How far up a hierarchy a method still finds what is relevant, how well it ranks texts, and how much
of the corpus it looks at for that. Every figure is derived from the cells in `runs/`, where each
row's link leads. [leaderboard.html](leaderboard.html) has filters, curves and comparisons of any
two rows; [{BOARDS}/]({BOARDS}/README.md) has all boards of each dataset; [Methods](#methods) says
what the names mean.
"""
WIDTH = 100
"""Characters of a line of text."""
_BEGIN = re.compile(r"^(\s*)([#>+*=-](?=[#>+*=-]*(?:\s|$))|\d(?=\d*[.)](?:\s|$))|[`~](?=[`~]{2}))")
"""The first sign of a line that markdown would take for a heading, a list or the like."""
CHARTS = 2
"""Charts that a dataset shows."""


def front(
    sections: Sequence[Section],
    says: Sequence[str],
    overview: Sequence[Board],
    missing: Sequence[str],
    news: Sequence[str],
    budget: Budget | None,
) -> str:
    """The text of LEADERBOARD.md.

    Args:
        sections: the tasks with their charts.
        says: sentences on each task.
        overview: boards over all tasks, whose rows begin with the name of one.
        missing: sentences on datasets that nobody measured.
        news: sentences on all tasks.
        budget: the budget that the user stated, if any.
    """
    lines = [HEAD, *statement(budget), "## Summary", ""]
    lines += [*map(_paragraph, missing), ""] if missing else []
    groups = {section.report.name: section.report.group for section in sections}
    for board in overview:
        rows = [*_grouped(board, groups)]
        lines += [f"**{board.title}**", "", pipe_table(board.header, rows), ""]
        lines += [*map(_paragraph, board.notes), ""]
    lines += [*map(_paragraph, news), ""] if news else []
    for section, text in zip(sections, says, strict=True):
        lines += [*_section(section, text), ""]
    return "\n".join([*lines, *_methods(section.report for section in sections)])


def _grouped(board: Board, groups: Mapping[str, str]) -> Iterator[list[str]]:
    """The rows of an overview, each with a link to its task; above those of a group, its name."""
    for group, rows in groupby(board.rows, lambda row: groups[row[0]]):
        yield [f"**{group}**", *[""] * (len(board.header) - 1)]
        yield from ([link(name, f"#{anchor(name)}"), *texts] for name, *texts in rows)


def _section(section: Section, says: str) -> Iterator[str]:
    report, charts = section
    more = link(f"all {len(report.boards)} boards", target_of(f"{BOARDS}/{report.name}.md"))
    yield from (f"## {escaped(report.name)}", "", _paragraph(says), "")
    yield _paragraph(" ".join([size_of(report), *report.cells[0].notes])) + f" {more}."
    yield ""
    if report.rows:
        folders = {row.label: _folder(row.cells[0]) for row in report.rows}
        board = linked(_without_intervals(report.boards[0]), folders)
        yield from (pipe_table(board.header, board.rows), "")
    shown = (title for title in _preferred(report) if title in charts)
    yield from (figure(f"{title}, {report.name}", charts[title]) for title in islice(shown, CHARTS))


def _without_intervals(board: Board) -> Board:
    """A board without its intervals, which leave no room in a line."""
    places = [place for place, title in enumerate(board.header) if title != INTERVAL]
    header, *rows = ([row[place] for place in places] for row in (board.header, *board.rows))
    return replace(board, header=header, rows=rows)


def _folder(cell: Cell) -> str:
    """A link to the folder with all cells of a method, which is shorter than one to a cell."""
    return target_of(f"runs/{cell.task}/{cell.method}")


def _preferred(report: TaskReport) -> list[str]:
    """Titles of boards with charts, those that show most first."""
    texts = not report.is_hierarchy
    measures = (MAIN, DEEPEST) if texts else (RECALL,)
    against = [against_title(each, "visited") for each in measures]
    return [*([] if texts else [DISTANCES]), *against, xray_title(report.budget)]


def _methods(reports: Iterable[TaskReport]) -> Iterator[str]:
    """Each method of the boards with its kind and a sentence; those of one sentence together."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report in reports:
        for cell in report.cells:
            method = about(cell.method, cell.plugins)
            summary = method.summary or f"From {', '.join(cell.plugins) or 'elsewhere'}."
            found[method.kind, summary].add(cell.method)
    yield from ("## Methods", "")
    for (kind, summary), names in sorted(found.items(), key=lambda item: min(item[1])):
        named = ", ".join(f"**{escaped(name)}**" for name in sorted(names))
        yield _paragraph(f"- {named} ({kind}): {escaped(summary)}", "  ")
    yield ""


def _paragraph(text: str, indent: str = "") -> str:
    """A text in lines of at most ``WIDTH`` characters, where it has blanks."""
    lines = textwrap.wrap(
        escaped(text),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    first, *others = lines or [""]
    plain = (_BEGIN.sub(lambda begin: begin[1] + entity(begin[2]), each) for each in others)
    return "\n".join([first, *plain])
