"""Dual encoders and their rivals at equal dimension: the computed parts of ``docs/rivals.md``."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from bench.errors import InputError
from bench.measures.budget import DEFAULT
from bench.registry import Registry
from bench.report.markdown import pipe_table
from bench.report.points import at, most_visited
from bench.report.rows import EARLIER, by_task, chosen_points, rows_of
from bench.report.table import NONE, mean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.report.rows import Row
    from bench.store.cell import Cell
    from bench.store.folder import Store

EXACT = "exact"
ALONE = "exact alone"
"""Where an index is asked for, and the score of a method is no dot product."""
CLAIMED = "ᶜ"
"""Marks a visited share that is the index's own count."""
SAME = {"standard-de": "exact"}
"""One and the same composition under two names."""
TWO, ONE = "two vectors", "one point"


class Rival(NamedTuple):
    """A row: a trainer, what it has for a node, and its settings beside the dimension."""

    trainer: str
    of_node: str
    settings: Mapping[str, str] = {}

    @property
    def name(self) -> str:
        """The trainer with its settings."""
        settings = (f" {name}={value}" for name, value in self.settings.items())
        return f"`{self.trainer}{''.join(settings)}`"


class Column(NamedTuple):
    """A column: a dataset by its name on the page and its own, a dimension and an index."""

    place: str
    task: str
    dim: int
    by: str = EXACT

    @property
    def title(self) -> str:
        """Dataset and dimension, and the index with its limit."""
        limit = "" if self.by == EXACT else f", {DEFAULT.limit}, {self.by}"
        return f"{self.place} d={self.dim}{limit}"


class Shown(NamedTuple):
    """A cell of the table: its text, and the figure in it by which a column is compared."""

    text: str
    value: float | None = None


RIVALS = (
    Rival("standard-de", TWO),
    Rival("pretrain-finetune-de", TWO),
    Rival("masked-de", TWO),
    Rival("masked-de", TWO, {"geometry": "lorentz"}),
    Rival("constructed-de", TWO),
    Rival("interval-de", TWO),
    Rival("hope", TWO),
    Rival("poincare", ONE),
    Rival("euclidean-embedding", ONE),
    Rival("order-embedding", ONE),
    Rival("box-embedding", "one box of 2d numbers"),
)
"""The rows in their order; a trainer that is not among the built-ins has none."""
SMALL = Column("mammals", "wordnet-mammal", 16)
"""Where the distances are compared, and the indexes."""
COLUMNS = (
    Column("tree", "tree", 3),
    Column("mammals", "wordnet-mammal", 3),
    SMALL,
    SMALL._replace(by="faiss-ivf"),
    SMALL._replace(by="hnsw"),
    Column("WordNet", "wordnet", 5),
    Column("WordNet", "wordnet", 16),
    Column("WordNet", "wordnet", 64),
    Column("held-out WordNet", "wordnet-heldout", 64),
    Column("HyperLex", "hyperlex", 5),
    Column("HyperLex", "hyperlex", 32),
)


class Rivals:
    """The rows of the page in each of its columns."""

    def __init__(self, store: Store) -> None:
        """Read the cells of a store."""
        cells = by_task(store.cells({column.task for column in COLUMNS}))
        known = Registry().built_ins()
        self.rivals = [rival for rival in RIVALS if rival.trainer in known]
        self._rows = {
            (rival.name, column): _row(rival, column, cells.get(column.task, []))
            for rival in self.rivals
            for column in COLUMNS
        }

    def board(self) -> str:
        """The table, with what shows the largest figure of a column in bold."""
        columns = [
            _marked([self._shown(rival, column) for rival in self.rivals]) for column in COLUMNS
        ]
        firsts = [[rival.name, rival.of_node] for rival in self.rivals]
        lines = zip(firsts, zip(*columns, strict=True), strict=True)
        header = ["method", "for a node", *(column.title for column in COLUMNS)]
        return pipe_table(header, [[*first, *texts] for first, texts in lines])

    def details(self) -> str:
        """Two sentences on why: where each row finds least, and where order embeddings tie."""
        rows = {rival.name: self._rows[rival.name, SMALL] for rival in self.rivals}
        least = sorted((*_least(row), name) for name, row in rows.items() if row)
        worst = (f"{name} {distance} ({100 * recall:.1f})" for recall, distance, name in least)
        tied = []
        for column in COLUMNS:
            row = self._rows["`order-embedding`", column]
            if row and row.cells[0].points:
                shares = (most_visited(cell).tied or 0 for cell in row.cells)
                tied.append(f"{column.title} {mean_text(shares)} %")
        return (
            f"The distance at which each finds least on {SMALL.title}, and its recall there: "
            f"{', '.join(worst) or NONE}.\nQueries of `order-embedding` in which equal penalties "
            f"decide which document is the last that counts: {', '.join(tied) or NONE}."
        )

    def _shown(self, rival: Rival, column: Column) -> Shown | None:
        if _method(rival, column) is None:
            return Shown(ALONE)
        row = self._rows[rival.name, column]
        found = row and (_recall(row, column) if row.cells[0].points else _rho(row))
        if not row or not found:
            return None
        earlier = EARLIER.strip() if row.label != row.name else ""
        return Shown(f"{found.text} ({len(row.cells)}){earlier}", found.value)


def _method(rival: Rival, column: Column) -> str | None:
    """The name of the trainer under the index; None: the index cannot search its score."""
    try:
        return Registry().resolve(f"{rival.trainer}+{column.by}").name
    except InputError:
        return None


def _row(rival: Rival, column: Column, cells: list[Cell]) -> Row | None:
    """The row by default settings but for dimension and the rival's own; of today's version."""
    method = _method(rival, column)
    rows = rows_of(
        cell
        for cell in cells
        if method
        and cell.method in (method, SAME.get(method))
        and cell.params.get("dim") == column.dim
        and {name: value for name, value in cell.changed.items() if name != "dim"} == rival.settings
    )
    return min(rows, key=lambda row: (row.label != row.name, -len(row.cells)), default=None)


def _recall(row: Row, column: Column) -> Shown | None:
    """Recall of all pairs and at the worst distance; None: no point within the limit."""
    points = chosen_points(row, most_visited if column.by == EXACT else at(DEFAULT))
    if not points:
        return None
    pairs = mean_text(point.recall for point in points)
    worst = mean_text(point.min for point in points)
    return Shown(f"{pairs} / {worst}{CLAIMED * points[0].self_reported}", float(pairs))


def _rho(row: Row) -> Shown | None:
    """Spearman's rho on the nouns by the method's own score."""
    rhos = [
        each.rho
        for cell in row.cells
        for each in cell.similarity
        if (each.score, each.subset) == ("score", "nouns") and each.rho is not None
    ]
    text = f"{fmean(rhos):.3f}" if len(rhos) == len(row.cells) else ""
    return Shown(text, float(text)) if text else None


def _least(row: Row) -> tuple[float, int]:
    """The smallest recall at a distance, a mean over seeds, and the distance."""
    strata = zip(*(most_visited(cell).recall_by_distance for cell in row.cells), strict=True)
    return min((fmean(one.recall for one in each), each[0].distance) for each in strata)


def _marked(shown: list[Shown | None]) -> list[str]:
    """The texts of a column."""
    values = [each.value for each in shown if each and each.value is not None]
    best = max(values, default=-1.0)
    texts = [each.text if each else NONE for each in shown]
    return [
        f"**{text}**" if each and each.value == best else text
        for each, text in zip(shown, texts, strict=True)
    ]
