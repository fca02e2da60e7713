"""The lines that a cell's process and its supervisor send to the harness.

A method runs in that process and can write there too. So a line is read as one of these messages,
or it is none; and no message says which cell it is of, nor what was measured: the pipe says the
one, and the store the other.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, TypeAdapter, ValidationError

from bench.errors import in_one_line
from bench.executors.events import Kind
from bench.store.cell import Status
from bench.system.provenance import Provenance
from bench.system.records import Record, Text

LONGEST_LINE = 1 << 20
"""Bytes of a line; the longest that the supervisor sends has the end of the cell's output."""


class Notice(Record):
    """Progress of a phase, or a warning; the fields are those of an event."""

    kind: Literal[Kind.PHASE, Kind.WARNING]
    text: Annotated[Text, AfterValidator(in_one_line)]
    done: float = 0
    total: float = 0


class Outcome(Record):
    """How the cell ended. Its process has stored one that was measured to its end."""

    status: Literal[Status.OK, Status.FAILED, Status.TIMEOUT, Status.OUT_OF_MEMORY, Status.SKIPPED]
    reason: Text | None
    provenance: Provenance


class Ending(Record):
    """The exit code of the cell's process, minus the signal if killed, and its last output."""

    ended: int
    printed: str


Message: TypeAlias = Notice | Outcome | Ending
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)


def message_of(line: bytes) -> Message | None:
    """The message in a line, or None if it is none."""
    try:
        return _MESSAGES.validate_json(line)
    except ValidationError:
        return None
