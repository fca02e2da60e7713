"""Vectors of your own: a folder with documents, queries and the answers of each query.

``documents.npy`` [n_documents, dim] and ``queries.npy`` [n_queries, dim] are searched as they are,
by dot product, and mapped instead of read into memory; ``answers.npy`` [n_queries, r] holds the
rows of each query's relevant documents, -1 if there are fewer than r.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.arrays.vectors import UNREADABLE, Vectors
from bench.errors import InputError
from bench.system.files import sha256_of
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from pathlib import Path

    from bench.types import Ints

CUT = 100
"""Rank at which rankings are cut."""
VALIDATION_SHARE, VALIDATION_MOST = 1 / 11, 1000
SPLIT_SEED = 20261121
GIVEN = "Vectors are given: nothing is encoded or trained, and rows differ by index alone."


def read(name: str, folder: Path) -> Task:
    """The task of a folder.

    Raises:
        InputError: a file is missing, is no such array, or the three do not fit together.
    """
    parts = {}
    for part in ("documents", "queries", "answers"):
        path = folder / f"{part}.npy"
        if not path.is_file():
            raise InputError(
                f"{folder} lacks {path.name}; a folder of vectors holds documents.npy "
                "[n_documents, dim], queries.npy [n_queries, dim] and answers.npy [n_queries, r]"
            )
        parts[part] = Vectors(path, sha256_of(path))
    documents, queries = parts["documents"], parts["queries"]
    documents.check()
    queries.check()
    (n_documents, dim), (n_queries, other) = documents.array.shape, queries.array.shape
    if dim != other:
        raise InputError(
            f"{folder}: documents have {dim} dimensions, queries have {other}; they are compared "
            "by dot product"
        )
    answers = _answers(parts["answers"], n_queries, n_documents)
    return vectors_task(name, documents, queries, answers)


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


def _answers(file: Vectors, n_queries: int, n_documents: int) -> Ints:
    """[n_queries, r] the content of a file of answers, checked."""
    try:
        answers: Ints = np.array(file.array)
    except UNREADABLE as error:
        raise InputError(
            f"{file.path} is not a NumPy file of answers, as numpy.save writes it, or not whole"
        ) from error
    has_shape = answers.ndim in {1, 2} and len(answers) == n_queries
    if not has_shape or answers.dtype.kind not in "iu":
        raise InputError(
            f"{file.path} must hold whole numbers [{n_queries:,} queries] or [.., r], it holds "
            f"{answers.dtype} of shape {answers.shape}"
        )
    wrong = answers[(answers < -1) | (answers >= n_documents)]
    if len(wrong):
        raise InputError(
            f"{file.path} names document {wrong[0]}; documents.npy has rows 0 to "
            f"{n_documents - 1}, and -1 stands for none"
        )
    answers = answers.astype(np.int64).reshape(n_queries, -1)
    if not (answers >= 0).any(axis=1).sum() > 1:
        raise InputError(f"{file.path}: at least two queries need a relevant document")
    return answers


def _numbers(n: int) -> Strings:
    """The numbers from 0 as names."""
    return Strings.from_arrow(pc.cast(pa.array(np.arange(n)), pa.large_string()))
