"""What the harness gives a method to work with, besides its data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while a method works."""


def _untold(_done: int, _total: int) -> None:
    """Where nobody follows."""


def _unwarned(_text: str) -> None:
    """Where nobody reads."""


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
    progress: Progress = _untold
    warn: Callable[[str], None] = _unwarned
    memory_bytes: int = 0
    scratch: Path | None = None
    device: str = ""
