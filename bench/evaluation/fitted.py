"""Fitted states, kept on disk: an encoder is trained once for all rows that search it."""

from __future__ import annotations

import json
import logging
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock

from bench.store.keys import fit_key
from bench.system.device import gpu_used
from bench.system.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Method, Progress
    from bench.task import Training


logger = logging.getLogger(__name__)


class Fit(NamedTuple):
    """How a method came to its fitted state.

    Attributes:
        seconds: of training, its warm start included, whenever that was.
        spent: seconds spent on it in this process.
        shared: whether it was fitted before.
        waited: seconds until another cell's process had fitted it.
        gpu: on which it was fitted, if it was.
    """

    seconds: float
    spent: float
    shared: bool
    waited: float = 0.0
    gpu: str | None = None


class Fits:
    """The folder of fitted states."""

    def __init__(self, folder: Path | None, task_digest: str, *, not_before: float) -> None:
        """Keep states in ``folder``, or nowhere.

        States written before ``not_before`` (seconds since 1970) are fitted again.
        """
        self._folder = folder
        self._task_digest = task_digest
        self._not_before = not_before

    def fit(self, method: Method, training: Training, seed: int, progress: Progress) -> Fit:
        """Fit a method, or load what another cell fitted; a warm start likewise first."""
        if self._folder is None or not method.keeps_fit:
            return self._fit(method, training, seed, progress)
        folder = self._folder / fit_key(self._task_digest, method, seed)
        begin = time.perf_counter()
        with FileLock(f"{folder}.lock"):
            waited = time.perf_counter() - begin
            before = self._load(method, folder)
            if before is not None:
                return before._replace(waited=waited)
            fit = self._fit(method, training, seed, progress)
            self._save(method, folder, {"seconds": fit.seconds, "gpu": fit.gpu})
            return fit._replace(waited=fit.waited + waited)

    def _load(self, method: Method, folder: Path) -> Fit | None:
        """Load a state, returning how it was fitted; None if there is none."""
        record = folder / "fit.json"
        if not record.exists() or record.stat().st_mtime < self._not_before:
            return None
        try:
            method.load(folder)
            facts = json.loads(record.read_text())
            return Fit(float(facts["seconds"]), 0.0, shared=True, gpu=facts.get("gpu"))
        except Exception:
            # Written by code that saved in another form, or damaged: it can be made again.
            logger.exception("cannot load %s; fitting again", folder)
            return None

    def _fit(self, method: Method, training: Training, seed: int, progress: Progress) -> Fit:
        first = Fit(0.0, 0.0, shared=False)
        warm_start = method.warm_start(training)
        if warm_start is not None:
            first = self.fit(warm_start, training, seed, progress)
            method.start_from(warm_start)
        start = time.perf_counter()
        method.fit(training, seed=seed, progress=progress)
        seconds = time.perf_counter() - start
        whole, spent = first.seconds + seconds, first.spent + seconds
        return Fit(whole, spent, shared=False, waited=first.waited, gpu=gpu_used() or first.gpu)

    def _save(self, method: Method, folder: Path, facts: dict[str, float | str | None]) -> None:
        """Keep the state for other cells; without room for it this cell goes on all the same."""
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
            method.save(folder)
            write_atomically(folder / "fit.json", json.dumps(facts))
        except Exception:
            logger.exception("cannot keep the fit in %s", folder)
            shutil.rmtree(folder, ignore_errors=True)
