"""What a cell asks of the node of a cluster that measures it."""

from __future__ import annotations

from typing import NamedTuple


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
