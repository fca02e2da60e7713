"""One cell: fit, index, search over the operating points, measure, store."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bench.cell import Cell, CellSpec, Cost, PointResult, Status
from bench.errors import InputError, reason_of
from bench.fits import Fits
from bench.keys import cell_key
from bench.measures.hierarchy import RecallByDistance, recall_by_distance
from bench.measures.recall import found_at
from bench.memory import PeakMemory, is_out_of_memory
from bench.registry import Registry, missing_packages
from bench.run_file import RunFile
from bench.search import PointSummary, Searcher
from bench.store import Store, sha256_of
from bench.task_files import load_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.method import Method
    from bench.task import Task

    Tell: TypeAlias = Callable[[str, int, int], None]
    """Called with (phase, done, total)."""


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
        run = staging / "run.parquet"
        try:
            cell = _measure(spec, store, run, tell)
            if cell.status is Status.OK:
                store.commit(cell, run)
        except Exception as error:
            logger.exception("the cell failed")
            status = Status.OUT_OF_MEMORY if is_out_of_memory(error) else Status.FAILED
            cell = spec.blank.model_copy(update={"status": status, "reason": reason_of(error)})
    return cell


def _measure(spec: CellSpec, store: Store, run: Path, tell: Tell) -> Cell:
    blank = spec.blank
    memory = PeakMemory()
    method_type = Registry(spec.plugins).resolve(blank.method)
    missing = missing_packages(method_type)
    if missing:
        reason = f"needs {', '.join(missing)}; pip install {' '.join(missing)}"
        return blank.model_copy(update={"status": Status.SKIPPED, "reason": reason})
    task = load_task(Path(spec.task_folder))
    method = method_type(**blank.params)
    if cell_key(blank.task_digest, method, blank.seed, blank.k) != blank.key:
        raise InputError(f"the code of {method.name} changed since the run began; run it again")

    fits = Fits(store.fits, blank.task_digest, not_before=spec.fits_from)
    training = task.training(sees_test=method.sees_test)
    fit = fits.fit(method, training, blank.seed, partial(tell, "fit"))

    tell("index", 0, 1)
    begin = time.perf_counter()
    method.index(task.corpus)
    index_s = time.perf_counter() - begin

    points, search_s = _search(method, task, blank.k, run, tell)
    tell("store", 0, 1)
    own = fit.spent + fit.waited + index_s + search_s
    cost = Cost(
        fit_s=fit.seconds,
        fit_shared=fit.shared,
        index_s=index_s,
        search_s=search_s,
        index_bytes=method.index_bytes(),
        peak_mb=memory.stop(),
        harness_s=time.time() - spec.launched - own,
    )
    return blank.model_copy(
        update={
            "status": Status.OK,
            "reason": None,
            "points": points,
            "cost": cost,
            "run_sha256": sha256_of(run),
        }
    )


def _search(
    method: Method, task: Task, k: int, run: Path, tell: Tell
) -> tuple[list[PointResult], float]:
    """Results of every operating point, and the seconds that the method searched."""
    searcher = Searcher(method, task, k)
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    run_file = RunFile(run, rows, task.test.depth[rows])
    searched: list[PointSummary] = []
    found = []
    settings = method.operating_points()
    for number, point in enumerate(settings, start=1):
        point_run = searcher.run(point, partial(tell, f"search {number}/{len(settings)}"))
        run_file.add(point_run)
        found.append(found_at(point_run.ids, judged.relevance, judged.removed))
        searched.append(point_run.summary)
    run_file.close()
    tell("measure", 0, 1)
    recalls = recall_by_distance(found, judged.relevance)
    points = [
        _result(summary, recall, len(task.document_names))
        for summary, recall in zip(searched, recalls, strict=True)
    ]
    return points, sum(summary.seconds for summary in searched)


def _result(run: PointSummary, recall: RecallByDistance, n_documents: int) -> PointResult:
    """The measures of one operating point."""
    visited = run.mean_visited / n_documents
    return PointResult(
        point=dict(run.point),
        visited=visited,
        self_reported=run.self_reported,
        routing=run.routing,
        work=visited + run.routing / n_documents,
        queries_per_second=run.n_queries / max(run.seconds, 1e-9),
        recall=recall.overall,
        low=recall.low,
        high=recall.high,
        macro=recall.macro,
        min=recall.min,
        recall_by_distance=recall.strata,
    )
