"""From what a caller names to a method that is fitted and indexed, in this process."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from weakref import WeakValueDictionary

from bench.errors import InputError
from bench.evaluation.choose import SEES_TEST
from bench.evaluation.fitted import Fit, Fits
from bench.method import Method, Workspace
from bench.plan.cells import Settings, check_settings, settled
from bench.registry import Registry, missing_packages
from bench.system.device import wanted_device
from bench.system.paths import cache_folder
from bench.task.sealed import SealedJudgements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.method import Value
    from bench.task import Corpus, Task, Training

    Tell: TypeAlias = Callable[[str, int, int], None]
    """Called with (phase, done, total)."""

logger = logging.getLogger(__name__)
_FITTED: WeakValueDictionary[int, Method] = WeakValueDictionary()
"""Methods that were prepared, by ``id``."""


def untold(_phase: str, _done: int, _total: int) -> None:
    """What is called where the caller asks for no progress."""


def method_named(name: str, task: Task, settings: Mapping[str, Value]) -> Method:
    """A method with the hyper-parameters that a run would give it.

    Args:
        name: as typed after ``--methods``.
        task: whose defaults take the place of the method's.
        settings: hyper-parameter -> value, before these defaults.

    Raises:
        InputError: there is no such method, or it has no such hyper-parameter or value.
    """
    found = Registry().resolve(name)
    named = Settings.named(settings)
    check_settings([found], named)
    values, _ = settled(found, task, named)
    return found(**values)


class Prepared(NamedTuple):
    """How a method was made ready to search.

    Attributes:
        fit: how it came to its fitted state.
        index_s: seconds of indexing the corpus.
    """

    fit: Fit
    index_s: float


def prepare(
    method: Method,
    task: Task,
    *,
    corpus: Corpus | None = None,
    workspace: Workspace | None = None,
) -> Prepared:
    """Fit a method under seed 0 and index the corpus, so that it can be searched.

    Args:
        method: one that was not fitted before.
        task: what it is fitted on.
        corpus: what is indexed instead of the task's corpus.
        workspace: what the method is given to work with; None: the same as in a run.

    Raises:
        InputError: the method cannot be measured on this task, or was fitted before.
    """
    begin(method, task, workspace, untold)
    fits = Fits(None, task.digest, not_before=0.0)
    return fit_and_index(method, task, corpus or task.corpus, fits, 0, untold)


def begin(method: Method, task: Task, workspace: Workspace | None, tell: Tell) -> None:
    """Give a method its workspace.

    Raises:
        InputError: it cannot be measured on this task, or was fitted before.
    """
    if _FITTED.get(id(method)) is method or _holds_more_than_new(method):
        raise InputError(
            f"this {method.name} was fitted before, and would go on from there; make another "
            f"{type(method).__name__} for each evaluation"
        )
    reason = lacking(type(method))
    if reason is None:
        method.workspace = workspace or Workspace(
            cache_folder(), partial(tell, "encode"), logger.warning, device=wanted_device()
        )
        reason = unsuited(method, task)
    if reason is not None:
        raise InputError(f"{method.name} cannot be measured on {task.name}: {reason}")
    _FITTED[id(method)] = method


def _holds_more_than_new(method: Method) -> bool:
    """Whether a method has attributes that one just made does not have: its ``fit`` was called."""
    return bool(vars(method).keys() - vars(type(method)(**method.values)).keys())


def lacking(method: type[Method]) -> str | None:
    """The packages that a method needs and that are not installed, in words, or None."""
    missing = missing_packages(method)
    return f"needs {', '.join(missing)}; pip install {' '.join(missing)}" if missing else None


def unsuited(method: Method, task: Task) -> str | None:
    """Why a method has no row on a task, or None."""
    if task.similarity is not None and type(method).score is Method.score:
        return "does not score single pairs"
    return method.skip(training_of(task, method))


def training_of(task: Task, method: Method | type[Method]) -> Training:
    """What a method is given to fit on; the test too, if it declares ``sees_test``."""
    if not method.sees_test:
        return task.training()
    test = task.test
    judged = test.open(SEES_TEST) if isinstance(test, SealedJudgements) else test
    return task.training(judged.relevance)


def fit_and_index(
    method: Method, task: Task, corpus: Corpus | None, fits: Fits, seed: int, tell: Tell
) -> Prepared:
    """Fit a method, or load its fit, and index the corpus where there is one to search."""
    fit = fits.fit(method, training_of(task, method), seed, partial(tell, "fit"))
    start = time.perf_counter()
    if corpus is not None:
        tell("index", 0, 1)
        method.index(corpus)
    return Prepared(fit, time.perf_counter() - start)
