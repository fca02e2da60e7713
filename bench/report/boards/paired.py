"""Who beats whom: paired differences within the same share of documents visited."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.report.rows import NONE, Board, chosen_points, within_budget

if TYPE_CHECKING:
    from bench.report.comparison import Comparison, Difference
    from bench.report.rows import Row

ALPHA = 0.05


def paired_boards(rows: list[Row], comparisons: list[Comparison]) -> list[Board]:
    """A matrix for each comparison."""
    looked = {row.label: _looked_at(row) for row in rows}
    return [_matrix(comparison, looked) for comparison in comparisons]


def _looked_at(row: Row) -> str:
    """Mean shares visited and worked at these points, in per cent."""
    points = chosen_points(row, within_budget) or []
    shares = [(point.visited, point.work) for point in points]
    return " / ".join(f"{100 * fmean(share):.1f}" for share in zip(*shares, strict=True))


def _matrix(comparison: Comparison, looked: dict[str, str]) -> Board:
    labels = comparison.labels
    text = {pair: _text(difference) for pair, difference in comparison.pairs.items()}
    table = [
        [label, looked[label]] + [text.get((row, column), NONE) for column in range(1, len(labels))]
        for row, label in enumerate(labels)
    ]
    note = (
        f"By how many points the row is ahead of the column, over {comparison.n_known:,} queries, "
        "each the mean over seeds, at the dearest point of each within 10 % visited; the second "
        "column has the share that a row did visit, and with its routing cost. In brackets a "
        "bootstrap 95 % interval over queries. An asterisk marks p < "
        f"{ALPHA} by a paired randomisation test with Holm's correction over the "
        f"{len(comparison.pairs)} pairs of this board."
    )
    return Board(
        f"Ahead by, {comparison.title} at ≤ 10 % visited",
        ["method", "visited / work %", *labels[1:]],
        table,
        [note],
    )


def _text(difference: Difference) -> str:
    mark = " *" if difference.p < ALPHA else ""
    return f"{difference.mean:+.1f}{mark} ({difference.low:.1f} … {difference.high:.1f})"
