"""The training data of a method, and fitted states: an encoder is trained once for all its rows."""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import reprlib
import time
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock

from bench.errors import MethodError
from bench.evaluation.clock import Watch
from bench.measures.choice import SEES_TEST
from bench.method import Checkpoint, Method
from bench.system.device import gpu_used
from bench.system.kept import is_whole, keep
from bench.system.memory import without_collecting
from bench.task.sealed import SealedJudgements
from bench.versions.keys import built_ins, fit_key
from bench.versions.sources import modules_reached

if TYPE_CHECKING:
    from pathlib import Path

    from bench.method import Progress
    from bench.task import Task, Training


logger = logging.getLogger(__name__)
FACTS = "fit.json"


class FitInfo(NamedTuple):
    """How a method came to its fitted state.

    Attributes:
        seconds: seconds of training, including the warm start, in this cell or an earlier one, and
            of loading it here; those before a cut, too, if it went on from a checkpoint.
        spent: seconds of fitting or loading in this process.
        shared: whether another cell fitted it before.
        waited: seconds of waiting until another cell's process had fitted it.
        gpu: the GPU that it was fitted on, or None.
        without_core: share of the training in which threads had no core; None: not known.
    """

    seconds: float
    spent: float
    shared: bool
    waited: float = 0.0
    gpu: str | None = None
    without_core: float | None = None


@without_collecting()
def import_code(method: type[Method]) -> None:
    """Import what a built-in method is made of: no step of it is to take longer by an import."""
    for name in modules_reached(*(each.__module__ for each in built_ins(method))):
        with contextlib.suppress(Exception):  # this task may not need it; else it fails later
            importlib.import_module(name)


class FittedCache:
    """The folder of fitted states."""

    def __init__(self, folder: Path | None, task_digest: str) -> None:
        """Keep states in ``folder``, or nowhere."""
        self._folder = folder
        self._task_digest = task_digest

    def fit(self, method: Method, training: Training, seed: int, progress: Progress) -> FitInfo:
        """Fit a method, or load the state that another cell fitted; its warm start comes first.

        The method's workspace has the seed from here on, for the random choices of its index.
        """
        method.workspace = method.workspace._replace(seed=seed)
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
            fit = self._fit(method, training, seed, progress, cut)
            facts = {"seconds": fit.seconds, "gpu": fit.gpu, "without_core": fit.without_core}
            self._save(method, folder, facts)
            return fit._replace(waited=fit.waited + waited)

    def _load(self, method: Method, folder: Path) -> FitInfo | None:
        """Load a state and return how it was fitted; None if there is no state."""
        if not is_whole(folder, method.workspace.warn):
            return None
        try:
            facts = json.loads((folder / FACTS).read_text())
            begin = time.perf_counter()
            method.load(folder)
            spent = time.perf_counter() - begin
            return FitInfo(
                float(facts["seconds"]) + spent,
                spent,
                shared=True,
                gpu=facts.get("gpu"),
                without_core=facts.get("without_core"),
            )
        except Exception:
            # Written by code that saved in another form: it can be made again.
            logger.exception("cannot load %s; fitting again", folder)
            return None

    def _fit(
        self, method: Method, training: Training, seed: int, progress: Progress, cut: Path | None
    ) -> FitInfo:
        """Fit a method after its warm start; ``cut`` is the folder of its checkpoint."""
        watch, first = Watch(), FitInfo(0.0, 0.0, shared=False)
        with watch.running():
            warm_start = method.warm_start(training)
            if warm_start is not None:
                _require_unfitted(method, warm_start)
                first = self.fit(warm_start, training, seed, progress)
                method.start_from(warm_start)
            checkpoint = Checkpoint(cut, method.workspace.warn)
            method.workspace = method.workspace._replace(checkpoint=checkpoint)
            method.fit(training, seed=seed, progress=progress)
        spent = watch.seconds - first.waited
        return FitInfo(
            first.seconds - first.spent + checkpoint.seconds + spent,
            spent,
            shared=False,
            waited=first.waited,
            gpu=gpu_used() or checkpoint.gpu or first.gpu,
            without_core=watch.waited,
        )

    def _save(self, method: Method, folder: Path, facts: dict[str, float | str | None]) -> None:
        """Keep the state for other cells; if that fails, this cell goes on without it."""

        def write(made: Path) -> None:
            method.save(made)
            (made / FACTS).write_text(json.dumps(facts))

        try:
            keep(folder, write)
            method.workspace.checkpoint.remove()
        except Exception:
            logger.exception("cannot keep the fit in %s", folder)


def _require_unfitted(method: Method, warm_start: object) -> None:
    """Raise MethodError for a warm start that is no other method."""
    if not isinstance(warm_start, Method) or warm_start is method:
        came = "itself" if warm_start is method else reprlib.repr(warm_start)
        raise MethodError(
            f"{method.name}: warm_start(): got {came}; the contract has another method, "
            "unfitted, or None"
        )


def training_of(task: Task, *, sees_test: bool) -> Training:
    """The data that a method is fitted on; the test too, for one whose row says ``sees_test``."""
    if not sees_test:
        return task.training()
    test = task.test
    judged = test.open(SEES_TEST) if isinstance(test, SealedJudgements) else test
    return task.training(judged.relevance)
