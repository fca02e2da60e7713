"""The events of cells, and the queue of cells that runs into one folder share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filelock import BaseFileLock

    from bench.store.cell import Cell, CellSpec
    from bench.store.folder import Store


GRACE_S = 5.0
"""Seconds that a cell has to end after it was asked to; then it is killed."""


class Kind(StrEnum):
    """The kind of an event."""

    START = "start"
    PHASE = "phase"
    WARNING = "warning"
    END = "end"


@dataclass(frozen=True)
class Event:
    """Something that happened to a cell.

    Attributes:
        kind: the kind of the event.
        cell: the planned cell, or the measured one at its end.
        text: the name of the phase, or the text of the warning.
        done, total: progress of the phase.
    """

    kind: Kind
    cell: Cell
    text: str = ""
    done: int = 0
    total: int = 0


class Executor(Protocol):
    """Measures cells in processes of their own."""

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """Measure cells, in order, and yield their events; all processes are gone at the end.

        A cell that another run is measuring waits for it, and is kept if that run stores it.
        """


class Claimed(NamedTuple):
    """A cell to be measured, and the lock that keeps other runs from measuring it."""

    spec: CellSpec
    claim: BaseFileLock


class CellQueue:
    """Cells that are still to be measured, in order. It is true while there are any."""

    def __init__(self, store: Store, specs: Sequence[CellSpec]) -> None:
        self._store = store
        self._specs = list(specs)
        self._awaited: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._specs)

    def take(self, room: int) -> Iterator[Event | Claimed]:
        """Take at most ``room`` cells off the queue that no other run is measuring.

        Yields:
            Each of them, claimed; an event for each that another run is measuring or has measured.
        """
        for spec in list(self._specs):
            if room <= 0:
                return
            key = spec.planned.key
            claim = self._store.claim(key)
            if claim is None:
                if key not in self._awaited:
                    self._awaited.add(key)
                    text = "another run is measuring it; it is awaited"
                    yield Event(Kind.WARNING, spec.planned, text)
                continue
            self._specs.remove(spec)
            # Another run into the same folder may have measured it by now.
            stored = None if spec.fits_from else self._store.find(spec.planned)
            if stored is not None:
                claim.release()
                yield Event(Kind.END, stored)
                continue
            room -= 1
            yield Claimed(spec, claim)
