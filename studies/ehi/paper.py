"""The tables and figures of the paper (arXiv 2310.08891), from stored cells and from the cards."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from bench.data.cards import cards
from bench.measures.budget import UNLIMITED, Budget
from bench.report.markdown import pipe_table
from bench.report.points import query_load_text
from bench.report.table import NONE
from studies.ehi.rows import DEFAULT_ENCODER, MOST, VISITED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.store.cell import Cell
    from studies.ehi.rows import Rows

METHODS = {
    "exact": "dual encoder, exact",
    "de-scann": "dual encoder + ScaNN",
    "de-faiss-ivf": "dual encoder + Faiss-IVF",
    "ehi": "EHI",
}
"""The rows of tables 6 to 9, with the paper's names of them."""
TENTHS = tuple(tenth / 10 for tenth in range(1, 11))
RECALLS = ("R@10", "R@20", "R@50", MOST)
GAINS = ("nDCG@1", "nDCG@3", "nDCG@5", "nDCG@10", "MRR@10")
TABLES = {3: "msmarco", 4: "msmarco-dl19", 5: "nq320k"}
"""The tables of other systems, and the card that has their rows."""
PARTS_OF_TRAINING = (0, 0.1, 0.25, 0.5, 1)
"""Places in a training at which the load is shown, as shares of its records."""


def columns(all_rows: list[Rows]) -> str:
    """Tables 6 to 9: each measure where 10 … 100 % of the documents may be visited."""
    header = ["dataset", "measure", "row", *(f"{100 * share:g} %" for share in TENTHS)]
    table = []
    for rows in all_rows:
        if rows.report.is_hierarchy or rows.encoder != DEFAULT_ENCODER:
            continue
        for measure in GAINS if rows.report.name.startswith("msmarco") else RECALLS:
            for name in METHODS:
                found = [rows.text(name, _within(share), measure) for share in TENTHS]
                if name == "exact":
                    found = [NONE] * (len(TENTHS) - 1) + found[-1:]
                if set(found) != {NONE}:
                    table.append([rows.title, measure, f"`{name}`", *found])
                table += _printed(rows, name, measure)
    return pipe_table(header, table)


def _within(share: float) -> Budget:
    return UNLIMITED if share == 1 else Budget(share)


def _printed(rows: Rows, name: str, measure: str) -> Iterator[list[str]]:
    """What the paper prints of a row at 10 and at 100 %, where our dataset is the paper's."""
    card = cards().get(rows.report.name)
    if card is None:
        return
    begin = METHODS[name]
    line = [NONE] * len(TENTHS)
    for reported in card.reported:
        of_row = reported.method.startswith(begin) and "table" in reported.source
        one_run = name != "ehi" or reported.method.endswith("one run")
        if of_row and one_run and measure in reported.values:
            place = 0 if reported.visited == 10 else len(TENTHS) - 1  # noqa: PLR2004 - per cent
            line[place] = f"{reported.values[measure]:g}"
    if set(line) != {NONE}:
        yield [rows.title, measure, f"{begin} (reported)", *line]


def heights(all_rows: list[Rows]) -> str:
    """Table 11, figure 3d and appendix E.6: trees of other heights, and what a query takes."""
    header = ["dataset", "row", "leaves", *RECALLS, "R@100 at ≤ 10 % visited", "routing", "p50 ms"]
    table = []
    for rows in all_rows:
        if rows.report.is_hierarchy:
            continue
        for name in sorted(rows.by_name, key=lambda name: (len(name), name)):
            first = rows.by_name[name].cells[0]
            points = rows.points(name, VISITED)
            if first.method != "ehi" or points is None:
                continue
            health = [cell.leaves for cell in rows.by_name[name].cells if cell.leaves]
            times = [point.latency.p50_ms for point in points if point.latency]
            table.append(
                [
                    rows.title,
                    f"`{name}`",
                    f"{fmean(each.leaves for each in health):.0f}" if health else NONE,
                    *(rows.text(name, UNLIMITED, measure) for measure in RECALLS),
                    rows.text(name, VISITED),
                    f"{fmean(point.routing or 0 for point in points):.0f}",
                    f"{fmean(times):.3f}" if len(times) == len(points) else NONE,
                ]
            )
    return pipe_table(header, table)


def load(all_rows: list[Rows]) -> str:
    """Figures 7 and 8: documents in the leaf of a document, over an even share; so for queries."""
    times = [f"{100 * share:g} %" for share in PARTS_OF_TRAINING]
    table = []
    for rows in all_rows:
        for name in ("ehi", "ehi-paper"):
            row = rows.by_name.get(name)
            known = [cell for cell in row.cells if cell.leaves] if row else []
            if known:
                shown = [_loads(cell) for cell in known]
                means = [f"{fmean(each):.2f}" for each in zip(*shown, strict=True)]
                empty = fmean(
                    cell.leaves.empty / cell.leaves.leaves for cell in known if cell.leaves
                )
                gini = fmean(cell.leaves.gini for cell in known if cell.leaves)
                queries = query_load_text(rows.points(name, VISITED))
                health = [f"{100 * empty:.0f}", f"{gini:.2f}"]
                table.append([rows.title, f"`{name}`", *means, queries, *health])
    header = ["dataset", "row", *times, "index", "queries", "empty leaves %", "Gini"]
    return pipe_table(header, table)


def _loads(cell: Cell) -> list[float]:
    """The load at times of the training, and of the index."""
    if cell.leaves is None:
        raise ValueError(f"{cell.method} has no leaves")
    records = cell.leaves.training or [cell.leaves]
    last = len(records) - 1
    chosen = [records[round(share * last)] for share in PARTS_OF_TRAINING]
    return [each.expected / each.even for each in (*chosen, cell.leaves)]


def popular(all_rows: list[Rows]) -> str:
    """Figure 4b, as far as cells tell: queries whose document training named, and the others."""
    table = []
    for rows in all_rows:
        for name in ("ehi", "de-faiss-ivf", "de-scann"):
            found = [rows.text(name, VISITED, f"{part} {MOST}") for part in ("seen", "unseen")]
            points = rows.points(name, VISITED)
            if NONE in found or points is None:
                continue
            n = [part.n_queries for part in (points[0].seen, points[0].unseen) if part]
            queries = " and ".join(f"{each:,}" for each in n)
            table.append([rows.title, f"`{name}`", *found, queries])
    return pipe_table(["dataset", "row", "head: seen", "tail: unseen", "queries"], table)


def systems() -> str:
    """Tables 3 to 5 as they are printed."""
    parts = []
    for number, name in TABLES.items():
        rows = [row for row in cards()[name].reported if f"table {number}" in row.source]
        measures = list(dict.fromkeys(measure for row in rows for measure in row.values))
        header = ["method (reported)", "after", "parameters", *measures]
        table = [
            [
                row.method,
                row.source.partition(", after ")[2] or NONE,
                row.parameters or NONE,
                *(f"{row.values[each]:g}" if each in row.values else NONE for each in measures),
            ]
            for row in rows
        ]
        parts += [f"Table {number}, `{name}`:", "", pipe_table(header, table), ""]
    return "\n".join(parts[:-1])
