"""A method measured, or fitted and indexed for a search, in the process of the caller."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from bench.errors import InputError, lacks_packages
from bench.evaluation.answers import reason_to_skip
from bench.evaluation.cell import measure
from bench.evaluation.fitted import FitInfo, FittedCache, training_of
from bench.method import Method, Workspace, no_progress
from bench.plan.arguments import require, require_seed
from bench.plan.cells import plan_cell
from bench.plan.grid import Settings, check_settings, settled
from bench.registry import Registry
from bench.system.device import wanted_device
from bench.system.paths import cache_folder
from bench.system.provenance import provenance, usable_cores
from bench.task import Task
from bench.task.sealed import seal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.evaluation.search_task import ReportPhase
    from bench.method import Value
    from bench.store.cell import Cell
    from bench.task import Corpus

logger = logging.getLogger(__name__)
_FITTED: WeakValueDictionary[int, Method] = WeakValueDictionary()
"""Methods that were prepared, by their ``id``."""


def no_report(_phase: str, _done: int, _total: int) -> None:
    """Do nothing: the report of a caller that asks for no progress."""


def evaluate(
    method: Method | str,
    task: Task,
    *,
    seed: int = 0,
    k: int | None = None,
    report: ReportPhase | None = None,
    settings: Mapping[str, Value] | None = None,
    workspace: Workspace | None = None,
    fits: Path | None = None,
) -> Cell:
    """Measure a method in this process: see :func:`bench.evaluate`."""
    launched = time.time()
    _require_task(task)
    require_seed(seed)
    require("a whole number", int, k=k)
    report = report or no_report
    if not callable(report):
        raise TypeError(f"progress takes a function, got {report!r}")
    require("a bench.method.Workspace", Workspace, workspace=workspace)
    made = _method_of(method, task, settings or {})
    if not task.n_asked:
        raise InputError(
            f"dataset {task.name} has no test query with a relevant document, so that nothing can "
            "be measured; give its test some"
        )
    parts = (type(made), *made.parts())
    if fits is not None and any(part.__module__ == "__main__" for part in parts):
        raise InputError(
            f"{made.name} is defined in the script that runs, so that its code is not known and "
            "a state of other code could be taken for its own; move it to a module, or leave out "
            "fits"
        )
    planned = plan_cell(task, made, seed, k, provenance(usable_cores()))
    task, sealed = seal(task)
    _begin(made, task, workspace, report)
    fitted = FittedCache(fits, planned.task_digest)
    cell = measure(made, task, sealed, planned, fitted=fitted, report=report, launched=launched)
    _require_not_skipped(made, task, cell.reason)
    return cell


class Prepared(NamedTuple):
    """The cost of making a method ready to search.

    Attributes:
        fit: seconds and source of its fitted state.
        index_s: seconds of indexing the corpus.
    """

    fit: FitInfo
    index_s: float


def prepare(
    method: Method,
    task: Task,
    *,
    corpus: Corpus | None = None,
    workspace: Workspace | None = None,
    seed: int = 0,
    fits: Path | None = None,
) -> Prepared:
    """Fit a method and index the corpus, so that it can be searched.

    Args:
        method: a method that was not fitted before.
        task: the task that it is fitted on.
        corpus: the corpus to index; None: the task's.
        workspace: the method's cache and device; None: the same as in a run.
        seed: the seed of every random choice.
        fits: a folder of fitted states, where its own is taken from and kept; None: it is fitted.

    Raises:
        InputError: the method cannot be measured on this task, or was fitted before.
    """
    _begin(method, task, workspace, no_report)
    training = training_of(task, sees_test=method.sees_test)
    _require_not_skipped(method, task, reason_to_skip(method, training))
    fit = FittedCache(fits, task.digest).fit(method, training, seed, no_progress)
    corpus = corpus or task.corpus
    start = time.perf_counter()
    method.index(corpus)
    return Prepared(fit, time.perf_counter() - start)


def method_named(
    name: str, task: Task, settings: Mapping[str, Value], plugins: Iterable[str] = ()
) -> Method:
    """A method with the hyper-parameters that a run would give it.

    Args:
        name: the name that ``--methods`` takes.
        task: the task whose defaults replace those of the method.
        settings: hyper-parameter -> value; they replace the defaults.
        plugins: what brings the method or its parts, as ``--plugin`` names it.

    Raises:
        InputError: there is no such method, or it has no such hyper-parameter or value.
    """
    found = Registry(plugins).resolve(name)
    named = Settings.named(settings)
    check_settings([found], named)
    return found(**settled(found, task, named))


def _begin(method: Method, task: Task, workspace: Workspace | None, report: ReportPhase) -> None:
    """Give a method its workspace.

    Raises:
        InputError: the method cannot be measured on this task, or was fitted before.
    """
    if _FITTED.get(id(method)) is method or _holds_more_than_new(method):
        raise InputError(
            f"this {method.name} was fitted before, and would go on from there; make another "
            f"{type(method).__name__} for each evaluation"
        )
    _require_not_skipped(method, task, lacks_packages(method.requires))
    method.workspace = workspace or Workspace(
        cache_folder(), partial(report, "encode"), logger.warning, device=wanted_device()
    )
    _FITTED[id(method)] = method


def _require_not_skipped(method: Method, task: Task, reason: str | None) -> None:
    if reason:
        _FITTED.pop(id(method), None)
        raise InputError(f"{method.name} cannot be measured on {task.name}: {reason}")


def _holds_more_than_new(method: Method) -> bool:
    """Whether a method has attributes that a new one does not have: its ``fit`` was called."""
    return bool(vars(method).keys() - vars(type(method)(**method.values)).keys())


def _require_task(task: object) -> None:
    """Raise TypeError for an object that is no task."""
    if not isinstance(task, Task):
        way = f"; bench.load({task!r}) reads one" if isinstance(task, str) else ""
        raise TypeError(f"a task is expected, as bench.load returns it, got {task!r}{way}")


def _method_of(method: object, task: Task, settings: Mapping[str, Value]) -> Method:
    """The method itself, or a new one if its name was given.

    Args:
        method: a method, or the name of one.
        task: the task whose defaults a method that is given by name gets.
        settings: hyper-parameter -> value, for a method that is given by name.

    Raises:
        InputError: it is a class, its name is unknown, or hyper-parameters are given beside a
            method that is made already.
        TypeError: it is something else.
    """
    if isinstance(method, str):
        return method_named(method, task, settings)
    if isinstance(method, type) and issubclass(method, Method):
        name = method.__name__
        raise InputError(
            f"{name} is a class, and a method that was made of it is expected: "
            f"bench.evaluate({name}(...), task)"
        )
    if not isinstance(method, Method):
        raise TypeError(
            "a method is expected, or its name such as 'masked-de', as `python -m bench list` has "
            f"them; got {method!r}"
        )
    if settings:
        raise InputError(
            f"settings {dict(settings)!r} are for a method that is given by name; give "
            f"{type(method).__name__} its hyper-parameters where it is made"
        )
    return method
