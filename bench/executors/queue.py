"""Cells that are still to be measured, so that runs into one folder share the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bench.executors.event import Event
from bench.store.cell import WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filelock import BaseFileLock

    from bench.store.cell import CellSpec
    from bench.store.folder import Store


class Claimed(NamedTuple):
    """A cell to be measured, and what keeps other runs from measuring it until it is released."""

    spec: CellSpec
    claim: BaseFileLock


class Waiting:
    """Cells in order. True while there are some."""

    def __init__(self, store: Store, specs: Sequence[CellSpec]) -> None:
        self._store = store
        self._specs = list(specs)
        self._awaited: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._specs)

    def take(self, room: int) -> Iterator[Event | Claimed]:
        """Take at most ``room`` cells that no other run is measuring off the list.

        Yields:
            Each of them, claimed; and an event for what another run is measuring or has measured.
        """
        for spec in list(self._specs):
            if room <= 0:
                return
            key = spec.blank.key
            claim = self._store.claim(key)
            if claim is None:
                if key not in self._awaited:
                    self._awaited.add(key)
                    yield Event(spec.blank, f"{WARNING}another run is measuring it; it is awaited")
                continue
            self._specs.remove(spec)
            # Another run into the same folder may have measured it by now.
            stored = None if spec.fits_from else self._store.find(spec.blank)
            if stored is not None:
                claim.release()
                yield Event(stored, "end")
                continue
            room -= 1
            yield Claimed(spec, claim)
