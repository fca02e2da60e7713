"""A row as the page holds it: curves, parameters, and where each seed was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bench.report.boards.xray import xrayed
from bench.report.charts.curves import AT, curve_of, measures_of, strata_of
from bench.report.charts.xray import xray_values
from bench.report.links import cell_path
from bench.report.page.command import command_of

if TYPE_CHECKING:
    from bench.report.rows import Row
    from bench.store.cell import Cell

Json: TypeAlias = dict[str, Any]


class Places:
    """Commits, machines and versions that cells were measured with, each kept once."""

    def __init__(self) -> None:
        self.found: list[Json] = []

    def number(self, cell: Cell) -> int:
        """Of the place of a cell."""
        place = cell.provenance.model_dump(mode="json", exclude={"date"})
        if place not in self.found:
            self.found.append(place)
        return self.found.index(place)


def rows_json(rows: list[Row], places: Places) -> list[Json]:
    """Every row of a task, in the order of its boards."""
    return [_row_json(row, rows, places) for row in rows]


def _row_json(row: Row, rows: list[Row], places: Places) -> Json:
    first = row.cells[0]
    at = {name: strata_of(row, name) for name in AT}
    found = {
        "label": row.label,
        "method": first.method,
        "kind": kind_of(row),
        "sees": first.sees_test,
        "params": first.params,
        "set": sorted({*first.changed, *row.differing_params}),
        "command": command_of(row),
        "seeds": [
            {
                "seed": cell.seed,
                "path": cell_path(cell),
                "date": cell.provenance.date,
                "place": places.number(cell),
            }
            for cell in row.cells
        ],
        "curve": curve_of(row, measures_of(rows))._asdict() if first.points else None,
        "at": {name: strata._asdict() for name, strata in at.items() if strata is not None},
    }
    bars = [bar for shown in xrayed([row]) for bar in xray_values(shown)]
    if bars:
        # Every bar is of this row, and in this order of terms.
        found["xray"] = [[bar["distance"], bar["why"], bar["missed"]] for bar in bars]
    return found


def kind_of(row: Row) -> str:
    """How a row searches: ``pairs``, ``own count``, ``part`` of the corpus, or ``everything``."""
    points = [point for cell in row.cells for point in cell.points]
    if not points:
        return "pairs"
    if any(point.self_reported for point in points):
        return "own count"
    return "part" if any(point.visited < 1 for point in points) else "everything"
