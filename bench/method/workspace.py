"""The cache, device and callbacks of a method, and the resources that a cell needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from bench.errors import InputError
from bench.method.checkpoint import Checkpoint
from bench.system.kept import made_once, n_waiting, no_warning

if TYPE_CHECKING:
    from pathlib import Path

Progress: TypeAlias = Callable[[int, int], None]
"""A function that is called with (done, total) while a method works."""


def no_progress(_done: int, _total: int) -> None:
    """Do nothing: the default, and for work that is short."""


class Workspace(NamedTuple):
    """The working environment of a method; the harness sets it before it calls anything else.

    Attributes:
        cache: the user's folder, shared by all runs, for files that can be made again (embeddings,
            keyed by all that they depend on); None: no file is kept.
        progress: called while the method prepares, such as while it encodes texts.
        warn: called with the text of a problem that does not end the cell.
        memory_bytes: bytes that the process could allocate when the cell began; 0: not known.
        scratch: a folder for data that does not fit into memory; it is removed when the cell ends.
            None: there is none.
        device: the device to compute on, ``cpu``, ``cuda`` or ``cuda:1``; empty: a GPU if there is
            one that the method can use.
        checkpoint: keeps the state of a training that may be cut; ``fit`` may use it.
        seed: the seed of random choices outside ``fit``, such as k-means in ``index``: the cell's,
            whether the method was fitted here or its fitted state was loaded.
    """

    cache: Path | None = None
    progress: Progress = no_progress
    warn: Callable[[str], None] = no_warning
    memory_bytes: int = 0
    scratch: Path | None = None
    device: str = ""
    checkpoint: Checkpoint = Checkpoint()
    seed: int = 0

    def made_once(
        self, place: str, write: Callable[[Path], None], what: str, *, resumes: bool = False
    ) -> Path:
        """Fill a folder of the cache once; it is verified whenever it is asked for again.

        Args:
            place: the place of the folder in the cache: digests of all that its content depends on.
            write: a function that fills the folder that it is given.
            what: a name for its content, for messages.
            resumes: whether ``write`` goes on with what a run that was cut short left there.

        Raises:
            InputError: there is no cache, or it cannot be written.
        """
        if self.cache is None:
            raise InputError(f"{what} are kept on disk, and there is no cache")
        return made_once(self.cache / place, write, what, resumes=resumes, warn=self.warn)

    def waiting(self, place: str) -> int:
        """Number of other processes that wait until a folder of the cache is filled."""
        return 0 if self.cache is None else n_waiting(self.cache / place)


class Resources(NamedTuple):
    """The resources that must be free on a node before a cell starts there.

    Attributes:
        cpus: cores, one for each thread that the cell computes on.
        gpus: number of GPUs; one may be shared, by halves for example.
        memory_gb: memory in 10^9 bytes; 0: no requirement.
    """

    cpus: int = 1
    gpus: float = 0.0
    memory_gb: float = 0.0

    def __str__(self) -> str:
        named = zip(("CPUs", "GPUs", "GB of memory"), self, strict=True)
        return ", ".join(f"{number:g} {name}" for name, number in named if number)
