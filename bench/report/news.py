"""What concerns all datasets: rows that changed, are of an earlier version, or of no suite."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.data.cards import cards
from bench.plan.forecast import time_text
from bench.plan.suite import PUBLISHED, not_listed, read_suite
from bench.report.changes import KINDS
from bench.report.dataset_page import page_of
from bench.report.markdown import escaped
from bench.report.rows import EARLIER, label
from bench.store.cell import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.report.changes import TaskChanges
    from bench.report.published import Published
    from bench.report.table import Board
    from bench.report.task_report import TaskReport


PASSAGES_PER_S = 24.0
"""Passages of MS MARCO that MiniLM encodes in a second on two cores: 2,048 of msmarco-slice."""


def absent(reports: Sequence[TaskReport]) -> list[str]:
    """A sentence on the datasets with a card that nobody measured, as they have to be fetched."""
    measured = {cell.task for report in reports for cell in report.cells}
    here = {card.folder for card in cards().values() if card.name in measured}
    missing = [
        f"{card.name} ({card.counts['documents']:,} documents; encoding them: about "
        f"{time_text(card.counts['documents'] / PASSAGES_PER_S)})"
        for card in cards().values()
        if (card.sources or card.obtain) and "documents" in card.counts and card.folder not in here
    ]
    if not missing:
        return []
    return [
        f"**Not measured here**, as their texts have to be downloaded first: {', '.join(missing)}. "
        "`python -m bench fetch NAME` fetches one or says where it is, and `python run_bench.py "
        "--methods all --dataset NAME --plan` tells the hours of its rows. Encoding is counted "
        f"with MiniLM at {PASSAGES_PER_S:.0f} passages a second, as two cores did on MS MARCO."
    ]


def counts(
    published: Published, changes: Sequence[TaskChanges], reports: Sequence[TaskReport]
) -> list[str]:
    """Sentences on how many rows changed since boards were marked, and are of another version."""
    found = Counter(change.kind for task in changes for change in task.changes)
    kinds = ", ".join(f"{found[kind]} {kind}" for kind in KINDS if found[kind])
    return [f"Rows that changed since {published.date}: {kinds or 'none'}.", _versions(reports)]


def changes_section(
    board: Board, changes: Sequence[TaskChanges], reports: Sequence[TaskReport]
) -> str:
    """The changes in markdown, a line for each dataset; the page has every row.

    Args:
        board: the board of all changes.
        changes: the changes.
        reports: the report of each task.
    """
    named = {report.name for report in reports}
    lines = [
        f"- {page_of(each.task) if each.task in named else escaped(each.task)}{each.data}: "
        f"{escaped(each.line())}"
        for each in changes
    ]
    return "\n".join([f"## {board.title}", "", *board.notes, "", *lines, ""])


def outside_section(reports: Sequence[TaskReport]) -> str:
    """A section in markdown: rows that are not in the suite, and the number of earlier versions.

    Args:
        reports: the report of each task.

    Raises:
        InputError: the suite cannot be used.
    """
    suite, suite_named = read_suite(PUBLISHED), f"`--suite {PUBLISHED}`"
    lines = []
    for report in reports:
        outside = {cell.key for cell in not_listed(suite, report.cells)}
        if outside:
            rows = ", ".join(_with_cell_of(report, outside))
            lines.append(f"- {page_of(report.name)}: {escaped(rows)}")
    if lines:
        lines = [f"Rows, or single seeds of them, that {suite_named} does not list:", "", *lines]
    else:
        lines = [f"{suite_named} lists every row."]
    versions = _versions(reports)
    return "\n".join(
        ["## Not of the suite, or of an earlier version", "", *lines, "", versions, ""]
    )


def _versions(reports: Sequence[TaskReport]) -> str:
    """A sentence on how many rows are of an earlier version."""
    every = [row for report in reports for row in report.rows]
    earlier = [row for row in every if row.label != row.name]
    if not earlier:
        return "Every row is of today's version of its method."
    return (
        f"{len(earlier)} of {len(every)} rows are marked{EARLIER}, as they are of an *earlier "
        f"version* of their method. `python run_bench.py --suite {PUBLISHED} --out results` "
        "measures them again."
    )


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
