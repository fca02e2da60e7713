"""The training data of a method, and fitted states: an encoder is trained once for all its rows."""

from __future__ import annotations

import json
import logging
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock

from bench.measures.records import SEES_TEST
from bench.method import Checkpoint, Method
from bench.registry import missing_packages
from bench.system.device import gpu_used
from bench.system.files import write_atomically
from bench.task.sealed import SealedJudgements
from bench.versions.keys import fit_key

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Progress
    from bench.task import Task, Training


logger = logging.getLogger(__name__)


class FitInfo(NamedTuple):
    """How a method came to its fitted state.

    Attributes:
        seconds: seconds of training, including the warm start, in this cell or an earlier one,
            and those before a cut that the training went on after.
        spent: seconds of fitting or loading in this process.
        shared: whether another cell fitted it before.
        waited: seconds of waiting until another cell's process had fitted it.
        gpu: the GPU that it was fitted on, or None.
    """

    seconds: float
    spent: float
    shared: bool
    waited: float = 0.0
    gpu: str | None = None


class FittedCache:
    """The folder of fitted states."""

    def __init__(self, folder: Path | None, task_digest: str, *, not_before: float) -> None:
        """Keep states in ``folder``, or nowhere.

        States written before ``not_before`` (seconds since 1970) are fitted again.
        """
        self._folder = folder
        self._task_digest = task_digest
        self._not_before = not_before

    def fit(self, method: Method, training: Training, seed: int, progress: Progress) -> FitInfo:
        """Fit a method, or load the state that another cell fitted; its warm start comes first."""
        if self._folder is None or not method.keeps_fit:
            return self._fit(method, training, seed, progress, None)
        folder = self._folder / fit_key(self._task_digest, method, seed)
        begin = time.perf_counter()
        with FileLock(f"{folder}.lock"):
            waited = time.perf_counter() - begin
            before = self._load(method, folder)
            if before is not None:
                return before._replace(waited=waited)
            cut = folder.with_suffix(".checkpoint")
            if self._is_earlier(cut):
                cut.unlink()
            fit = self._fit(method, training, seed, progress, cut)
            self._save(method, folder, {"seconds": fit.seconds, "gpu": fit.gpu})
            return fit._replace(waited=fit.waited + waited)

    def _load(self, method: Method, folder: Path) -> FitInfo | None:
        """Load a state and return how it was fitted; None if there is no state."""
        record = folder / "fit.json"
        if not record.exists() or self._is_earlier(record):
            return None
        try:
            method.load(folder)
            facts = json.loads(record.read_text())
            return FitInfo(float(facts["seconds"]), 0.0, shared=True, gpu=facts.get("gpu"))
        except Exception:
            # Written by code that saved in another form, or damaged: it can be made again.
            logger.exception("cannot load %s; fitting again", folder)
            return None

    def _is_earlier(self, file: Path) -> bool:
        """Whether a file exists that is too old to be taken."""
        return file.exists() and file.stat().st_mtime < self._not_before

    def _fit(
        self, method: Method, training: Training, seed: int, progress: Progress, cut: Path | None
    ) -> FitInfo:
        """Fit a method after its warm start; ``cut`` is the file of its checkpoint."""
        first = FitInfo(0.0, 0.0, shared=False)
        warm_start = method.warm_start(training)
        if warm_start is not None:
            first = self.fit(warm_start, training, seed, progress)
            method.start_from(warm_start)
        start = time.perf_counter()
        checkpoint = Checkpoint(cut, method.workspace.warn)
        method.workspace = method.workspace._replace(checkpoint=checkpoint)
        method.fit(training, seed=seed, progress=progress)
        spent = time.perf_counter() - start
        return FitInfo(
            first.seconds + checkpoint.seconds + spent,
            first.spent + spent,
            shared=False,
            waited=first.waited,
            gpu=gpu_used() or checkpoint.gpu or first.gpu,
        )

    def _save(self, method: Method, folder: Path, facts: dict[str, float | str | None]) -> None:
        """Keep the state for other cells; if that fails, this cell goes on without it."""
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir(parents=True)
            method.save(folder)
            write_atomically(folder / "fit.json", json.dumps(facts))
            method.workspace.checkpoint.remove()
        except Exception:
            logger.exception("cannot keep the fit in %s", folder)
            shutil.rmtree(folder, ignore_errors=True)


def lacks_packages(method: type[Method]) -> str | None:
    """The packages that a method needs and that are not installed, in words, or None."""
    missing = missing_packages(method)
    return f"needs {', '.join(missing)}; pip install {' '.join(missing)}" if missing else None


def reason_to_skip(method: Method, task: Task) -> str | None:
    """The reason why a method has no row on a task, or None."""
    if task.similarity is not None and type(method).score is Method.score:
        return "does not score single pairs"
    return method.skip(training_of(task, method))


def training_of(task: Task, method: Method | type[Method]) -> Training:
    """The data that a method is fitted on; the test too, if the method declares ``sees_test``."""
    if not method.sees_test:
        return task.training()
    test = task.test
    judged = test.open(SEES_TEST) if isinstance(test, SealedJudgements) else test
    return task.training(judged.relevance)
