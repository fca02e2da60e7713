"""How evenly documents lie in the leaves of methods that have them."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.rows import NONE, Board

if TYPE_CHECKING:
    from bench.measures.records import Leaves
    from bench.report.rows import Row


def leaf_board(rows: list[Row]) -> list[Board]:
    """The board of leaf health, where a row has leaves."""
    header = ["method", "leaves", "empty", "largest %", "Gini", "Gini in training", "entropy %"]
    header += ["expected docs", "even docs"]
    table = []
    for row in rows:
        health = [cell.leaves for cell in row.cells if cell.leaves is not None]
        if health:
            table.append([row.label, *_figures(health)])
    notes = [
        "Means over seeds. Expected docs: in the leaf of a random document; even docs: if all "
        "leaves were alike. Gini: 0 where they are, towards 1 where one leaf holds everything; in "
        "training, of the first and of the last time that the method looked. Entropy of a "
        "document's leaf, as a share of that of even leaves. A document in r leaves counts r times."
    ]
    return [Board("Leaves", header, table, notes)] if table else []


def _figures(health: list[Leaves]) -> list[str]:
    trained = [each.training for each in health if each.training]
    first_and_last = NONE
    if trained:
        ends = (fmean(looks[place].gini for looks in trained) for place in (0, -1))
        first_and_last = " → ".join(f"{gini:.2f}" for gini in ends)
    return [
        f"{fmean(each.leaves for each in health):,.0f}",
        f"{fmean(each.empty for each in health):,.1f}",
        f"{100 * fmean(each.largest for each in health):.1f}",
        f"{fmean(each.gini for each in health):.2f}",
        first_and_last,
        f"{100 * fmean(each.entropy for each in health):.1f}",
        f"{fmean(each.expected for each in health):,.1f}",
        f"{fmean(each.even for each in health):,.1f}",
    ]
