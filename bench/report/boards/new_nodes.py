"""Boards of tasks whose queries are new nodes of a hierarchy: its ancestors, and which of them."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from bench.measures.new_nodes import ANCESTORS, BY_PARENTS, HELD_OUT, HOPS, MRR, TRAINED, within
from bench.measures.recall import MIN_PAIRS
from bench.report.points import ABSENT, SEEDS, SHARES, Choose, Points, most_visited
from bench.report.rows import Row, chosen_points
from bench.report.table import NONE, Board, Column, mean_and_std, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measures.records import PartResult

GROUPS = (ANCESTORS, TRAINED, HELD_OUT, *BY_PARENTS)
"""Groups of pairs in the order of their columns."""


def ancestor_board(rows: list[Row], title: str, choose: Choose) -> Board:
    """The measures of HR-OOV, at one operating point of each cell."""
    names = (MRR, *(within(hops) for hops in (*HOPS, None)))
    part = most_visited(rows[0].cells[0]).parts()[ANCESTORS]
    notes = [
        f"In per cent, means over {part.n_queries:,} queries that training never named and their "
        f"{part.n_pairs:,} ancestors, as in HR-OOV (arXiv 2511.16698): the node itself leaves a "
        "ranking first."
    ]
    return _board(rows, title, choose, [Column(n, partial(_mean, name=n)) for n in names], notes)


def group_board(rows: list[Row], title: str, choose: Choose) -> Board:
    """Recall@|S| of the ancestors of each group, at one operating point of each cell."""
    parts = most_visited(rows[0].cells[0]).parts()
    shown = [name for name in GROUPS if name in parts]
    pairs = ", ".join(f"{name} {parts[name].n_pairs:,}" for name in shown)
    notes = [
        "Recall@|S| in per cent over the ancestors of queries that training never named, without "
        "the nodes themselves: all; those that are documents of training, or were held out too; "
        f"and those of queries with so many parents. Pairs: {pairs}."
    ]
    return _board(rows, title, choose, [Column(n, partial(_recall, name=n)) for n in shown], notes)


def _board(
    rows: list[Row],
    title: str,
    choose: Choose,
    columns: Sequence[Column[Points]],
    notes: list[str],
) -> Board:
    return table(
        title,
        rows,
        partial(chosen_points, choose=choose),
        [SEEDS, *columns, SHARES],
        notes,
        best=lambda points: (not points.sees_test, _score(points)),
        absent=ABSENT,
    )


def _parts(points: Points, name: str) -> list[PartResult]:
    """The results of each seed that has them."""
    return [part for point in points if (part := point.parts().get(name)) is not None]


def _score(points: Points) -> float:
    return fmean(part.recall for part in _parts(points, ANCESTORS))


def _mean(points: Points, name: str) -> str:
    found = [part.ranking[name].mean for part in _parts(points, ANCESTORS) if name in part.ranking]
    return mean_and_std(found) if len(found) == len(points) else NONE


def _recall(points: Points, name: str) -> str:
    found = _parts(points, name)
    if len(found) < len(points):
        return NONE
    text = mean_and_std([part.recall for part in found])
    return text if found[0].n_pairs >= MIN_PAIRS else f"({text})"
