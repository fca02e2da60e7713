"""From a figure of a claim to its measured value."""

from __future__ import annotations

import re
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.measures.records import Interval
from bench.report.markdown import read_tables
from bench.report.points import at, shares_text, within
from bench.report.reproduction.claims import AT
from bench.report.rows import chosen_points, row_named
from bench.report.table import interval_text, mean_and_std
from bench.report.task_report import COMPARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.measures.records import PointResult
    from bench.report.reproduction.claims import Figure
    from bench.report.rows import Row
    from bench.report.task_report import TaskReport
    from bench.store.cell import Cell


class MeasuredFigure(NamedTuple):
    """A figure as it is shown.

    Attributes:
        text: the mean over seeds with its deviation, in per cent where it is a share.
        value: the mean, in the unit that is shown.
        interval: a 95 % interval over queries, or empty.
        n_seeds: number of seeds in the mean; None if a published table has it.
        significant: whether a difference is significant; None for other figures.
    """

    text: str
    value: float
    interval: str = ""
    n_seeds: int | None = None
    significant: bool | None = None


def measured(figure: Figure, reports: Mapping[str, TaskReport], root: Path) -> MeasuredFigure:
    """The measured value of a figure.

    Args:
        figure: the figure of a claim.
        reports: the reports by the name of the task.
        root: the results folder.

    Raises:
        InputError: no cell, or no place in a table, has it.
    """
    if figure.file:
        return _published(figure, root)
    report = reports.get(figure.dataset)
    if report is None:
        raise _missing(figure, f"no cell of {figure.dataset} is stored")
    row = _row(figure, report, figure.row)
    if figure.ahead_of:
        return _ahead(figure, report, row)
    digits, unit = (3, 1) if figure.value.startswith("rho ") else (1, 100)
    found = [_of_cell(figure, cell) for cell in row.cells]
    means = [unit * each.mean for each in found]
    ends = [(unit * each.low, unit * each.high) for each in found]
    interval = interval_text(ends, digits, 1) if any(low < high for low, high in ends) else ""
    points = None if figure.at == "all" else chosen_points(row, at(AT[figure.at]))
    shares = f" ({shares_text(points)})" if points else ""
    text = mean_and_std(means, digits, 1) + shares
    return MeasuredFigure(text, fmean(means), interval, len(means))


def _missing(figure: Figure, problem: str) -> InputError:
    return InputError(f"bench/report/reproduction/claims.toml, {figure.what!r}: {problem}")


def _published(figure: Figure, root: Path) -> MeasuredFigure:
    """The value at a place in a table of a published file."""
    path = root / figure.file
    if not path.is_file():
        raise _missing(figure, f"{path} is missing")
    for header, cells in read_tables(path.read_text(encoding="utf-8")):
        if tuple(cells[: len(figure.line)]) != figure.line:
            continue
        if figure.column not in header:
            known = ", ".join(header)
            raise _missing(figure, f"{path} has no column {figure.column!r}: {known}")
        text = cells[header.index(figure.column)]
        number = re.match(r"[-+]?[0-9.]+", text)
        if number is None:
            raise _missing(figure, f"{path} has no number there: {text!r}")
        return MeasuredFigure(text, float(number[0]))
    raise _missing(figure, f"no row of {path} begins with {', '.join(figure.line)}")


def _row(figure: Figure, report: TaskReport, label: str) -> Row:
    found = row_named(report.rows, label)
    if found is None:
        known = ", ".join(row.label for row in report.rows)
        raise _missing(figure, f"{figure.dataset} has no row {label!r}; it has {known}")
    return found


def _ahead(figure: Figure, report: TaskReport, row: Row) -> MeasuredFigure:
    """The paired difference of two rows, as on the board of comparisons."""
    there = report.comparisons[AT[figure.at]]
    comparison = next((each for each in there if each.title == COMPARED.get(figure.value)), None)
    if comparison is None:
        raise _missing(figure, f"rows are compared by {', '.join(each.title for each in there)}")
    labels = [row.label, _row(figure, report, figure.ahead_of).label]
    for label in labels:
        if label not in comparison.labels:
            known = ", ".join(comparison.labels)
            raise _missing(figure, f"{label!r} is not compared; those that are: {known}")
    lead = comparison.lead(*labels)
    if lead is None:
        raise _missing(figure, f"{' and '.join(labels)} have no seed in common")
    mean, low, high, _ = lead.difference
    doubt = "" if lead.is_significant else ", not significant"
    if not lead.is_tested:
        doubt = ", of these runs alone"
    text = f"{mean:+.1f} points{doubt}"
    ends = f"{low:.1f} … {high:.1f}"
    return MeasuredFigure(text, mean, ends, lead.n_seeds, lead.is_significant)


def _of_cell(figure: Figure, cell: Cell) -> Interval:
    """A figure of one seed, a fraction or a correlation, with its interval if it has one."""
    found: Interval | None = None
    at = ""
    if figure.value.startswith("rho "):
        names = (f"rho {each.subset} by {each.score}" for each in cell.similarity)
        pairs = dict(zip(names, cell.similarity, strict=True))
        each = pairs.get(figure.value)
        if each is not None and each.rho is not None:
            low, high = (each.rho if end is None else end for end in (each.low, each.high))
            found = Interval(mean=each.rho, low=low, high=high)
    elif figure.value == "empty leaves" and cell.leaves is not None:
        share = cell.leaves.empty / cell.leaves.leaves
        found = Interval(mean=share, low=share, high=share)
    else:
        at = f" at {figure.at}"
        point = within(cell, AT[figure.at])
        found = None if point is None else _of_point(figure.value, point)
    if found is None:
        raise _missing(figure, f"{figure.row} has no {figure.value}{at}")
    return found


def _of_point(value: str, point: PointResult) -> Interval | None:
    """A figure of an operating point."""
    kind, _, rest = value.partition(" ")
    if value == "recall":
        return Interval(mean=point.recall, low=point.low, high=point.high)
    if kind == "distance":
        for each in point.recall_by_distance:
            if str(each.distance) == rest:
                return Interval(mean=each.recall, low=each.low, high=each.high)
        return None
    part = point.part("unseen") if kind == "unseen" else point
    return part.ranking.get(rest or value) if part else None
