"""One cell: fit, index, search over the operating points, measure, store."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from bench.cell import WARNING, Cell, CellSpec, Cost, Provenance, Status
from bench.choice import SEES_TEST, choose
from bench.derive import Results, correlations
from bench.device import gpu_used, wanted_device
from bench.errors import InputError, reason_of
from bench.fits import Fits
from bench.keys import cell_key
from bench.measured import Correlation, Leaves, PointResult
from bench.memory import PeakMemory, is_out_of_memory, limit_memory, memory_left
from bench.method import Method, Workspace
from bench.places import cache_folder
from bench.query_values import write_query_values
from bench.registry import Registry, missing_packages
from bench.run_file import RunFile, write_scores
from bench.search import Searcher
from bench.similarity_scores import score_pairs
from bench.store import QUERIES, RUN, Store, sha256_of
from bench.task_files import load_sealed, require_same_vectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.sealed import SealedJudgements
    from bench.similarity import SimilarityPairs
    from bench.task import Task

    Tell: TypeAlias = Callable[[str, int, int], None]
    """Called with (phase, done, total)."""


LOOKS = 20
"""How many of a method's looks at its leaves in training are kept, the first and last included."""

logger = logging.getLogger(__name__)


def run_cell(spec: CellSpec, tell: Tell) -> Cell:
    """Measure a cell in this process; store it if it was measured to its end.

    Args:
        spec: what to measure and where it goes.
        tell: called as the cell gets on.

    Returns:
        The cell, with a status and a reason where it was not measured.
    """
    store = Store(Path(spec.root))
    with store.staging(spec.blank.key) as staging:
        run = staging / RUN
        try:
            cell = _measure(spec, run, tell)
            if cell.status is Status.OK:
                store.commit(cell, staging)
        except Exception as error:
            logger.exception("the cell failed")
            status = Status.OUT_OF_MEMORY if is_out_of_memory(error) else Status.FAILED
            ended = {"status": status, "reason": reason_of(error)}
            cell = spec.blank.model_copy(update={**ended, "provenance": _provenance(spec.blank)})
    return cell


def _measure(spec: CellSpec, run: Path, tell: Tell) -> Cell:
    blank = spec.blank
    memory = PeakMemory()
    method_type = Registry(spec.plugins).resolve(blank.method)
    missing = missing_packages(method_type)
    if missing:
        reason = f"needs {', '.join(missing)}; pip install {' '.join(missing)}"
        return blank.model_copy(update={"status": Status.SKIPPED, "reason": reason})
    if spec.memory_bytes:
        limit_memory(spec.memory_bytes)
    task, sealed = load_sealed(Path(spec.task_folder))
    method = method_type(**blank.params)
    scratch = run.with_name("scratch")
    scratch.mkdir()
    method.workspace = Workspace(
        cache_folder(),
        partial(tell, "encode"),
        lambda text: tell(f"{WARNING}{text}", 0, 0),
        memory_left(spec.memory_bytes) if spec.memory_bytes else 0,
        scratch,
        wanted_device(),
    )
    if cell_key(blank.task_digest, method, blank.seed, blank.k) != blank.key:
        raise InputError(f"the code of {method.name} changed since the run began; run it again")
    training = task.training(sealed.open(SEES_TEST).relevance if method.sees_test else None)
    unsuited = _no_score(method, task) or method.skip(training)
    if unsuited:
        return blank.model_copy(update={"status": Status.SKIPPED, "reason": unsuited})

    fits = Fits(Path(spec.fits), blank.task_digest, not_before=spec.fits_from)
    fit = fits.fit(method, training, blank.seed, partial(tell, "fit"))
    if task.similarity is None:
        found = _ranked(method, task, sealed, blank.k, run, tell)
    else:
        found = _scored(method, task, task.similarity, run, tell)
    require_same_vectors(Path(spec.task_folder))
    tell("store", 0, 1)
    queries = run.with_name(QUERIES)
    own = fit.spent + fit.waited + found.index_s + found.encode_s
    own += found.choose_s + found.search_s + found.exact_s
    peak_mb, ceiling_mb = memory.stop(), spec.memory_bytes / 1e6
    if spec.memory_bytes and peak_mb > ceiling_mb:
        raise MemoryError(f"used {peak_mb:,.0f} MB, and was to keep to {ceiling_mb:,.0f} MB")
    cost = Cost(
        fit_s=fit.seconds,
        fit_shared=fit.shared,
        index_s=found.index_s,
        encode_s=found.encode_s,
        choose_s=found.choose_s,
        exact_s=found.exact_s,
        search_s=found.search_s,
        index_bytes=found.index_bytes,
        peak_mb=peak_mb,
        ceiling_mb=ceiling_mb,
        harness_s=time.time() - spec.launched - own,
    )
    return blank.model_copy(
        update={
            "status": Status.OK,
            "reason": None,
            "chosen": sealed.chosen,
            "points": found.points,
            "similarity": found.similarity,
            "leaves": found.leaves,
            "cost": cost,
            "run_sha256": sha256_of(run),
            "queries_sha256": sha256_of(queries) if queries.exists() else None,
            "provenance": _provenance(blank, fit.gpu),
        }
    )


def _provenance(blank: Cell, gpu_of_fit: str | None = None) -> Provenance:
    """Where a cell was measured, with the GPU that it used or its fitted state was made on."""
    gpu = gpu_used() or gpu_of_fit
    machine = blank.provenance.machine | ({"gpu": gpu} if gpu else {})
    return blank.provenance.model_copy(update={"machine": machine})


class _Found(NamedTuple):
    """What was measured of a cell, and the seconds that the method spent on it."""

    points: list[PointResult]
    similarity: list[Correlation]
    index_s: float
    index_bytes: int
    encode_s: float
    search_s: float
    choose_s: float = 0.0
    exact_s: float = 0.0
    leaves: Leaves | None = None


def _no_score(method: Method, task: Task) -> str | None:
    """Why a method cannot be measured by pairs, where that is what the task asks."""
    if task.similarity is not None and type(method).score is Method.score:
        return "does not score single pairs"
    return None


def _scored(method: Method, task: Task, pairs: SimilarityPairs, run: Path, tell: Tell) -> _Found:
    """Rank correlation of pair scores with the human ones."""
    begin = time.perf_counter()
    scores = score_pairs(method, task, partial(tell, "score"))
    seconds = time.perf_counter() - begin
    tell("measure", 0, 1)
    write_scores(run, scores)
    return _Found([], correlations(scores, pairs), 0.0, 0, 0.0, seconds)


def _ranked(
    method: Method, task: Task, sealed: SealedJudgements, k: int, run: Path, tell: Tell
) -> _Found:
    """Results of every operating point, the test opened once one of them is chosen."""
    tell("index", 0, 1)
    begin = time.perf_counter()
    method.index(task.corpus)
    index_s = time.perf_counter() - begin
    settings = method.operating_points()
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
    run_file = RunFile(run, rows, sealed.asked_depth, judged.relevance, exact)
    results = Results(judged, exact, len(task.document_names))
    search_s = 0.0
    for number, point in enumerate(settings, start=1):
        point_run = searcher.run(point, partial(tell, f"search {number}/{len(settings)}"))
        run_file.add(point_run)
        results.add(point_run.summary, point_run.ids, point_run.reached)
        search_s += point_run.summary.seconds
    run_file.close()
    tell("measure", 0, 1)
    points = results.points()
    write_query_values(run.with_name(QUERIES), results.query_values(rows, points))
    health = searcher.leaf_health()
    leaves = None
    if health is not None:
        looks = method.leaves_in_training()
        kept = np.unique(np.linspace(0, len(looks) - 1, LOOKS).astype(int)) if looks else ()
        training = [Leaves(**looks[number]._asdict()) for number in kept]
        leaves = Leaves(**health._asdict(), training=training)
    return _Found(
        points,
        [],
        index_s,
        method.index_bytes(),
        searcher.prepare_s,
        search_s,
        choose_s,
        exact_s,
        leaves,
    )
