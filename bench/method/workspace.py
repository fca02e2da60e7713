"""What the harness gives a method to work with besides its data, and what a cell needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while a method works."""


def _no_progress(_done: int, _total: int) -> None:
    """Called where nobody wants to know the progress."""


def _no_warning(_text: str) -> None:
    """Called where nobody wants to know the warning."""


class Workspace(NamedTuple):
    """What the harness gives a method to work with; set before anything else is called.

    Attributes:
        cache: a folder of the user's, shared by all runs, for what can be made again (embeddings,
            keyed by all that they depend on); None: keep nothing.
        progress: of preparing, such as encoding texts, whenever that happens.
        warn: tells the user of what goes wrong but does not end the cell.
        memory_bytes: how much the process might allocate when the cell began; 0: not known.
        scratch: a folder for what does not fit into that, gone when the cell ends; None: there is
            none.
        device: where to compute, ``cpu``, ``cuda`` or ``cuda:1``; empty: on a GPU where there is
            one that the method can use.
    """

    cache: Path | None = None
    progress: Progress = _no_progress
    warn: Callable[[str], None] = _no_warning
    memory_bytes: int = 0
    scratch: Path | None = None
    device: str = ""


class Resources(NamedTuple):
    """What must be free on a node before a cell starts there.

    Attributes:
        cpus: cores, as many as the cell computes on threads.
        gpus: devices; one may be shared, by halves for example.
        memory_gb: memory in 10^9 bytes; 0: whatever is there.
    """

    cpus: int = 1
    gpus: float = 0.0
    memory_gb: float = 0.0

    def __str__(self) -> str:
        named = zip(("CPUs", "GPUs", "GB of memory"), self, strict=True)
        return ", ".join(f"{number:g} {name}" for name, number in named if number)
