"""The content of a results folder as a tidy table: a row for each cell, point and measure."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from bench.errors import InputError
from bench.registry import about
from bench.store.folder import Store
from bench.versions.keys import is_earlier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bench.measures.budget import Budget
    from bench.measures.records import Interval, PointResult, Stratum
    from bench.store.cell import Cell

    Row: TypeAlias = dict[str, object]

COLUMNS = (
    "task", "method", "kind", "seed", "key", "status", "reason", "earlier", "point", "chosen",
    "visited", "work", "queries_per_second", "waited", "p50_ms", "p99_ms", "measure", "distance",
    "value", "low", "high", "n",
)  # fmt: skip
"""The columns of every table; a hyper-parameter of one of these names is ``params.NAME``."""


def read(folder: Path | str) -> pd.DataFrame:
    """The table of :func:`bench.results`."""
    return tidy(cells_of(folder))


def cells_of(folder: Path | str) -> list[Cell]:
    """The cells of a results folder, at least one; a warning for each that cannot be read.

    Raises:
        InputError: there is no such folder, or it holds no cell.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"there is no results folder {root.absolute()}; a run writes one")
    cells, problems = Store(root).read()
    for problem in problems:
        warnings.warn(f"left out: {problem}", stacklevel=3)
    if not cells:
        raise InputError(
            f"{root.absolute()} holds no cell; name the folder that a run was given as out, or "
            "run one"
        )
    return cells


def tidy(cells: Iterable[Cell], budget: Budget | None = None) -> pd.DataFrame:
    """A row for each cell, operating point and measure: see :func:`bench.results`.

    Args:
        cells: the cells.
        budget: only the point of each cell that costs most within it; None: all points.
    """
    rows = pd.DataFrame([row for cell in cells for row in _rows(cell, budget)])
    params = [str(name) for name in rows if name not in COLUMNS]
    table = rows.reindex(columns=[*COLUMNS, *params])
    # Whole numbers stay whole where other methods have no such parameter.
    table[params] = table[params].convert_dtypes()
    return table.astype(dict.fromkeys(("point", "distance", "n"), "Int64") | {"chosen": "boolean"})


def _rows(cell: Cell, budget: Budget | None) -> Iterator[Row]:
    own: Row = {name: getattr(cell, name) for name in ("task", "method", "seed", "key", "reason")}
    own |= {
        "kind": about(cell.method, cell.plugins).kind,
        "status": cell.status.value,
        "earlier": is_earlier(cell.code),
    }
    own |= {f"params.{n}" if n in COLUMNS else n: value for n, value in cell.params.items()}
    measured = False
    most = None if budget is None else budget.most(cell.points)
    for number, point in enumerate(cell.points):
        if budget is not None and number != most:
            continue
        chosen = cell.chosen is not None and cell.chosen.number == number
        of_point = own | {"point": number, "chosen": chosen} | _effort(point)
        for row in _measures(point):
            yield of_point | row
            measured = True
    for each in cell.similarity:
        figures = {"value": each.rho, "low": each.low, "high": each.high, "n": each.n}
        yield own | {"measure": f"rho {each.subset} by {each.score}"} | figures
        measured = True
    if not measured:
        yield own


def _effort(point: PointResult) -> Row:
    """Cost of an operating point, and its settings."""
    names = ("visited", "work", "queries_per_second", "waited")
    effort: Row = {name: getattr(point, name) for name in names}
    if point.latency is not None:
        effort |= {"p50_ms": point.latency.p50_ms, "p99_ms": point.latency.p99_ms}
    return effort | {f"point.{name}": value for name, value in point.point.items()}


def _measures(point: PointResult) -> Iterator[Row]:
    """Each measure of an operating point; a measure of a part has the part's name."""
    yield {"measure": "recall", "value": point.recall, "low": point.low, "high": point.high}
    yield {"measure": "macro", "value": point.macro}
    yield {"measure": "min", "value": point.min}
    yield from _figures(point.recall_by_distance, point.ranking, "")
    for name, part in point.parts().items():
        yield {"measure": f"recall {name}", "value": part.recall, "n": part.n_pairs}
        yield from _figures(part.recall_by_distance, part.ranking, f" {name}")


def _figures(strata: list[Stratum], ranking: dict[str, Interval], part: str) -> Iterator[Row]:
    for each in strata:
        figures = {"value": each.recall, "low": each.low, "high": each.high, "n": each.n}
        yield {"measure": f"recall_by_distance{part}", "distance": each.distance, **figures}
    for name, found in ranking.items():
        yield {"measure": name + part, "value": found.mean, "low": found.low, "high": found.high}
