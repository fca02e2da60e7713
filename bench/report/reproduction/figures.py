"""From a figure of a claim to what was measured of it."""

from __future__ import annotations

import re
from statistics import fmean, stdev
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.measures.records import Interval
from bench.report.boards.paired import ALPHA
from bench.report.comparison import COMPARED
from bench.report.leaderboard import read_tables
from bench.report.rows import most_visited, row_named, within_budget

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.measures.records import PointResult
    from bench.report.reproduction.claims import Figure
    from bench.report.rows import Row
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell


class Measured(NamedTuple):
    """A figure as it is shown.

    Attributes:
        text: the mean over seeds with its spread, in per cent where it is a share.
        interval: a 95 % interval over queries, or empty.
        value: the mean, in the unit that is shown.
        n_seeds: over which it is the mean; None where a published table has it.
    """

    text: str
    value: float
    interval: str = ""
    n_seeds: int | None = None


def measured(figure: Figure, reports: Mapping[str, TaskReport], root: Path) -> Measured:
    """What was measured of a figure.

    Args:
        figure: of a claim.
        reports: by the name of the task.
        root: the results folder.

    Raises:
        InputError: no cell, or no place in a table, is there for it.
    """
    if figure.file:
        return _published(figure, root)
    report = reports.get(figure.dataset)
    if report is None:
        raise InputError(f"{_named(figure)}: no cell of {figure.dataset} is stored")
    if figure.ahead_of:
        return _ahead(figure, report)
    row = _row(figure, report, figure.row)
    values = [_of_cell(figure, cell) for cell in row.cells]
    means = [value.mean for value in values]
    form = "{:.3f}" if figure.value.startswith("rho ") else "{:.1f}"
    text = form.format(fmean(means))
    if len(means) > 1:
        text += f" ± {form.format(stdev(means))}"
    low, high = fmean(value.low for value in values), fmean(value.high for value in values)
    interval = f"{form.format(low)} … {form.format(high)}" if low < high else ""
    return Measured(text, fmean(means), interval, len(means))


def _named(figure: Figure) -> str:
    return f"bench/report/reproduction/claims.toml, {figure.what!r}"


def _published(figure: Figure, root: Path) -> Measured:
    """A place in a table of a published file."""
    path = root / figure.file
    if not path.is_file():
        raise InputError(f"{_named(figure)}: {path} is missing")
    for header, cells in read_tables(path.read_text(encoding="utf-8")):
        if tuple(cells[: len(figure.line)]) != figure.line:
            continue
        if figure.column not in header:
            known = ", ".join(header)
            raise InputError(f"{_named(figure)}: {path} has no column {figure.column!r}: {known}")
        text = cells[header.index(figure.column)]
        number = re.match(r"[-+]?[0-9.]+", text)
        if number is None:
            raise InputError(f"{_named(figure)}: {path} has no number there: {text!r}")
        return Measured(text, float(number[0]))
    raise InputError(f"{_named(figure)}: no row of {path} begins with {', '.join(figure.line)}")


def _row(figure: Figure, report: TaskReport, label: str) -> Row:
    found = row_named(report.rows, label)
    if found is None:
        known = ", ".join(row.label for row in report.rows)
        raise InputError(f"{_named(figure)}: {figure.dataset} has no row {label!r}; it has {known}")
    return found


def _ahead(figure: Figure, report: TaskReport) -> Measured:
    """The paired difference of two rows, as on the board that has it."""
    title = COMPARED.get(figure.value)
    comparison = next((each for each in report.comparisons if each.title == title), None)
    if comparison is None or figure.at != "10 %":
        known = ", ".join(COMPARED)
        raise InputError(f"{_named(figure)}: rows are compared by {known}, at 10 %")
    labels = [_row(figure, report, name).label for name in (figure.row, figure.ahead_of)]
    for label in labels:
        if label not in comparison.labels:
            known = ", ".join(comparison.labels)
            raise InputError(
                f"{_named(figure)}: {label!r} is not compared; those that are: {known}"
            )
    a, b = map(comparison.labels.index, labels)
    found = comparison.pairs[min(a, b), max(a, b)]
    sign = 1 if a < b else -1
    low, high = sorted((sign * found.low, sign * found.high))
    told = "" if found.p < ALPHA else ", not significant"
    text = f"{sign * found.mean:+.1f} points{told}"
    n_seeds = len(_row(figure, report, figure.row).cells)
    return Measured(text, sign * found.mean, f"{low:.1f} … {high:.1f}", n_seeds)


def _of_cell(figure: Figure, cell: Cell) -> Interval:
    """A figure of one seed, in the unit that is shown, with its interval where it has one."""
    kind, _, rest = figure.value.partition(" ")
    if kind == "rho":
        subset, _, score = rest.partition(" by ")
        for each in cell.similarity:
            if (each.subset, each.score) == (subset, score) and each.rho is not None:
                low = each.rho if each.low is None else each.low
                high = each.rho if each.high is None else each.high
                return Interval(mean=each.rho, low=low, high=high)
        raise InputError(f"{_named(figure)}: {figure.row} has no {figure.value}")
    if figure.value == "empty leaves" and cell.leaves is not None:
        share = 100 * cell.leaves.empty / cell.leaves.leaves
        return Interval(mean=share, low=share, high=share)
    point = within_budget(cell) if figure.at == "10 %" else most_visited(cell)
    found = None if point is None else _of_point(figure.value, point)
    if found is None:
        raise InputError(f"{_named(figure)}: {figure.row} has no {figure.value} at {figure.at}")
    return Interval(mean=100 * found.mean, low=100 * found.low, high=100 * found.high)


def _of_point(value: str, point: PointResult) -> Interval | None:
    """A figure of an operating point, as fractions."""
    kind, _, rest = value.partition(" ")
    if value == "recall":
        return Interval(mean=point.recall, low=point.low, high=point.high)
    if kind == "distance":
        for stratum in point.recall_by_distance:
            if str(stratum.distance) == rest:
                return Interval(mean=stratum.recall, low=stratum.low, high=stratum.high)
        return None
    if kind == "unseen":
        return point.unseen.ranking.get(rest) if point.unseen else None
    return point.ranking.get(value)
