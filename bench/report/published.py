"""``published.json``: the main scores of boards, marked for comparison with later ones."""

from __future__ import annotations

import datetime as dt
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt

from bench.errors import InputError
from bench.measures.budget import DEFAULT
from bench.report.points import at, main_measure, main_score, most_visited
from bench.report.rows import EARLIER, by_task, chosen_points, rows_of
from bench.report.table import NONE
from bench.report.word_pairs import chosen_way, rhos
from bench.system.files import write_atomically
from bench.system.records import NotWholeError, Record, read_record, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.report.rows import Row
    from bench.store.folder import Store


class Score(Record):
    """Mean and standard deviation over seeds; no deviation for a single seed."""

    mean: Annotated[float, Field(ge=-1, le=1)]
    spread: Annotated[float, Field(ge=0, le=1)] | None = None


class RowScores(Record):
    """The main scores of a row.

    Attributes:
        seeds: number of seeds.
        most: score at the operating point that visits most.
        tenth: score at the one that visits most within 10 %, if every seed has one.
    """

    seeds: PositiveInt
    most: Score
    tenth: Score | None = None


class TaskScores(Record):
    """The rows of a task by label, the best first.

    Attributes:
        measure: name of the measure, as in the summary.
        unit: ``fractions`` that are shown in per cent, or correlations.
    """

    task: str
    digest: str
    measure: str
    unit: Literal["share", "rho"]
    rows: dict[str, RowScores]

    def text(self, score: Score | None) -> str:
        """A score with the digits that boards show, or a dash."""
        if score is None:
            return NONE
        factor, digits = (100, 1) if self.unit == "share" else (1, 3)
        text = f"{factor * score.mean:.{digits}f}"
        return text if score.spread is None else f"{text} ± {factor * score.spread:.{digits}f}"


class Published(Record):
    """Scores of all tasks on one day; ``sha256`` hashes the file's text with this field null."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    date: dt.date
    tasks: list[TaskScores]
    sha256: str | None = None


def scores_of(rows: Sequence[Row]) -> TaskScores:
    """The main scores of the rows of one task; it has at least one row."""
    cell = rows[0].cells[0]
    searched = bool(cell.points)
    return TaskScores(
        task=cell.task,
        digest=cell.task_digest,
        measure=main_measure(cell) if searched else f"Spearman's rho, {cell.similarity[0].subset}",
        unit="share" if searched else "rho",
        rows={row.label: _row_scores(row) for row in rows},
    )


def _row_scores(row: Row) -> RowScores:
    """Scores of word pairs are over the first subset, by the way that dev pairs choose."""
    seeds = len(row.cells)
    if not row.cells[0].points:
        whole = row.cells[0].similarity[0].subset
        return RowScores(seeds=seeds, most=_score(rhos(row, chosen_way(row), whole)))
    points = chosen_points(row, at(DEFAULT))
    return RowScores(
        seeds=seeds,
        most=_score(main_score(most_visited(cell)) for cell in row.cells),
        tenth=None if points is None else _score(map(main_score, points)),
    )


def _score(of_seeds: Iterable[float]) -> Score:
    values = list(of_seeds)
    return Score(mean=fmean(values), spread=stdev(values) if len(values) > 1 else None)


def of_any_version(scores: TaskScores) -> TaskScores:
    """The same scores by name of the row: an earlier version counts if there is no other."""
    rows: dict[str, RowScores] = {}
    for label, row in scores.rows.items():
        name = label.replace(EARLIER, "")
        if name == label or name not in scores.rows:
            rows[name] = row
    return scores.model_copy(update={"rows": rows})


def mark_published(store: Store, date: dt.date) -> None:
    """Write the scores of a store's cells into its ``published.json``.

    Raises:
        InputError: it holds no measured cell, or one that is not as it was stored.
    """
    stored, problems = store.read()
    if problems:
        raise InputError(f"boards are marked where every cell is whole: {'; '.join(problems)}")
    found = [rows for cells in by_task(stored).values() if (rows := rows_of(cells))]
    if not found:
        raise InputError(
            f"{store.runs} holds no measured cell, so there are no boards to compare later ones "
            "with; name a results folder with --out"
        )
    published = Published(date=date, tasks=[of_any_version(scores_of(rows)) for rows in found])
    write_atomically(store.published, to_json(published))


def read_published(path: Path) -> Published | None:
    """The boards that were marked last, or None if none were.

    Raises:
        InputError: the file is not, byte for byte, as this version wrote it.
    """
    try:
        return read_record(path, Published)
    except FileNotFoundError:
        return None
    except NotWholeError as error:
        raise InputError(
            f"{error}; take the record of boards back from version control, or begin again with "
            f"`python -m bench leaderboard --out {path.parent} --mark`"
        ) from error
