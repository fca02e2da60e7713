"""A training that is cut goes on: its state is kept on disk, at most a minute apart."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.errors import InputError
from bench.method.training_state import State, array_of, filled, packed, unpacked
from bench.system.device import gpu_used
from bench.system.kept import discard, is_whole, keep, no_warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY_S = 45.0
"""Seconds from one checkpoint to the next, which comes after the step that is under way."""
FACTS, ARRAYS = "facts.json", "arrays.npz"


class Checkpoint:
    """The folder that holds the state of one fit's training until the fit is done.

    A loop of training calls ``restore(state)`` before it and ``keep(state)`` after each step. The
    state holds every value that a step changes: the number of the step, and random generators, too.

    Attributes:
        seconds: seconds of training before it was cut, 0 if it was not.
        gpu: the GPU of the training before it was cut, or None.
    """

    def __init__(self, path: Path | None = None, warn: Callable[[str], None] = no_warning) -> None:
        """Keep states in ``path``, where an earlier process may have left one; None: nowhere."""
        self._path = path
        self._warn = warn
        self._begin = self._last = time.monotonic()
        self._training = 0
        self._left = self._read()
        self.seconds = float(self._left["seconds"]) if self._left else 0.0
        self.gpu: str | None = self._left["gpu"] if self._left else None

    def restore(self, state: State) -> None:
        """Bring a state to where an earlier process kept it, if that process was cut.

        Arrays and tensors are filled in place. A fit may train several times, one after another:
        each training gets its own state.

        Raises:
            TypeError: the state holds a value that cannot be kept, or one array in two places.
            InputError: the state that was kept has another form; it is removed.
        """
        packed(state, [])
        self._training += 1
        if self._left is None or self._left["training"] != self._training:
            return
        try:
            filled(state, self._left["state"])
        except Exception as error:
            path = self._path
            self.remove()
            raise InputError(
                f"the checkpoint {path} has another form than this training "
                f"({type(error).__name__}: {error}); it is removed, so run it again"
            ) from error
        self._left = None
        self._warn(f"training goes on where it was cut, after {self.seconds:,.0f} s")

    def keep(self, state: State) -> None:
        """Write a state, if the last one is older than ``EVERY_S``; a full disk ends nothing."""
        now = time.monotonic()
        if self._path is None or now - self._last < EVERY_S:
            return
        arrays: list[Any] = []
        facts = {
            "training": self._training,
            "seconds": self.seconds + now - self._begin,
            "gpu": gpu_used() or self.gpu,
            "state": packed(state, arrays),
        }

        def write(folder: Path) -> None:
            np.savez(folder / ARRAYS, *map(array_of, arrays))
            (folder / FACTS).write_text(json.dumps(facts))

        try:
            keep(self._path, write)
        except OSError as error:
            self._warn(f"no checkpoint can be kept in {self._path}: {error}")
        self._last = time.monotonic()

    def remove(self) -> None:
        """Remove the state, and keep no more: the fit is done."""
        if self._path is not None:
            discard(self._path)
        self._path = self._left = None

    def _read(self) -> dict[str, Any] | None:
        """The state that an earlier process left; None if there is none, or it is damaged."""
        if self._path is None or not is_whole(self._path, self._warn):
            return None
        try:
            facts: dict[str, Any] = json.loads((self._path / FACTS).read_text())
            with np.load(self._path / ARRAYS) as arrays:
                facts["state"] = unpacked(facts["state"], list(arrays.values()))
        except (OSError, ValueError, LookupError) as error:  # kept by Treeline of another version
            self._warn(f"{self._path} cannot be read ({error}); training begins anew")
            return None
        return facts
