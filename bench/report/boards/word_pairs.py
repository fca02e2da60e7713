"""Boards of word pairs: rank correlation with human scores."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

from bench.report.rows import NONE, Board, Row

if TYPE_CHECKING:
    from bench.measures.records import Correlation

TITLES = {
    "score": "Spearman's rho, scored by the method's own score",
    "log-rank": "Spearman's rho, scored by −log rank among sampled documents",
}


def similarity_boards(rows: list[Row]) -> list[Board]:
    """A board for each way of scoring pairs."""
    names = list(dict.fromkeys(each.score for each in rows[0].cells[0].similarity))
    return [_correlations(rows, name) for name in names]


def _correlations(rows: list[Row], name: str) -> Board:
    first = [each for each in rows[0].cells[0].similarity if each.score == name]
    header = ["method", "seeds", first[0].subset, "95 % interval"]
    header += [each.subset for each in first[1:]]
    table = []
    for row in sorted(rows, key=lambda row: -_mean(_of(row, name, first[0].subset))):
        whole = _of(row, name, first[0].subset)
        others = [_rho(_of(row, name, each.subset)) for each in first[1:]]
        table.append([row.label, str(len(row.cells)), _rho(whole), _interval(whole), *others])
    counts = ", ".join(f"{each.subset} {each.n:,}" for each in first)
    notes = [
        f"A pair of words is scored by its best pair of senses. Pairs: {counts}. Choose between "
        "ways of scoring and between rows on a dev part, and read the test part. The interval is a "
        "bootstrap over pairs."
    ]
    return Board(TITLES.get(name, name), header, table, notes)


def _of(row: Row, name: str, subset: str) -> list[Correlation]:
    """The correlations of a row's seeds on a subset."""
    return [
        each
        for cell in row.cells
        for each in cell.similarity
        if each.score == name and each.subset == subset
    ]


def _mean(found: list[Correlation]) -> float:
    return fmean(each.rho or 0.0 for each in found)


def _rho(found: list[Correlation]) -> str:
    values = [each.rho for each in found if each.rho is not None]
    if len(values) < len(found):
        return NONE
    text = f"{fmean(values):.3f}"
    return f"{text} ± {stdev(values):.3f}" if len(values) > 1 else text


def _interval(found: list[Correlation]) -> str:
    if any(each.low is None or each.high is None for each in found):
        return NONE
    low, high = (fmean(getattr(each, end) for each in found) for end in ("low", "high"))
    return f"{low:.3f} … {high:.3f}"
