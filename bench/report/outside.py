"""The rows of a published folder that its suite does not list, or that are of earlier versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.plan.suite import PUBLISHED, not_of, read_suite
from bench.report.rows import EARLIER, label
from bench.store.cell import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.report.task_report import TaskReport


def outside_section(reports: list[TaskReport], links: Mapping[str, str]) -> str:
    """A section in markdown: rows that are not of the suite, and how many are of earlier versions.

    Args:
        reports: of each task.
        links: a task to how it is written.

    Raises:
        InputError: the suite cannot be used.
    """
    suite = read_suite(PUBLISHED)
    lines = []
    for report in reports:
        outside = {cell.key for cell in not_of(suite, report.cells)}
        if outside:
            named = ", ".join(_named(report, outside))
            lines.append(f"- {links[report.cells[0].task]}: {named}")
    suite_named = f"`--suite {PUBLISHED}`"
    told = [f"{suite_named} lists every row.", ""]
    if lines:
        told = [f"Rows, or single seeds of them, that {suite_named} does not list:", "", *lines, ""]
    heading = "## Not of the suite, or of an earlier version"
    return "\n".join([heading, "", *told, *_earlier(reports)])


def _earlier(reports: list[TaskReport]) -> list[str]:
    """How many rows are of earlier versions, and what measures them again."""
    rows = [row for report in reports for row in report.rows]
    earlier = [row for row in rows if row.label != row.name]
    if not earlier:
        return ["Every row is of today's version of its method.", ""]
    return [
        f"{len(earlier)} of {len(rows)} rows are marked{EARLIER}, as they are of an *earlier "
        f"version* of their method. `python run_bench.py --suite {PUBLISHED} --out results` "
        "measures them again.",
        "",
    ]


def _named(report: TaskReport, outside: set[str]) -> Iterator[str]:
    """Rows with a cell that is outside, with its seed where others of the row are not."""
    for row in report.rows:
        seeds = [str(cell.seed) for cell in row.cells if cell.key in outside]
        if len(seeds) == len(row.cells):
            yield row.label
        elif seeds:
            yield f"{row.label} (seed {', '.join(seeds)})"
    for cell in report.cells:
        if cell.status is not Status.OK and cell.key in outside:
            yield f"{label(cell)} (seed {cell.seed}, {cell.status})"
