"""What rows cost, and what could not be measured."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.rows import NONE, Board, Row, chosen_points, label, most_visited, within_budget

if TYPE_CHECKING:
    from bench.store.cell import Cell


def costs(rows: list[Row]) -> Board:
    """Seconds, memory and speed of each row."""
    header = ["method", "train s", "index s", "encode s", "search s", "q/s", "q/s at ≤ 10 %"]
    header += ["harness s", "peak MB", "index MB"]
    table = []
    for row in rows:
        spent = [cell.cost for cell in row.cells if cell.cost is not None]
        full = [most_visited(cell) for cell in row.cells if cell.points]
        cheap = chosen_points(row, within_budget)
        table.append(
            [
                row.label,
                f"{fmean(cost.fit_s for cost in spent):.1f}",
                f"{fmean(cost.index_s for cost in spent):.1f}",
                f"{fmean(cost.encode_s for cost in spent):.1f}",
                f"{fmean(cost.search_s for cost in spent):.1f}",
                f"{fmean(point.queries_per_second for point in full):,.0f}" if full else NONE,
                f"{fmean(point.queries_per_second for point in cheap):,.0f}" if cheap else NONE,
                f"{fmean(cost.harness_s for cost in spent):.1f}",
                f"{fmean(cost.peak_mb for cost in spent):,.0f}",
                f"{fmean(cost.index_bytes for cost in spent) / 1e6:.1f}",
            ]
        )
    notes = [
        "Means over seeds. Rows that differ by index alone share one training, and each shows its "
        "time. Search is over all operating points, q/s at the dearest and at the dearest within "
        "10 % visited. Harness: the rest of the cell's process. Indexes are built from their "
        "library's fixed seed: over seeds the encoder varies. Encoding documents is part of the "
        "training or index step that needs them first, and encode s is of the test queries; "
        "embeddings are kept, and only the first cell pays. An index whose number of leaves is "
        "chosen is built once for each number tried, all in index s."
    ]
    return Board("Cost", header, table, notes)


def unmeasured(cells: list[Cell]) -> Board:
    """Cells without a measurement, each with its reason."""
    header = ["method", "seed", "status", "reason"]
    table = [
        [label(cell), str(cell.seed), str(cell.status), cell.reason or ""]
        for cell in sorted(cells, key=lambda cell: (cell.method, cell.seed))
    ]
    return Board("Not measured", header, table)
