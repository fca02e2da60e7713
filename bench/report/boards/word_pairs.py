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
from bench.report.word_pairs import DEV, TEST, chosen_way, correlations_of, rhos, split_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.data.cards import Reported

WAYS = {"score": "own score", "log-rank": "−log rank"}
CHOSEN = "Spearman's rho, scored in the way that dev pairs choose"
TITLES = {
    "score": "Spearman's rho, scored by the method's own score",
    "log-rank": "Spearman's rho, scored by −log rank among sampled documents",
}


def word_pair_boards(rows: list[Row], reported: Sequence[Reported]) -> list[Board]:
    """A board of each row's way that dev pairs choose, and a board for each way of scoring."""
    ways = dict.fromkeys(each.score for each in rows[0].cells[0].similarity)
    boards, split = [_board_of_way(rows, way) for way in ways], split_of(rows[0])
    return boards if split is None else [_chosen_board(rows, split, reported), *boards]


def _chosen_board(rows: list[Row], split: str, reported: Sequence[Reported]) -> Board:
    whole, *others = _subsets(rows)
    parts = [subset for subset in others if subset in {DEV + split, TEST + split}]
    columns = [Column[Row]("scored by", lambda row: WAYS.get(chosen_way(row), chosen_way(row)))]
    notes = [
        "A row is read by the way of scoring that has the larger rho on the pairs of "
        f"{DEV}{split}, mean over seeds; the boards below show both."
    ]
    if any(each.row and whole in each.values for each in reported):
        columns.append(Column(f"{whole}, reported", partial(_printed, reported, whole)))
        notes.append("Reported: what a paper prints of the method that a row repeats.")
    return _board(CHOSEN, rows, chosen_way, [whole, *parts], columns, notes)


def _board_of_way(rows: list[Row], way: str) -> Board:
    subsets = _subsets(rows)
    counts = ", ".join(f"{subset} {n:,}" for subset, n in subsets.items())
    notes = [
        f"A pair of words is scored by its best pair of senses. Pairs: {counts}. Choose between "
        "ways of scoring and between rows on a dev part, and read the test part. The interval is a "
        "bootstrap over pairs."
    ]
    return _board(TITLES.get(way, way), rows, lambda _row: way, [*subsets], [], notes)


def _board(
    title: str,
    rows: list[Row],
    way: Callable[[Row], str],
    subsets: list[str],
    more: list[Column[Row]],
    notes: list[str],
) -> Board:
    """Rho of each row by its way of scoring: over all subsets, and an interval over the first."""
    whole, *others = subsets

    def rho(row: Row, subset: str) -> str:
        values = [each.rho for each in correlations_of(row, way(row), subset)]
        known = [value for value in values if value is not None]
        return mean_and_std(known, 3, factor=1) if len(known) == len(values) else NONE

    def interval(row: Row) -> str:
        ends = [(each.low, each.high) for each in correlations_of(row, way(row), whole)]
        known = [(low, high) for low, high in ends if low is not None and high is not None]
        return interval_text(known, 3, factor=1) if len(known) == len(ends) else NONE

    columns = [
        Column[Row]("seeds", lambda row: str(len(row.cells))),
        Column(whole, partial(rho, subset=whole)),
        Column(INTERVAL, interval),
        *(Column(subset, partial(rho, subset=subset)) for subset in others),
        *more,
    ]
    return table(
        title, rows, itself, columns, notes, best=lambda row: fmean(rhos(row, way(row), whole))
    )


def _subsets(rows: list[Row]) -> dict[str, int]:
    """The number of pairs of each subset."""
    return {each.subset: each.n for each in rows[0].cells[0].similarity}


def _printed(reported: Sequence[Reported], subset: str, row: Row) -> str:
    """The figures of papers for the method of a row, by its name."""
    found = [
        each.values[subset] for each in reported if each.row == row.name if subset in each.values
    ]
    return ", ".join(f"{value:.3f}" for value in found) or NONE
