"""Fits that rows of one trainer share while they are checked."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from bench.evaluation.fitted import training_of
from bench.versions.keys import fit_key

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Method
    from bench.task import Task

KEPT = "kept"


def _unfollowed(_done: int, _total: int) -> None:
    """Nobody follows these short fits."""


class SharedFits:
    """Fitted states in a folder: of equal identities only the first is fitted, the others load."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fit(
        self, method: Method, task: Task, *, seed: int = 0, times: int = 1, purpose: str = ""
    ) -> None:
        """Fit a method, after its warm start where it has one.

        Args:
            method: neither fitted nor loaded.
            task: to fit on.
            seed: of the fit.
            times: how often it is fitted, one after the other.
            purpose: states of different purposes are not shared.
        """
        key = fit_key(task.digest, method, seed)
        folder = self._folder / f"{key}-{times}-{purpose}"
        if method.keeps_fit and (folder / KEPT).exists():
            method.load(folder)
            return
        training = training_of(task, method)
        start = method.warm_start(training)
        if start is not None:
            self.fit(start, task, seed=seed, purpose=purpose)
            method.start_from(start)
        for _ in range(times):
            method.fit(training, seed=seed, progress=_unfollowed)
        if method.keeps_fit:
            self._keep(method, folder)

    @staticmethod
    def _keep(method: Method, folder: Path) -> None:
        """Save a state for others; one that cannot be saved is the round trip's concern."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with contextlib.suppress(Exception):
            method.save(folder)
            (folder / KEPT).touch()
