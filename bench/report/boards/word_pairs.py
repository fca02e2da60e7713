"""Boards of word pairs: rank correlation with human scores."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.rows import Row
from bench.report.table import (
    INTERVAL,
    NONE,
    Board,
    Column,
    interval_text,
    itself,
    mean_and_std,
    table,
)

if TYPE_CHECKING:
    from bench.measures.records import Correlation

TITLES = {
    "score": "Spearman's rho, scored by the method's own score",
    "log-rank": "Spearman's rho, scored by −log rank among sampled documents",
}


def word_pair_boards(rows: list[Row]) -> list[Board]:
    """A board for each way of scoring pairs."""
    names = dict.fromkeys(each.score for each in rows[0].cells[0].similarity)
    return [_correlations(rows, name) for name in names]


def _correlations(rows: list[Row], score: str) -> Board:
    first = [each for each in rows[0].cells[0].similarity if each.score == score]
    whole, *others = [each.subset for each in first]

    def found(row: Row, subset: str) -> list[Correlation]:
        each_one = (each for cell in row.cells for each in cell.similarity)
        return [each for each in each_one if (each.score, each.subset) == (score, subset)]

    def rho(row: Row, subset: str) -> str:
        values = [each.rho for each in found(row, subset)]
        known = [value for value in values if value is not None]
        return mean_and_std(known, 3, factor=1) if len(known) == len(values) else NONE

    def interval(row: Row) -> str:
        ends = [(each.low, each.high) for each in found(row, whole)]
        known = [(low, high) for low, high in ends if low is not None and high is not None]
        return interval_text(known, 3, factor=1) if len(known) == len(ends) else NONE

    columns = [
        Column[Row]("seeds", lambda row: str(len(row.cells))),
        Column(whole, partial(rho, subset=whole)),
        Column(INTERVAL, interval),
        *(Column(subset, partial(rho, subset=subset)) for subset in others),
    ]
    counts = ", ".join(f"{each.subset} {each.n:,}" for each in first)
    notes = [
        f"A pair of words is scored by its best pair of senses. Pairs: {counts}. Choose between "
        "ways of scoring and between rows on a dev part, and read the test part. The interval is a "
        "bootstrap over pairs."
    ]
    return table(
        TITLES.get(score, score),
        rows,
        itself,
        columns,
        notes,
        best=lambda row: fmean(each.rho or 0.0 for each in found(row, whole)),
    )
