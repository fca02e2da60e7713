"""The rows of a dataset that read its texts with one encoder, and how far one is ahead."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.budget import DEFAULT, Budget
from bench.report.boards.all import report_of
from bench.report.boards.paired import compare, lead_text
from bench.report.points import at
from bench.report.rows import by_task, chosen_points
from bench.report.table import NONE, mean_and_std
from bench.report.task_report import COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.measures.differences import Lead
    from bench.measures.records import PointResult
    from bench.report.boards.paired import ValuesOf
    from bench.report.points import Points
    from bench.report.rows import Row
    from bench.report.task_report import Comparison, TaskReport
    from bench.store.cell import Cell
    from bench.store.folder import Store

DATASETS = (
    "scifact", "insuranceqa", "fiqa-slice", "msmarco-slice", "msmarco-slice-dl19",
    "msmarco-slice-dl20", "wordnet-mammal", "wordnet", "tree",
)  # fmt: skip
"""The datasets of the page, in its order."""
VISITED, WORK = DEFAULT, DEFAULT.other
MOST = "R@100"
UNSEEN = f"unseen {MOST}"
DEFAULT_ENCODER = "minilm"


class Rows(NamedTuple):
    """The rows of one dataset that read its texts with one encoder.

    Attributes:
        report: the report of these rows alone.
        encoder: the name of the encoder.
        by_name: the rows by their names without the encoder; of one name, that of today's version.
        values_of: a function that gives the values of each query of a cell.
    """

    report: TaskReport
    encoder: str
    by_name: dict[str, Row]
    values_of: ValuesOf

    @property
    def title(self) -> str:
        """Dataset and encoder."""
        return f"{self.report.name}, {'tables' if self.report.is_hierarchy else self.encoder}"

    @property
    def measure(self) -> str:
        """The measure that rows are compared by: the paper's, or recall in a hierarchy."""
        if self.report.is_hierarchy:
            return "recall"
        return "nDCG@10" if self.report.name.startswith("msmarco") else MOST

    def points(self, name: str, budget: Budget) -> Points | None:
        """The point of each seed of a row within a budget, if it has some."""
        row = self.by_name.get(name)
        return chosen_points(row, at(budget)) if row else None

    def values(self, name: str, budget: Budget, measure: str = MOST) -> list[float]:
        """The measure of a row in each seed; none if a seed lacks it."""
        found = [value_of(point, measure) for point in self.points(name, budget) or ()]
        known = [value for value in found if value is not None]
        return known if len(known) == len(found) else []

    def text(self, name: str, budget: Budget, measure: str = MOST) -> str:
        """Mean and standard deviation over seeds, in per cent."""
        values = self.values(name, budget, measure)
        return mean_and_std(values) if values else NONE

    def best(self, names: Iterable[str], budget: Budget, measure: str = MOST) -> str | None:
        """The row of the best mean, of those that have a point within a budget."""
        values = {name: self.values(name, budget, measure) for name in names}
        means = {name: fmean(found) for name, found in values.items() if found}
        return max(means, key=means.__getitem__, default=None)

    def lead(self, first: str, second: str, budget: Budget, measure: str = MOST) -> Lead | None:
        """The lead of one row over another, tested among all rows; None: not compared."""
        comparison = by_measure(self.report.comparisons.get(budget, ()), measure)
        labels = [self.by_name[name].label for name in (first, second) if name in self.by_name]
        return comparison.lead(*labels) if comparison and len(labels) == 2 else None  # noqa: PLR2004

    def lead_alone(self, first: str, second: str, budget: Budget) -> Lead | None:
        """The same lead, tested as if there were no other rows."""
        pair = [self.by_name[name] for name in (first, second)]
        comparison = by_measure(compare(pair, self.values_of, budget), MOST)
        return comparison.lead(pair[0].label, pair[1].label) if comparison else None

    def ahead(self, first: str, second: str, budget: Budget, measure: str = MOST) -> str:
        """The lead in points with its interval and seeds; the plain difference if untested."""
        lead = self.lead(first, second, budget, measure)
        if lead is not None:
            return lead_text(lead)
        means = [self.values(name, budget, measure) for name in (first, second)]
        return f"{100 * (fmean(means[0]) - fmean(means[1])):+.1f} °" if all(means) else NONE

    def missed(self, name: str) -> tuple[float, float, float] | None:
        """Per cent of relevant documents missed by encoder and by routing, and gained by pruning.

        Within ``VISITED``; None if a seed has no X-ray there.
        """
        points = self.points(name, VISITED) or ()
        losses = [point.xray.overall for point in points if point.xray is not None]
        if not losses or len(losses) < len(points):
            return None
        encoder, gain = (
            100 * fmean(getattr(x, term) for x in losses) for term in ("encoder", "gain")
        )
        return encoder, 100 * fmean(x.routing + x.scoring for x in losses), gain


def value_of(point: PointResult, measure: str) -> float | None:
    """A measure of an operating point, by its name in ``COMPARED``."""
    if measure == "recall":
        return point.macro
    part, _, name = measure.rpartition(" ")
    return point.mean(name, part)


def by_measure(comparisons: Iterable[Comparison], measure: str) -> Comparison | None:
    """The comparison by a measure, by its name in ``COMPARED``."""
    return next((each for each in comparisons if each.title == COMPARED[measure]), None)


def rows_by_encoder(store: Store) -> list[Rows]:
    """The rows of every dataset of the page that has EHI, by encoder, the default one first."""
    tasks = by_task(store.cells())
    found = []
    for name in filter(tasks.__contains__, DATASETS):
        encoders: dict[str, list[Cell]] = {DEFAULT_ENCODER: []}
        for cell in tasks[name]:
            encoder = str(cell.params.get("encoder", DEFAULT_ENCODER))
            encoders.setdefault(encoder, []).append(cell)
        every = (_rows(name, *each, store.query_values) for each in encoders.items())
        found += [rows for rows in every if "ehi" in rows.by_name]
    return found


def _rows(name: str, encoder: str, cells: list[Cell], values_of: ValuesOf) -> Rows:
    report = report_of(cells, values_of, DEFAULT, name)
    by_name = {
        row.name.replace(f" encoder={encoder}", ""): row
        for row in sorted(report.rows, key=lambda row: row.label == row.name)
        if not row.sees_test
    }
    return Rows(report, encoder, by_name, values_of)
