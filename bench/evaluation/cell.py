"""One cell, from top to bottom: fit or take the fit, index, choose, search, measure, store."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import InputError, lacks_packages, reason_of
from bench.evaluation.answers import Indexed, reason_to_skip
from bench.evaluation.clock import Clock, Watch
from bench.evaluation.fitted import FittedCache, import_code, training_of
from bench.evaluation.points import leaves_of, with_purity
from bench.evaluation.search_task import ReportPhase, search_task
from bench.evaluation.word_pairs import score_pairs
from bench.measures.word_pairs import correlations
from bench.method import Method, Workspace
from bench.registry import Registry
from bench.store.cell import Cell, Cost, Status
from bench.store.folder import QUERIES, RUN, Store
from bench.store.run_file import write_scores
from bench.system.device import gpu_used, wanted_device
from bench.system.files import sha256_of
from bench.system.kept import trusting_from
from bench.system.memory import PeakMemory, is_out_of_memory, limit_memory, memory_left
from bench.system.paths import cache_folder
from bench.task.files import load_sealed, require_same_vectors
from bench.versions.keys import cell_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.store.cell import CellSpec
    from bench.system.provenance import Provenance
    from bench.task import Task
    from bench.task.sealed import SealedJudgements
    from bench.task.word_pairs import WordPairs

logger = logging.getLogger(__name__)


def run_cell(spec: CellSpec, report: ReportPhase, warn: Callable[[str], None]) -> Cell:
    """Measure a planned cell in this process, and store it if it was measured to its end.

    Args:
        spec: the cell, its task and the folder that it is stored in.
        report: called as the cell proceeds.
        warn: called with a text that the user should see at once.

    Returns:
        The cell, with a status and a reason where it was not measured.
    """
    planned, store = spec.planned, Store(Path(spec.root))
    with store.staging(planned.key) as staging, trusting_from(spec.fits_from):
        try:
            cell = _run(spec, staging, report, warn)
            if cell.status is Status.OK:
                store.commit(cell, staging)
        except Exception as error:
            logger.exception("the cell failed")
            status = Status.OUT_OF_MEMORY if is_out_of_memory(error) else Status.FAILED
            cell = planned.ended(status, reason_of(error), origin(planned))
    return cell


def _run(spec: CellSpec, staging: Path, report: ReportPhase, warn: Callable[[str], None]) -> Cell:
    """Make the method and its task ready, measure, and hash the files that were written."""
    planned = spec.planned
    method_type = Registry(planned.plugins).resolve(planned.method)
    reason = lacks_packages(method_type.requires)
    if reason:
        return planned.ended(Status.SKIPPED, reason)
    if spec.memory_bytes:
        limit_memory(spec.memory_bytes)
    task, sealed = load_sealed(Path(spec.task_folder))
    method = method_type(**planned.params)
    scratch = staging / "scratch"
    scratch.mkdir()
    method.workspace = Workspace(
        cache_folder(),
        partial(report, "encode"),
        warn,
        memory_left(spec.memory_bytes) if spec.memory_bytes else 0,
        scratch,
        wanted_device(),
    )
    if cell_key(planned.task_digest, method, planned.seed, planned.k) != planned.key:
        raise InputError(f"the code of {method.name} changed since the run began; run it again")
    cell = measure(
        method,
        task,
        sealed,
        planned,
        fitted=FittedCache(Path(spec.fits), planned.task_digest),
        report=report,
        launched=spec.launched,
        memory_bytes=spec.memory_bytes,
        supervisor=spec.supervisor,
        folder=staging,
    )
    if cell.status is Status.SKIPPED:
        return cell
    require_same_vectors(Path(spec.task_folder))
    report("store", 0, 1)
    queries = staging / QUERIES
    files = {
        "run_sha256": sha256_of(staging / RUN),
        "queries_sha256": sha256_of(queries) if queries.exists() else None,
    }
    return cell.model_copy(update=files)


def measure(
    method: Method,
    task: Task,
    sealed: SealedJudgements,
    planned: Cell,
    *,
    fitted: FittedCache,
    report: ReportPhase,
    launched: float,
    memory_bytes: int | None = None,
    supervisor: int | None = None,
    folder: Path | None = None,
) -> Cell:
    """Fit, index, choose, search and measure a method: the one way to fill a cell.

    Args:
        method: an unfitted method with its workspace.
        task: the task that it is measured on, with its test sealed.
        sealed: the judgements of that test.
        planned: the planned cell, with every field but the outcome.
        fitted: the cache of fitted states, which are loaded from it and kept in it.
        report: called as the cell proceeds.
        launched: when the work on this cell began (seconds since 1970).
        memory_bytes: memory that this process and its descendants may use; 0: there is no ceiling;
            None: not known.
        supervisor: the process that adopts what this one leaves behind, if there is one.
        folder: the folder for the run and the values of its queries; None: they are not written.

    Returns:
        The cell, with status OK, or SKIPPED by the method.

    Raises:
        MemoryError: its processes used more than ``memory_bytes``.
    """
    import_code(type(method))
    memory, clock, index_bytes = PeakMemory(supervisor), Clock(), 0
    pairs = task.similarity
    try:
        training = training_of(task, sees_test=planned.sees_test)
        with clock.step("fit_s"):
            reason = reason_to_skip(method, training)
        if reason:
            return planned.ended(Status.SKIPPED, reason)
        fit = fitted.fit(method, training, planned.seed, partial(report, "fit"))
        if pairs is not None:
            outcome = _score(method, task, pairs, clock, report, folder)
        else:
            corpus = task.corpus
            report("index", 0, 1)
            with clock.step("index_s"):
                method.index(corpus)
                indexed = Indexed(method, len(task.document_names))
            outcome = search_task(indexed, task, sealed, planned.k, clock, report, folder)
            with clock.step("index_s"):
                leaves, index_bytes = leaves_of(indexed), indexed.index_bytes()
            outcome["leaves"] = with_purity(leaves, indexed, task)
    finally:
        peak_mb = memory.stop()
    ceiling_mb = None if memory_bytes is None else memory_bytes / 1e6
    if ceiling_mb and peak_mb > ceiling_mb:
        raise MemoryError(f"used {peak_mb:,.0f} MB, and was to keep to {ceiling_mb:,.0f} MB")
    seconds, waited = clock.seconds, clock.waited
    own = fit.spent + fit.waited + sum(seconds.values())
    seconds["fit_s"] += fit.seconds
    waited.pop("fit_s", None)
    if fit.without_core is not None:
        waited["fit_s"] = fit.without_core
    outcome["cost"] = Cost(
        fit_shared=fit.shared,
        **seconds,
        waited=waited or None,
        index_bytes=index_bytes,
        peak_mb=peak_mb,
        ceiling_mb=ceiling_mb,
        harness_s=time.time() - launched - own,
    )
    outcome["chosen"] = sealed.chosen
    return planned.ended(Status.OK, None, origin(planned, fit.gpu), **outcome)


def _score(
    method: Method,
    task: Task,
    pairs: WordPairs,
    clock: Clock,
    report: ReportPhase,
    folder: Path | None,
) -> dict[str, Any]:
    """Rank correlation of a method's scores of word pairs with the human ones."""
    clock["index_s"] = Watch()
    with clock.step("search_s"):
        scores = score_pairs(method, task, partial(report, "score"))
    report("measure", 0, 1)
    if folder is not None:
        write_scores(folder / RUN, scores)
    return {"similarity": correlations(scores, pairs.gold, pairs.subsets)}


def origin(planned: Cell, gpu_of_fit: str | None = None) -> Provenance:
    """Where a cell was measured, with the GPU that it used or its fitted state was made on."""
    gpu = gpu_used() or gpu_of_fit
    machine = planned.provenance.machine | ({"gpu": gpu} if gpu else {})
    return planned.provenance.model_copy(update={"machine": machine})
