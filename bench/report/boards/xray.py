"""Where relevant documents are lost: to the encoder, to routing, to scoring; and what is gained."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.measures.recall import MIN_PAIRS
from bench.measures.xray import LOSSES
from bench.report.rows import Board, Row, chosen_points, visited_text, within_budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measures.records import Loss, XRay

TITLE = "X-ray at ≤ 10 % visited"


class XRayed(NamedTuple):
    """A row at its dearest points within 10 % visited.

    Attributes:
        label: of the row.
        visited: its mean share visited, as text.
        seeds: the X-ray of each.
    """

    label: str
    visited: str
    seeds: list[XRay]


def xrayed(rows: list[Row]) -> list[XRayed]:
    """The rows whose cells were all X-rayed within 10 % visited, the best one first."""
    found = []
    for row in rows:
        points = chosen_points(row, within_budget) or []
        seeds = [point.xray for point in points if point.xray is not None]
        if seeds and len(seeds) == len(points):
            found.append(XRayed(row.label, visited_text(points), seeds))
    return sorted(
        found, key=lambda row: missed(mean_of_terms([seed.overall for seed in row.seeds]))
    )


def mean_of_terms(losses: Sequence[Loss]) -> dict[str, float]:
    """Mean of each term over seeds, in per cent."""
    return {term: 100 * fmean(getattr(loss, term) for loss in losses) for term in LOSSES}


def missed(terms: dict[str, float]) -> float:
    """100 - recall, in per cent."""
    return terms["encoder"] + terms["routing"] + terms["scoring"] - terms["gain"]


def xray_boards(rows: list[Row]) -> list[Board]:
    """One board over all pairs and, where there are several distances, one by distance."""
    found = xrayed(rows)
    if not found:
        return []
    table = []
    for row in found:
        terms = mean_of_terms([seed.overall for seed in row.seeds])
        shares = [missed(terms), *terms.values()]
        shown = [f"{share:.1f}" for share in shares]
        table.append([row.label, str(len(row.seeds)), *shown, row.visited])
    notes = [
        "Per cent of the relevant documents that are missed, and why. **Encoder**: exact search "
        "over the same vectors misses them. **Routing**: their leaves were not visited. "
        "**Scoring**: visited, and not among the best. **Gain**: found because what exact search "
        "ranks above them was not visited. Missed = encoder + routing + scoring - gain, for each "
        "query and at each distance. Not shown: methods without vectors or without a point within "
        "10 %, and rows of which a cell holds no X-ray."
    ]
    undivided = [row.label for row in found if row.seeds[0].undivided]
    if undivided:
        notes.append(
            f"What {', '.join(undivided)} visited is not known document by document: there, "
            "routing has scoring's part too."
        )
    boards = [Board(TITLE, ["method", "seeds", "missed", *LOSSES, "visited %"], table, notes)]
    if len(found[0].seeds[0].by_distance) > 1:
        boards.append(_by_distance(found))
    return boards


def _by_distance(rows: list[XRayed]) -> Board:
    """What the encoder misses and what the index adds to it, at each distance."""
    strata = rows[0].seeds[0].by_distance
    table = []
    for row in rows:
        texts = []
        for distance, stratum in strata.items():
            terms = mean_of_terms([seed.by_distance[distance] for seed in row.seeds])
            of_index = missed(terms) - terms["encoder"]
            text = f"{terms['encoder']:.1f} {'-' if of_index < 0 else '+'} {abs(of_index):.1f}"
            texts.append(text if stratum.n >= MIN_PAIRS else f"({text})")
        table.append([row.label, *texts, row.visited])
    note = (
        "Per cent missed at each distance: by the encoder + by the index, which is routing + "
        "scoring - gain."
    )
    return Board(f"{TITLE}, by distance", ["method", *map(str, strata), "visited %"], table, [note])
