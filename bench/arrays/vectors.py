"""Vectors by the million: a file that is mapped into memory where it is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Floats

UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    OverflowError,
    SyntaxError,
    TypeError,
    TokenError,  # these: the header is no Python
)
"""Errors of ``Vectors.array`` for a file that is no array or not whole."""
_LOOKED_AT = 1 << 16


def new_file(path: Path, kind: type | np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """A new ``.npy`` file as an array that is written to; its room on the disk is taken at once.

    Raises:
        OSError: the disk has no room for it.
    """
    made = np.lib.format.open_memmap(path, "w+", kind, shape)
    if hasattr(os, "posix_fallocate"):  # on a full disk writing to the map would kill the process
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return made


@dataclass(frozen=True)
class Vectors:
    """An ``.npy`` file of vectors.

    Attributes:
        path: path of the file, [n, dim] float32 or float16.
        digest: a text that identifies its content in the digest of a task.
    """

    path: Path
    digest: str

    @cached_property
    def array(self) -> Floats:
        """[n, dim] the vectors, a read-only memory map."""
        # Not np.load: it gives an archive of arrays for a file that is one, whatever its name.
        mapped: Floats = np.lib.format.open_memmap(self.path, mode="r")
        return mapped

    def link(self, path: Path) -> None:
        """Make another path lead to the file; nothing is copied."""
        path.symlink_to(self.path.resolve())

    def check(self) -> None:
        """Raise InputError for a file that cannot be searched: wrong shape, type or value."""
        try:
            array = self.array
        except UNREADABLE as error:
            raise InputError(
                f"{self.path} is not a NumPy file of vectors, as numpy.save writes it, or not whole"
            ) from error
        kinds = (np.dtype(np.float32), np.dtype(np.float16))
        if array.ndim != 2 or 0 in array.shape or array.dtype not in kinds:  # noqa: PLR2004
            raise InputError(
                f"{self.path} must hold [n, dim] numbers, such as float32, it holds {array.dtype} "
                f"of shape {array.shape}"
            )
        for start in range(0, len(array), _LOOKED_AT):
            finite = np.isfinite(array[start : start + _LOOKED_AT]).all(axis=1)
            if not finite.all():
                row = start + int(finite.argmin())
                raise InputError(f"{self.path}: row {row} holds a value that is not finite")
