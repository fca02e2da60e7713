"""``certify.json``: that a cell was measured again, when, where, and what became of its metrics."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from bench.store.cell import Cell, Status
from bench.system.files import write_atomically
from bench.system.provenance import Provenance
from bench.system.records import NotWholeError, Record, read_record, to_json
from bench.verify.verdicts import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from bench.verify.verdicts import Judged


class Differing(Record):
    """A metric that was not equal when it was measured again.

    Attributes:
        point: the operating point, as ``certify`` names it.
        stored, again: the two figures; None where there is none.
    """

    point: str
    metric: str
    stored: float | None
    again: float | None
    tolerance: float
    verdict: Verdict


class Mark(Record):
    """What a second measurement of a cell came to.

    Attributes:
        cell_sha256: the ``sha256`` of the cell that it was held against.
        key: of the cell by the code that measured it again.
        reason: why there was nothing to compare, where it did not end well.
        verdicts: how many metrics each was given to.
        differing: the metrics that are not OK.
        provenance: of the second measurement.
        sha256: of the text of ``certify.json`` with this field null.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    cell_sha256: str | None
    key: str
    reason: str = ""
    verdicts: dict[Verdict, int]
    differing: list[Differing]
    provenance: Provenance
    sha256: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a metric fails, or there was none to compare."""
        return bool(self.reason) or self.verdicts.get(Verdict.FAIL, 0) > 0

    def told(self) -> str:
        """The verdicts in a line."""
        return self.reason or ", ".join(f"{n} {verdict}" for verdict, n in self.verdicts.items())


def mark_of(stored: Cell, again: Cell, judged: list[tuple[str, list[Judged]]]) -> Mark:
    """The mark of a cell.

    Args:
        stored: the cell.
        again: the same, measured again.
        judged: what ``judge`` says of each operating point.
    """
    verdicts = Counter(each.verdict for _, rows in judged for each in rows)
    differing = [
        Differing(point=name, **each._asdict())
        for name, rows in judged
        for each in rows
        if each.verdict is not Verdict.OK
    ]
    ended = "" if again.status is Status.OK else f"it ended as {again.status}: {again.reason}"
    return Mark(
        cell_sha256=stored.sha256,
        key=again.key,
        reason=ended,
        verdicts={verdict: verdicts[verdict] for verdict in Verdict},
        differing=differing,
        provenance=again.provenance,
    )


def write_mark(path: Path, mark: Mark) -> None:
    """Write a mark whole or not at all.

    Raises:
        InputError: the folder cannot be written.
    """
    write_atomically(path, to_json(mark))


def read_mark(path: Path, cell: Cell) -> Mark | None:
    """The mark of this very measurement of a cell, or None where there is none that is whole."""
    try:
        mark = read_record(path, Mark)
    except (FileNotFoundError, NotWholeError):
        return None
    return mark if mark.cell_sha256 == cell.sha256 else None
