"""A task on disk: one file an array, so that each cell's process maps it instead of building it."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import numpy as np

from bench.task import Judgements, Relevance, Task

if TYPE_CHECKING:
    from pathlib import Path


def save_task(task: Task, folder: Path) -> Path:
    """Write a task into ``folder/<digest>`` unless it is there; the folder is returned."""
    target = folder / task.digest[:24]
    if _is_whole(target, task):
        return target
    shutil.rmtree(target, ignore_errors=True)
    partial = folder / f"{target.name}.{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _write_task(task, partial)
        partial.rename(target)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not target.exists():  # it does where another run was quicker
            raise
    return target


def _is_whole(folder: Path, task: Task) -> bool:
    """Whether a folder holds this very task, undamaged."""
    try:
        return load_task(folder).digest == task.digest
    except (OSError, EOFError, ValueError, KeyError, IndexError):
        return False


def _write_task(task: Task, folder: Path) -> None:
    """Its arrays and its names as files of ``folder``."""
    for label, part in task.relevances().items():
        for name, array in part.arrays().items():
            np.save(folder / f"{label}.{name}.npy", array)
    same_names = task.query_names is task.document_names
    facts = {
        "name": task.name,
        "notes": task.notes,
        "defaults": task.defaults,
        "n_documents": len(task.document_names),
        "document_names": list(task.document_names),
        "query_names": None if same_names else list(task.query_names),
    }
    (folder / "task.json").write_text(json.dumps(facts), encoding="utf-8")


def load_task(folder: Path) -> Task:
    """Read a task; its arrays are read-only memory maps."""
    facts = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    n_documents = facts["n_documents"]

    def relevance(label: str) -> Relevance | None:
        if not (folder / f"{label}.indptr.npy").exists():
            return None
        indptr, documents, distances = (
            np.load(folder / f"{label}.{name}.npy", mmap_mode="r")
            for name in ("indptr", "documents", "distances")
        )
        return Relevance(indptr, documents, distances, n_documents)

    train, validation, test = (relevance(label) for label in ("train", "validation", "test"))
    if train is None or validation is None or test is None:
        raise FileNotFoundError(f"{folder} lacks arrays of the task; delete the folder")
    names = facts["document_names"]
    return Task(
        facts["name"],
        facts["query_names"] or names,
        names,
        train,
        Judgements(validation, relevance("validation_removed")),
        Judgements(test, relevance("test_removed")),
        tuple(facts["notes"]),
        facts["defaults"],
    )
