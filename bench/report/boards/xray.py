"""The steps that lose relevant documents: encoder, routing, scoring; and the gain of pruning."""

from __future__ import annotations

from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.recall import MIN_PAIRS
from bench.measures.xray import LOSSES
from bench.report.points import SHARES_NOTE, at, shares_text
from bench.report.rows import Row, chosen_points
from bench.report.table import Board, Column, itself, table

if TYPE_CHECKING:
    from bench.measures.budget import Budget
    from bench.measures.records import XRay


class XRayed(NamedTuple):
    """A row at the points that cost most within a budget, with its X-ray.

    Attributes:
        label: label of the row.
        shares: its mean shares visited and of work, as text.
        seeds: the X-ray of each seed.
    """

    label: str
    shares: str
    seeds: list[XRay]

    def terms(self, distance: int | None = None) -> dict[str, float]:
        """Mean of each term over seeds, in per cent: over all pairs, or at a distance."""
        losses = [x.overall if distance is None else x.by_distance[distance] for x in self.seeds]
        return {term: 100 * fmean(getattr(loss, term) for loss in losses) for term in LOSSES}

    def missed(self, distance: int | None = None) -> float:
        """100 - recall, in per cent."""
        terms = self.terms(distance)
        return terms["encoder"] + terms["routing"] + terms["scoring"] - terms["gain"]


def xrayed(rows: list[Row], budget: Budget) -> list[XRayed]:
    """The rows whose cells all have an X-ray within a budget, the best one first."""
    found = []
    for row in rows:
        points = chosen_points(row, at(budget))
        seeds = [point.xray for point in points or () if point.xray is not None]
        if points and len(seeds) == len(points):
            found.append(XRayed(row.label, shares_text(points), seeds))
    return sorted(found, key=XRayed.missed)


def xray_title(budget: Budget) -> str:
    """The title of the first board."""
    return f"X-ray {budget.at}"


def xray_boards(rows: list[Row], budget: Budget) -> list[Board]:
    """One board over all pairs and, if there are several distances, one by distance."""
    found = xrayed(rows, budget)
    if not found:
        return []
    stratum = "distance" if rows[0].cells[0].cut is None else "level of relevance"
    shares = Column[XRayed]("visited / work %", lambda row: row.shares)
    columns: list[Column[XRayed]] = [
        Column("seeds", lambda row: str(len(row.seeds))),
        Column("missed", lambda row: f"{row.missed():.1f}"),
        *(Column(term, partial(_term, term=term)) for term in LOSSES),
        shares,
    ]
    notes = [
        "Per cent of the relevant documents that are missed, and why. **Encoder**: exact search "
        "over the same vectors misses them. **Routing**: their leaves were not visited. "
        "**Scoring**: visited, and not among the best. **Gain**: found because what exact search "
        "ranks above them was not visited. Missed = encoder + routing + scoring - gain, for each "
        f"query and at each {stratum}. Not shown: methods without vectors or a setting within the "
        f"budget, and rows of which a cell holds no X-ray. {SHARES_NOTE}"
    ]
    undivided = [row.label for row in found if row.seeds[0].undivided]
    if undivided:
        notes.append(
            f"What {', '.join(undivided)} visited is not known document by document: there, "
            "routing has scoring's part too."
        )
    boards = [table(xray_title(budget), found, itself, columns, notes)]
    distances = found[0].seeds[0].by_distance
    if len(distances) > 1:
        columns = [
            Column(str(distance), partial(_at, distance=distance, brackets=loss.n < MIN_PAIRS))
            for distance, loss in distances.items()
        ]
        note = (
            f"Per cent missed at each {stratum}: by the encoder + by the index, which is routing + "
            "scoring - gain."
        )
        title = f"{xray_title(budget)}, by {stratum}"
        boards.append(table(title, found, itself, [*columns, shares], [note]))
    return boards


def _term(row: XRayed, term: str) -> str:
    return f"{row.terms()[term]:.1f}"


def _at(row: XRayed, distance: int, *, brackets: bool) -> str:
    """The share missed by the encoder at a distance, and the share that the index adds."""
    by_encoder = row.terms(distance)["encoder"]
    by_index = row.missed(distance) - by_encoder
    text = f"{by_encoder:.1f} {'-' if by_index < 0 else '+'} {abs(by_index):.1f}"
    return f"({text})" if brackets else text
