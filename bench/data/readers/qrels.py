"""Judgements alone, in TREC's or in BEIR's form: a test for runs that are brought from files.

Nothing is known of queries and documents but those that are judged, so that nothing can be
searched. A document that is not judged counts as not relevant, as in trec_eval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.relevance import Relevance
from bench.arrays.strings import Strings
from bench.data.readers.beir import read_qrels
from bench.data.readers.pairs import relevance_of
from bench.data.readers.text import CUT, require_gain
from bench.errors import InputError
from bench.task import Task
from bench.task.judgements import Judgements

if TYPE_CHECKING:
    from pathlib import Path

NOTE = (
    "Judgements alone: there is no corpus here, and rows are runs that were made elsewhere. A "
    "document that is not judged counts as not relevant, as in trec_eval."
)


def read(name: str, file: Path, *, least_gain: int = 1) -> Task:
    """A task from a file of judgements, which may be gzipped.

    Args:
        name: name of the task.
        file: the judgements (qrels).
        least_gain: the grade from which a document counts as relevant for recall and MRR; nDCG
            gains the grade.

    Raises:
        InputError: the file has neither form, or no judgement is as high as ``least_gain``.
    """
    judged = read_qrels(file, "test")
    queries, documents = (
        Strings.from_arrow(judged.table[column].unique()) for column in ("query", "document")
    )
    notes = [NOTE]
    test, gains, _ = relevance_of(judged, queries, documents, None, notes)
    if not test.n_pairs:
        raise InputError(f"{file} has no judgement above 0; nothing can be tested by it")
    require_gain(name, least_gain, gains)
    nothing = np.zeros(0, np.int64)
    empty = Relevance.from_pairs(nothing, nothing, nothing, len(queries), len(documents))
    return Task(
        name,
        queries,
        documents,
        empty,
        Judgements(empty, cut=CUT),
        Judgements(test, cut=CUT, gains=gains, least_gain=least_gain),
        notes=tuple(notes),
        judged_alone=True,
    )
