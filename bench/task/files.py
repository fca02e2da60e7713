"""A task on disk: a file for each array, which the process of each cell maps into memory."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.arrays.vectors import Vectors
from bench.errors import InputError
from bench.system.files import move_folder, stamp_of
from bench.system.terminal import say
from bench.task.judgements import Judgements
from bench.task.sealed import seal
from bench.task.task import Task
from bench.task.word_pairs import WordPairs

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task.sealed import SealedJudgements

FACTS = "task.json"


def save_task(task: Task, folder: Path) -> Path:
    """Write a task into ``folder/<digest>`` unless it is there, and return that folder."""
    target = folder / task.digest[:24]
    partial = folder / f"{target.name}-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):  # another run may be writing it
        if _is_whole(target, task):
            return target
        if target.exists():
            say(f"{target} is not the task as it is now; it is written again")
        partial.mkdir()
        try:
            _write_task(task, partial)
            move_folder(partial, target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return target


def _is_whole(folder: Path, task: Task) -> bool:
    """Whether a folder holds this very task, complete and undamaged."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return _facts(task) == facts and load_task(folder).digest == task.digest
    except (OSError, EOFError, ValueError, KeyError, IndexError):
        return False


def _facts(task: Task) -> dict[str, Any]:
    """All of a task but its arrays and texts, as JSON has it.

    The stamps of the files of vectors show whether a linked file was changed.
    """
    splits = {"validation": task.validation, "test": task.test}
    return {
        "name": task.name,
        "seen": task.seen,
        "notes": list(task.notes),
        "defaults": task.defaults,
        "sizes": {label: part.n_documents for label, part in task.relevances().items()},
        "splits": {
            label: {
                "cut": s.cut,
                "gains": list(s.gains),
                "least_gain": s.least_gain,
                "groups": list(s.groups),
                "reach": s.reach,
            }
            for label, s in splits.items()
        },
        "stamps": {label: stamp_of(vectors.path) for label, vectors in task.vectors().items()},
        "vectors": {label: vectors.digest for label, vectors in task.vectors().items()},
        "subsets": None if task.similarity is None else list(task.similarity.subsets),
    }


def require_same_vectors(folder: Path) -> None:
    """Raise InputError if a file that a saved task links to was changed."""
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    for label, stamp in facts["stamps"].items():
        link = folder / f"{label}.vectors.npy"
        # The file on a node of a cluster is a copy of its own.
        if link.is_symlink() and stamp_of(link) != stamp:
            raise InputError(
                f"{link.resolve()} changed since the run began; leave it as it is and run it again"
            )


def _write_task(task: Task, folder: Path) -> None:
    """Write the arrays, names and texts of a task as files of ``folder``."""
    for label, part in task.relevances().items():
        for name, array in part.arrays().items():
            np.save(folder / f"{label}.{name}.npy", array)
    for label, strings in (
        ("query_names", None if task.query_names is task.document_names else task.query_names),
        ("document_names", task.document_names),
        ("query_texts", None if task.query_texts is task.document_texts else task.query_texts),
        ("document_texts", task.document_texts),
    ):
        if strings is not None:
            Strings.of(strings).save(folder / label)
    for label, vectors in task.vectors().items():
        vectors.link(folder / f"{label}.vectors.npy")
    for label, split in (("validation", task.validation), ("test", task.test)):
        _write_pairs(split, folder / label)
    if task.similarity is not None:
        for name, values in task.similarity.arrays().items():
            np.save(folder / f"similarity.{name}.npy", values)
    (folder / FACTS).write_text(json.dumps(_facts(task)), encoding="utf-8")


def _write_pairs(split: Judgements, path: Path) -> None:
    """Write what is said of single pairs of a split beside a path."""
    if split.seen is not None:
        np.save(f"{path}.seen.npy", split.seen)
    for number, pairs in enumerate(split.groups.values()):
        np.save(f"{path}.group.{number}.npy", pairs)


def load_task(folder: Path) -> Task:
    """Read a task; its arrays are read-only memory maps.

    Its test can be read like any array. The process of a cell takes ``load_sealed`` instead.
    """
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))

    def array(name: str) -> Any:  # noqa: ANN401 - integers or booleans
        return np.load(folder / f"{name}.npy", mmap_mode="r")

    def relevance(label: str) -> Relevance | None:
        if not (folder / f"{label}.indptr.npy").exists():
            return None
        indptr, documents, distances = (
            array(f"{label}.{name}") for name in ("indptr", "documents", "distances")
        )
        return Relevance(indptr, documents, distances, facts["sizes"][label])

    def judgements(label: str) -> Judgements:
        found = relevance(label)
        if found is None:
            raise FileNotFoundError(f"{folder} lacks arrays of the task; delete the folder")
        seen = array(f"{label}.seen") if (folder / f"{label}.seen.npy").exists() else None
        split = facts["splits"][label]
        groups = {name: array(f"{label}.group.{n}") for n, name in enumerate(split["groups"])}
        return Judgements(
            found,
            relevance(f"{label}_removed"),
            split["cut"],
            tuple(split["gains"]),
            split["least_gain"],
            seen,
            groups,
            split["reach"],
        )

    def strings(label: str) -> Strings | None:
        return Strings.open(folder / label) if (folder / f"{label}.offsets").exists() else None

    def vectors(label: str) -> Vectors | None:
        digest = facts["vectors"].get(label)
        return None if digest is None else Vectors(folder / f"{label}.vectors.npy", digest)

    train = relevance("train")
    document_names, document_texts = strings("document_names"), strings("document_texts")
    if train is None or document_names is None:
        raise FileNotFoundError(f"{folder} lacks arrays of the task; delete the folder")
    similarity = None
    if facts["subsets"] is not None:
        gold, indptr, queries, documents = (
            array(f"similarity.{name}") for name in ("gold", "indptr", "queries", "documents")
        )
        subsets = {name: array(f"similarity.subset.{name}") for name in facts["subsets"]}
        similarity = WordPairs(gold, indptr, queries, documents, subsets)
    return Task(
        facts["name"],
        strings("query_names") or document_names,
        document_names,
        train,
        judgements("validation"),
        judgements("test"),
        strings("query_texts") or document_texts,
        document_texts,
        vectors("queries"),
        vectors("documents"),
        similarity,
        facts["seen"],
        tuple(facts["notes"]),
        facts["defaults"],
    )


def load_sealed(folder: Path) -> tuple[Task, SealedJudgements]:
    """Read a task whose test cannot be read, and the seal that opens it."""
    return seal(load_task(folder))
