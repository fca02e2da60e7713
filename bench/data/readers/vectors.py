"""Vectors of your own: a folder with documents, queries and the answers of each query.

``documents.npy`` [n_documents, dim] and ``queries.npy`` [n_queries, dim] are compared by dot
product, and mapped instead of read into memory; ``answers.npy`` [n_queries, r] holds the rows of
each query's relevant documents, -1 if there are fewer than r. Without it the nearest documents are
the answers. ``documents.txt`` and ``queries.txt`` may have a name for each row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.arrays.vectors import UNREADABLE, Vectors
from bench.data.readers.cache import require_distinct
from bench.data.readers.tables import read_text
from bench.data.readers.vector_files import nearest_documents, searchable
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Ints

CUT = 100
"""Rank at which rankings are cut."""
NEAREST = 10
"""Documents that answer a query where there are no answers."""
VALIDATION_SHARE, VALIDATION_MOST = 1 / 11, 1000
SPLIT_SEED = 20261121
NO_ANSWERS = "There is no answers.npy"
CONVERTED = ("documents.npy holds ", "queries.npy holds ")
"""Beginnings of notes on what was made of a folder's files."""
GIVEN = "Vectors are given: nothing is encoded or trained, and rows differ by index alone."


def read(name: str, folder: Path, nearest: int = NEAREST) -> Task:
    """The task of a folder.

    Args:
        name: name of the task.
        folder: the folder.
        nearest: in a folder without answers, the number of nearest documents that answer a query.

    Raises:
        InputError: a file is missing, is no such array, or the files do not fit together.
    """
    parts, notes = {}, []
    for part in ("documents", "queries"):
        path = folder / f"{part}.npy"
        if not path.is_file():
            raise InputError(
                f"{folder} lacks {path.name}; a folder of vectors holds documents.npy "
                "[n_documents, dim], queries.npy [n_queries, dim] and, if they are known, "
                "answers.npy [n_queries, r]"
            )
        parts[part], said = searchable(path)
        notes += [said] if said else []
    documents, queries = parts["documents"], parts["queries"]
    (n_documents, dim), (n_queries, other) = documents.array.shape, queries.array.shape
    if dim != other:
        raise InputError(
            f"{folder}: documents have {dim} dimensions, queries have {other}; they are compared "
            "by dot product"
        )
    if (folder / "answers.npy").exists():
        if nearest != NEAREST:
            raise InputError(
                f"nearest={nearest} is for a folder without answers, and {folder} has answers.npy; "
                "leave the one out or move the other away"
            )
        answers = _answers(folder / "answers.npy", n_queries, n_documents)
    else:
        n = min(nearest, n_documents)
        if not 1 <= n <= CUT:
            raise InputError(f"nearest takes 1 to {CUT} documents, got {nearest}")
        answers = nearest_documents(documents, queries, n)
        notes.append(
            f"{NO_ANSWERS}: the {n} documents nearest to a query by dot product, found by exact "
            "search, are its answers."
        )
    task = vectors_task(name, documents, queries, answers)
    n_validated, n_tested = (len(s.relevance.answered) for s in (task.validation, task.test))
    notes.append(
        f"Validation is {n_validated:,} of the queries, drawn with a fixed seed; the other "
        f"{n_tested:,} are the test."
        if n_validated
        else "There is no validation, for which 11 queries are needed; no operating point is "
        "chosen before the test."
    )
    return replace(
        task,
        query_names=_names(folder, "queries", n_queries) or task.query_names,
        document_names=_names(folder, "documents", n_documents) or task.document_names,
        notes=(*task.notes, *notes),
    )


def _names(folder: Path, part: str, n: int) -> Strings | None:
    """[n] the names of the rows, a line each; None if no file has any.

    Raises:
        InputError: there are more or fewer than rows, or one is empty or there twice.
    """
    path = next(
        (p for p in (folder / f"{part}.txt", folder / f"{part}.txt.gz") if p.exists()), None
    )
    if path is None:
        return None
    names = [line.strip() for line in read_text(path).removesuffix("\n").split("\n")]
    if len(names) != n:
        raise InputError(
            f"{path} has {len(names):,} lines, and {part}.npy has {n:,} rows; give each row a name "
            "on a line of its own"
        )
    if "" in names:
        raise InputError(f"{path}: line {names.index('') + 1} is empty; each row needs a name")
    found = Strings.of(names)
    require_distinct(found, path)
    return found


def vectors_task(name: str, documents: Vectors, queries: Vectors, answers: Ints) -> Task:
    """A task over given vectors; an eleventh of the queries, at most 1,000, is validation.

    Args:
        name: name of the task.
        documents: vectors of the documents.
        queries: vectors of the queries.
        answers: [n_queries, r] rows of relevant documents, -1 if there are fewer.
    """
    n_queries, n_documents = len(queries.array), len(documents.array)
    asked, place = np.nonzero(answers >= 0)
    found = answers[asked, place]
    pairs = np.unique(asked * n_documents + found)
    asked, found = np.divmod(pairs, n_documents)
    relevance = Relevance.from_pairs(
        asked, found, np.zeros(len(pairs), int), n_queries, n_documents
    )
    answered = relevance.answered
    n_validation = min(VALIDATION_MOST, int(VALIDATION_SHARE * len(answered)))
    drawn = np.random.default_rng(SPLIT_SEED).choice(answered, n_validation, replace=False)
    validating = np.isin(relevance.queries, drawn)
    nothing = relevance.where(np.zeros(len(pairs), bool))
    unanswered = n_queries - len(answered)
    notes = [f"Queries without an answer, not asked: {unanswered:,}."] if unanswered else []
    return Task(
        name,
        _numbers(n_queries),
        _numbers(n_documents),
        nothing,
        Judgements(relevance.where(validating), cut=CUT),
        Judgements(relevance.where(~validating), cut=CUT),
        query_vectors=queries,
        document_vectors=documents,
        notes=(GIVEN, *notes),
    )


def _answers(path: Path, n_queries: int, n_documents: int) -> Ints:
    """[n_queries, r] the content of a file of answers, checked."""
    try:
        answers: Ints = np.array(Vectors(path, "").array)
    except UNREADABLE as error:
        raise InputError(
            f"{path} is not a NumPy file of answers, as numpy.save writes it, or not whole"
        ) from error
    has_shape = answers.ndim in {1, 2} and len(answers) == n_queries
    if not has_shape or answers.dtype.kind not in "iu":
        raise InputError(
            f"{path} must hold whole numbers [{n_queries:,} queries] or [.., r], it holds "
            f"{answers.dtype} of shape {answers.shape}"
        )
    wrong = answers[(answers < -1) | (answers >= n_documents)]
    if len(wrong):
        raise InputError(
            f"{path} names document {wrong[0]}; documents.npy has rows 0 to "
            f"{n_documents - 1}, and -1 stands for none"
        )
    answers = answers.astype(np.int64).reshape(n_queries, -1)
    if not (answers >= 0).any():
        raise InputError(f"{path}: at least one query needs a relevant document")
    return answers


def _numbers(n: int) -> Strings:
    """The numbers from 0 as names."""
    return Strings.from_arrow(pc.cast(pa.array(np.arange(n)), pa.large_string()))
