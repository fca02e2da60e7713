"""One cell in this process: fit, index, choose, search, measure, from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError, MethodError
from bench.evaluation.choose import choose
from bench.evaluation.derive import Results, correlations
from bench.evaluation.fitted import Fits
from bench.evaluation.preparation import begin, fit_and_index, untold
from bench.evaluation.search import Searcher
from bench.evaluation.word_pairs import score_pairs
from bench.measures.records import Correlation, Leaves, PointResult
from bench.plan.cells import cell_of
from bench.store.cell import Cell, Cost, Status
from bench.store.folder import QUERIES, RUN
from bench.store.query_values import write_query_values
from bench.store.run_file import RunFile, write_scores
from bench.system.device import gpu_used
from bench.system.memory import PeakMemory
from bench.system.provenance import Provenance, provenance, usable_cores
from bench.task.sealed import seal

if TYPE_CHECKING:
    from pathlib import Path

    from bench.evaluation.preparation import Tell
    from bench.method import Method, Point, Workspace
    from bench.task import Task
    from bench.task.sealed import SealedJudgements
    from bench.task.word_pairs import WordPairs

LOOKS = 20
"""How many of a method's looks at its leaves in training are kept, the first and last included."""


def evaluate(
    method: Method,
    task: Task,
    *,
    seed: int = 0,
    k: int | None = None,
    tell: Tell = untold,
    workspace: Workspace | None = None,
    fits: Path | None = None,
) -> Cell:
    """Measure a method that was made by the caller: see :func:`bench.evaluate`."""
    launched = time.time()
    if not task.n_asked:
        raise InputError(
            f"dataset {task.name} has no test query with a relevant document, so that nothing can "
            "be measured; give its test some"
        )
    parts = (type(method), *method.parts())
    if fits is not None and any(part.__module__ == "__main__" for part in parts):
        raise InputError(
            f"{method.name} is defined in the script that runs, so that its code is not known and "
            "a state of other code could be taken for its own; move it to a module, or leave out "
            "fits"
        )
    blank = cell_of(task, method, seed, k, provenance(usable_cores()))
    task, sealed = seal(task)
    begin(method, task, workspace, tell)
    kept = Fits(fits, blank.task_digest, not_before=0.0)
    return measure(method, task, sealed, blank, fits=kept, tell=tell, launched=launched)


def measure(
    method: Method,
    task: Task,
    sealed: SealedJudgements,
    blank: Cell,
    *,
    fits: Fits,
    tell: Tell,
    launched: float,
    memory_bytes: int | None = None,
    folder: Path | None = None,
) -> Cell:
    """Fit, index, choose, search and measure a method: the one way to fill a cell.

    Args:
        method: an unfitted method with its workspace.
        task: what it is measured on, its test sealed.
        sealed: that test.
        blank: the cell with everything but its outcome.
        fits: where fitted states are kept, and taken from.
        tell: called as the cell gets on.
        launched: when the work on this cell began (seconds since 1970).
        memory_bytes: what this process may use; 0: as much as it likes; None: nobody said.
        folder: where the run and the values of its queries are written; None: nowhere.

    Returns:
        The cell, with status OK.

    Raises:
        MemoryError: the process used more than ``memory_bytes``.
    """
    memory = PeakMemory()
    try:
        corpus = task.corpus if task.similarity is None else None
        fit, index_s = fit_and_index(method, task, corpus, fits, blank.seed, tell)
        if task.similarity is None:
            found = _ranked(method, task, sealed, blank.k, folder, tell)
        else:
            found = _scored(method, task, task.similarity, folder, tell)
    finally:
        peak_mb = memory.stop()
    ceiling_mb = None if memory_bytes is None else memory_bytes / 1e6
    if ceiling_mb and peak_mb > ceiling_mb:
        raise MemoryError(f"used {peak_mb:,.0f} MB, and was to keep to {ceiling_mb:,.0f} MB")
    own = fit.spent + fit.waited + index_s + found.encode_s
    own += found.choose_s + found.search_s + found.exact_s
    cost = Cost(
        fit_s=fit.seconds,
        fit_shared=fit.shared,
        index_s=index_s,
        encode_s=found.encode_s,
        choose_s=found.choose_s,
        exact_s=found.exact_s,
        search_s=found.search_s,
        index_bytes=0 if corpus is None else method.index_bytes(),
        peak_mb=peak_mb,
        ceiling_mb=ceiling_mb,
        harness_s=time.time() - launched - own,
    )
    outcome = {
        "status": Status.OK,
        "reason": None,
        "chosen": sealed.chosen,
        "points": found.points,
        "similarity": found.similarity,
        "leaves": found.leaves,
        "cost": cost,
        "provenance": origin(blank, fit.gpu),
    }
    return blank.model_copy(update=outcome)


def origin(blank: Cell, gpu_of_fit: str | None = None) -> Provenance:
    """Where a cell was measured, with the GPU that it used or its fitted state was made on."""
    gpu = gpu_used() or gpu_of_fit
    machine = blank.provenance.machine | ({"gpu": gpu} if gpu else {})
    return blank.provenance.model_copy(update={"machine": machine})


class _Found(NamedTuple):
    """What was measured of a cell, and the seconds that the method spent on it."""

    points: list[PointResult]
    similarity: list[Correlation]
    search_s: float
    encode_s: float = 0.0
    choose_s: float = 0.0
    exact_s: float = 0.0
    leaves: Leaves | None = None


def _scored(
    method: Method, task: Task, pairs: WordPairs, folder: Path | None, tell: Tell
) -> _Found:
    """Rank correlation of pair scores with the human ones."""
    begin = time.perf_counter()
    scores = score_pairs(method, task, partial(tell, "score"))
    seconds = time.perf_counter() - begin
    tell("measure", 0, 1)
    if folder is not None:
        write_scores(folder / RUN, scores)
    return _Found([], correlations(scores, pairs), seconds)


def _ranked(
    method: Method,
    task: Task,
    sealed: SealedJudgements,
    k: int,
    folder: Path | None,
    tell: Tell,
) -> _Found:
    """Results of every operating point, the test opened once one of them is chosen."""
    settings = _settings_of(method)
    begin = time.perf_counter()
    chosen = sealed.chosen or choose(method, task, settings, partial(tell, "choose"))
    choose_s = time.perf_counter() - begin
    rows = sealed.asked
    judged = sealed.open(chosen).rows(rows)
    searcher = Searcher(method, task.queries(rows), len(task.document_names), k, judged.relevance)
    begin = time.perf_counter()
    tell("search exactly", 0, 1)
    ranked = searcher.rank_exactly()
    exact = None if ranked is None else judged.found(ranked)
    exact_s = time.perf_counter() - begin - searcher.prepare_s
    results = Results(judged, exact, len(task.document_names))
    run_file = None
    if folder is not None:
        run_file = RunFile(folder / RUN, rows, sealed.asked_depth, judged.relevance, exact)
    search_s = 0.0
    for number, point in enumerate(settings, start=1):
        point_run = searcher.run(point, partial(tell, f"search {number}/{len(settings)}"))
        if run_file is not None:
            run_file.add(point_run)
        results.add(point_run.summary, point_run.ids, point_run.reached)
        search_s += point_run.summary.seconds
    tell("measure", 0, 1)
    points = results.points()
    if folder is not None and run_file is not None:
        run_file.close()
        write_query_values(folder / QUERIES, results.query_values(rows, points))
    health = searcher.leaf_health()
    leaves = None
    if health is not None:
        looks = method.leaves_in_training()
        kept = np.unique(np.linspace(0, len(looks) - 1, LOOKS).astype(int)) if looks else ()
        training = [Leaves(**looks[number]._asdict()) for number in kept]
        leaves = Leaves(**health._asdict(), training=training)
    return _Found(points, [], search_s, searcher.prepare_s, choose_s, exact_s, leaves)


def _settings_of(method: Method) -> list[Point]:
    """The operating points of a method.

    Raises:
        MethodError: there is none, or one is not a mapping of names to finite values.
    """
    found = method.operating_points()
    if not isinstance(found, list) or not found:
        raise MethodError(f"operating_points() must return a list of one or more, got {found!r}")
    for point in found:
        is_mapping = isinstance(point, Mapping) and all(isinstance(name, str) for name in point)
        if not is_mapping or not all(map(_is_value, point.values())):
            raise MethodError(
                f"operating_points() returned {point!r}; a point is a mapping of names to numbers "
                "that are finite, texts, True or False"
            )
    return found


def _is_value(value: object) -> bool:
    return isinstance(value, bool | int | str) or (
        isinstance(value, float) and math.isfinite(value)
    )
