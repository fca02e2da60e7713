"""Charts of a task, as SVG files beside the boards that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.board import rows_of
from bench.report.xray_boards import TITLE as XRAY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.cell import Cell


def draw_charts(cells: Sequence[Cell], folder: Path) -> dict[str, str]:
    """Draw the charts of one task into a folder.

    Returns:
        The file's name for each title of a board that has a chart.
    """
    # Altair takes a second to import, which commands that draw nothing need not wait for.
    from bench.report.xray_chart import xray_chart

    chart = xray_chart(rows_of(cells))
    if chart is None:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    # Data of one name may have changed: the digest tells their charts apart.
    name = f"{cells[0].task}-{cells[0].task_digest[:8]}-xray.svg"
    chart.save(str(folder / name))
    return {XRAY: name}
