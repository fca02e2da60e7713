"""The process of a cell: its files, its memory, what is told where it fails; and its commit."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError, reason_of
from bench.evaluation.cell import measure, origin
from bench.evaluation.fitted import Fits
from bench.evaluation.preparation import lacking, unsuited
from bench.method import Workspace
from bench.registry import Registry
from bench.store.cell import WARNING, Cell, CellSpec, Status
from bench.store.folder import QUERIES, RUN, Store
from bench.store.keys import cell_key
from bench.system.device import wanted_device
from bench.system.files import sha256_of
from bench.system.memory import is_out_of_memory, limit_memory, memory_left
from bench.system.paths import cache_folder
from bench.task.files import load_sealed, require_same_vectors

if TYPE_CHECKING:
    from bench.evaluation.preparation import Tell

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
        try:
            cell = _measure(spec, staging, tell)
            if cell.status is Status.OK:
                store.commit(cell, staging)
        except Exception as error:
            logger.exception("the cell failed")
            status = Status.OUT_OF_MEMORY if is_out_of_memory(error) else Status.FAILED
            ended = {"status": status, "reason": reason_of(error)}
            cell = spec.blank.model_copy(update={**ended, "provenance": origin(spec.blank)})
    return cell


def _measure(spec: CellSpec, staging: Path, tell: Tell) -> Cell:
    blank = spec.blank
    method_type = Registry(spec.plugins).resolve(blank.method)
    missing = lacking(method_type)
    if missing:
        return blank.model_copy(update={"status": Status.SKIPPED, "reason": missing})
    if spec.memory_bytes:
        limit_memory(spec.memory_bytes)
    task, sealed = load_sealed(Path(spec.task_folder))
    method = method_type(**blank.params)
    scratch = staging / "scratch"
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
    reason = unsuited(method, task)
    if reason:
        return blank.model_copy(update={"status": Status.SKIPPED, "reason": reason})

    cell = measure(
        method,
        task,
        sealed,
        blank,
        fits=Fits(Path(spec.fits), blank.task_digest, not_before=spec.fits_from),
        tell=tell,
        launched=spec.launched,
        memory_bytes=spec.memory_bytes,
        folder=staging,
    )
    require_same_vectors(Path(spec.task_folder))
    tell("store", 0, 1)
    queries = staging / QUERIES
    return cell.model_copy(
        update={
            "run_sha256": sha256_of(staging / RUN),
            "queries_sha256": sha256_of(queries) if queries.exists() else None,
        }
    )
