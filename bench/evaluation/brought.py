"""A run that was made elsewhere is measured: figures of its rankings, and no cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.evaluation.points import Evaluation
from bench.store.cell import Cell, Status
from bench.store.folder import QUERIES, RUN
from bench.store.query_values import write_query_values
from bench.store.run_file import RunFile
from bench.system.files import sha256_of
from bench.system.terminal import say

if TYPE_CHECKING:
    from bench.plan.brought import BroughtRun
    from bench.store.folder import Store
    from bench.task import Task


def keep_brought(run: BroughtRun, task: Task, store: Store, *, fresh: bool = False) -> Cell:
    """Measure a run and store it, unless it is stored.

    Args:
        run: the run as it was read.
        task: its task.
        store: the results folder.
        fresh: whether it is measured again where it is stored.

    Raises:
        InputError: the disk is full or the folder cannot be written.
    """
    say(run.told)
    stored = None if fresh else store.find(run.cell)
    if stored is not None and stored.brought == run.cell.brought:
        return stored
    rows = task.test.relevance.answered
    judged = task.test.rows(rows)
    evaluation = Evaluation(judged, len(task.document_names))
    evaluation.add(None, run.ids)
    points = evaluation.points()
    with store.staging(run.cell.key) as folder:
        file = RunFile(folder / RUN, rows, task.test.depth[rows], judged.relevance)
        file.add(run.ids, visited=np.full(len(rows), np.nan))
        file.close()
        write_query_values(folder / QUERIES, evaluation.query_values(rows, points))
        cell = run.cell.ended(
            Status.OK,
            None,
            points=points,
            run_sha256=sha256_of(folder / RUN),
            queries_sha256=sha256_of(folder / QUERIES),
        )
        store.commit(cell, folder)
    return store.find(cell) or cell  # with the digits that are stored
