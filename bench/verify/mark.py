"""``certify.json``: what a second measurement of a cell came to, metric by metric."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from bench.system.provenance import Provenance
from bench.system.records import NotWholeError, Record, read_record

if TYPE_CHECKING:
    from pathlib import Path

    from bench.store.cell import Cell


class MetricVerdict(StrEnum):
    """The verdict on a metric."""

    OK = "OK"
    WITHIN = "within tolerance"
    FAIL = "FAIL"


class JudgedMetric(Record):
    """A stored metric beside the one measured again.

    Attributes:
        point: the operating point, as ``certify`` names it.
        stored, again: the two figures; None where there is none.
        tolerance: how much they may differ.
    """

    point: str
    metric: str
    stored: float | None
    again: float | None
    tolerance: float
    verdict: MetricVerdict


class Mark(Record):
    """The outcome of measuring a cell again.

    Attributes:
        cell_sha256: the ``sha256`` of the cell that it was compared with.
        key: the key of the cell by the code that measured it again.
        reason: why there was nothing to compare, where it did not end well.
        verdicts: how many metrics got each verdict.
        differing: the metrics that are not OK.
        provenance: where and with what it was measured again.
        sha256: the hash of the text of ``certify.json`` with this field null.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    cell_sha256: str | None
    key: str
    reason: str = ""
    verdicts: dict[MetricVerdict, int]
    differing: list[JudgedMetric]
    provenance: Provenance
    sha256: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a metric fails, or there was none to compare."""
        return bool(self.reason) or self.verdicts.get(MetricVerdict.FAIL, 0) > 0

    @property
    def outcome(self) -> str:
        """The number of each verdict in a line, or why there is none."""
        return self.reason or ", ".join(f"{n} {verdict}" for verdict, n in self.verdicts.items())


def read_mark(path: Path, cell: Cell) -> Mark | None:
    """The mark of this very measurement of a cell, or None where there is none that is whole."""
    try:
        mark = read_record(path, Mark)
    except (FileNotFoundError, NotWholeError):
        return None
    return mark if mark.cell_sha256 == cell.sha256 else None
