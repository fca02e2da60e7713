"""What executors report of cells, and the queue of cells that runs into one folder share."""

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
"""How long a cell may take to end when asked, before it is killed."""


class Kind(StrEnum):
    """What happened to a cell."""

    START = "start"
    PHASE = "phase"
    WARNING = "warning"
    END = "end"


@dataclass(frozen=True)
class Event:
    """Something that happened to a cell.

    Attributes:
        kind: what it was.
        cell: the planned cell, or the measured one at its end.
        text: the name of the phase, or the warning.
        done, total: how far the phase is.
    """

    kind: Kind
    cell: Cell
    text: str = ""
    done: int = 0
    total: int = 0


class Executor(Protocol):
    """Measures cells in processes of their own."""

    def run(self, specs: Sequence[CellSpec]) -> Iterator[Event]:
        """Measure cells, in order, and yield what happens; all processes are gone at the end.

        A cell that another run is measuring waits for it: what that stores is not measured again.
        """


class Claimed(NamedTuple):
    """A cell to be measured, and what keeps other runs from measuring it until it is released."""

    spec: CellSpec
    claim: BaseFileLock


class CellQueue:
    """Cells that are still to be measured, in order. It is true while there are some."""

    def __init__(self, store: Store, specs: Sequence[CellSpec]) -> None:
        self._store = store
        self._specs = list(specs)
        self._awaited: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._specs)

    def take(self, room: int) -> Iterator[Event | Claimed]:
        """Take at most ``room`` cells that no other run is measuring off the queue.

        Yields:
            Each of them, claimed; and an event for what another run is measuring or has measured.
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
