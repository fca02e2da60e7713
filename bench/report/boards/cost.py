"""The cost of rows, the evenness of their leaves, and the cells that could not be measured."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any

from bench.measures.purity import MOST
from bench.report.load import load_notes, marked, speed_text
from bench.report.points import Choose, at, most_visited, query_load_text
from bench.report.rows import Row, chosen_points, label
from bench.report.table import NONE, Board, Column, itself, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measures.budget import Budget
    from bench.measures.records import Leaves
    from bench.store.cell import Cell, Cost


STEPS = {
    "train s": "fit_s",
    "index s": "index_s",
    "choose s": "choose_s",
    "encode s": "encode_s",
    "search s": "search_s",
    "exact s": "exact_s",
    "latency s": "latency_s",
}
"""The columns of seconds, each with the name of its seconds in ``Cost``."""


def cost_board(rows: list[Row], budget: Budget) -> Board:
    """Seconds, memory and speed of each row."""

    def spent(row: Row) -> list[Cost]:
        return [cell.cost for cell in row.cells if cell.cost is not None]

    def loads(row: Row, name: str) -> list[float | None]:
        # What took no time was not disturbed.
        return [
            (cost.waited or {}).get(name, None if getattr(cost, name) else 0.0)
            for cost in spent(row)
        ]

    def seconds(title: str, name: str) -> Column[Row]:
        mean = _mean(title, spent, name)

        def text(row: Row) -> str:
            shown = mean.text(row)
            return shown if shown in {NONE, "0.0"} else marked(shown, loads(row, name))

        return Column(title, text)

    def speed(row: Row, choose: Choose) -> str:
        points = chosen_points(row, choose) if row.cells[0].points else None
        return speed_text(points) if points else NONE

    columns: list[Column[Row]] = [
        *(seconds(title, name) for title, name in STEPS.items()),
        Column("q/s", lambda row: speed(row, most_visited)),
        Column(f"q/s {budget.at}", lambda row: speed(row, at(budget))),
        _mean("harness s", spent, "harness_s"),
        _mean("peak MB", spent, "peak_mb", ",.0f"),
        _mean("index MB claimed", spent, "index_bytes", factor=1e-6),
    ]
    notes = [
        "Means over seeds, as the machine of each row measured them: no file shows them, and "
        "`python -m bench certify` puts another machine's beside them. Rows that differ by index "
        "alone share one training, and each shows its "
        "time. Choose: validation is searched; exact: the exact ranking, for the X-ray; "
        "latency: single queries, for the boards by time. Search is "
        "over all operating points, q/s at the point that visits most, of all and within the "
        "budget; it leaves out encode s, the first call that prepares the texts of test queries. "
        "Harness: the rest of the cell's process. Peak MB is of all its processes, sampled; what "
        "an index takes is the method's own word. Encoding documents is part of the training or "
        "index step that needs them first; embeddings are kept, and only the first cell pays. An "
        "index whose number of leaves is chosen is built once for each number tried, all in "
        "index s."
    ]
    shares = [share for row in rows for name in STEPS.values() for share in loads(row, name)]
    shares += [point.waited for row in rows for cell in row.cells for point in cell.points]
    notes += load_notes(shares)
    return table("Cost", rows, itself, columns, notes)


def leaf_board(rows: list[Row], budget: Budget) -> Board:
    """How evenly documents lie in leaves, for rows that have leaves, and how queries probe them."""

    def leaves(row: Row) -> list[Leaves]:
        return [cell.leaves for cell in row.cells if cell.leaves is not None]

    def in_training(row: Row) -> str:
        looks = [each.training for each in leaves(row) if each.training]
        ends = [fmean(each[place].gini for each in looks) for place in (0, -1) if looks]
        return " → ".join(f"{gini:.2f}" for gini in ends) or NONE

    columns: list[Column[Row]] = [
        _mean("leaves", leaves, "leaves", ",.0f"),
        _mean("empty", leaves, "empty", ",.1f"),
        _mean("largest %", leaves, "largest", factor=100),
        _mean("Gini", leaves, "gini", ".2f"),
        Column("Gini in training", in_training),
        _mean("entropy %", leaves, "entropy", factor=100),
        _mean("expected docs", leaves, "expected", ",.1f"),
        _mean("even docs", leaves, "even", ",.1f"),
        Column("load of queries", lambda row: query_load_text(chosen_points(row, at(budget)))),
    ]
    purest = ""
    if any(each.purity is not None for row in rows for each in leaves(row)):
        columns[-1:-1] = [
            _mean("purity %", leaves, "purity", factor=100),
            _mean("by chance %", leaves, "by_chance", factor=100),
        ]
        purest = (
            " Purity: the largest share of a leaf's documents below one ancestor, of those that "
            f"hold at most {100 * MOST:.0f} % of the corpus, mean over documents; by chance: the "
            "same where they lie in leaves of these sizes at random."
        )
    notes = [
        "Means over seeds. Expected docs: in the leaf of a random document; even docs: if all "
        "leaves were alike. Gini: 0 where they are, towards 1 where one leaf holds everything; in "
        "training, of the first and of the last time that the method looked. Entropy of a "
        "document's leaf, as a share of that of even leaves. A document in r leaves counts r "
        f"times.{purest} Load of queries: those at the leaf of a random probe, {budget.at}, over "
        "an even share; –: not counted yet."
    ]
    return table("Leaves", rows, lambda row: row if leaves(row) else None, columns, notes)


def _mean(
    title: str,
    records: Callable[[Row], list[Any]],
    name: str,
    form: str = ".1f",
    factor: float = 1,
) -> Column[Row]:
    """A column with the mean of an attribute of a row's records, one for each seed."""

    def text(row: Row) -> str:
        values = [getattr(each, name) for each in records(row)]
        return NONE if None in values or not values else format(factor * fmean(values), form)

    return Column(title, text)


def unmeasured_board(cells: list[Cell]) -> Board:
    """Cells without a measurement, each with its reason."""
    header = ["method", "seed", "status", "reason"]
    texts = [
        [label(cell), str(cell.seed), str(cell.status), cell.reason or ""]
        for cell in sorted(cells, key=lambda cell: (cell.method, cell.seed))
    ]
    return Board("Not measured", header, texts)
