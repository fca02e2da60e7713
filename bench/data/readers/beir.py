"""Folders in BEIR's form: corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.

Thakur, Reimers, Rücklé, Srivastava & Gurevych, BEIR, NeurIPS 2021 (arXiv 2104.08663).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.data.readers import jsonl
from bench.data.readers.pairs import RawJudgements
from bench.data.readers.tables import read_table
from bench.data.readers.text import text_task
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.data.readers.text import Splits
    from bench.task import Task

COLUMNS = ("query-id", "corpus-id", "score")
TREC_COLUMNS = ("query-id", "iteration", "corpus-id", "score")
_TREC = re.compile(rb"\s*\S+\s+\S+\s+\S+\s+[-+]?[0-9]+\s*")


def read(
    name: str,
    folder: Path,
    *,
    train: str = "train",
    validation: str = "",
    test: str = "test",
    **splits: Unpack[Splits],
) -> Task:
    """A task from a folder in BEIR's form; files of lines may be gzipped.

    The positive scores of a split, from the highest on, are distance 0, 1, 2 …; they are the gains
    of nDCG. The text of a document is its title and its text.

    Args:
        name: name of the task.
        folder: the folder with the files.
        train: the split to train on; without it, nothing can be trained.
        validation: the split to validate on; empty: a sample of the training queries.
        test: the split to test on, unless ``heldout_queries`` are drawn from training.
        splits: rules by which validation and test are drawn, and the least relevant gain.

    Raises:
        InputError: a file or a line is malformed, or nothing is left to test on.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; it must hold corpus.jsonl")
    documents = jsonl.read(folder / "corpus.jsonl")
    queries = jsonl.read(folder / "queries.jsonl", jsonl.WITHOUT_TITLE)
    notes, trained = [], None
    if _qrels(folder, train).is_file():
        trained = read_qrels(folder, train)
    else:
        notes.append(f"There are no training pairs: no {folder.name}/qrels/{train}.tsv.")
    tested = None if splits.get("heldout_queries") else read_qrels(folder, test)
    validated = read_qrels(folder, validation) if validation else None
    return text_task(name, queries, documents, trained, tested, validated, notes=notes, **splits)


def _qrels(folder: Path, split: str) -> Path:
    """The file of a split in ``folder/qrels``: TREC's ``.txt`` if it is there alone."""
    tsv, trec = (folder / "qrels" / f"{split}{ending}" for ending in (".tsv", ".txt"))
    return trec if trec.is_file() and not tsv.is_file() else tsv


def read_qrels(folder: Path, split: str) -> RawJudgements:
    """The judgements of a split, from a file in BEIR's or in TREC's form.

    BEIR's has a header, ``query-id corpus-id score``, and tabs between. TREC's has none, and on
    each line ``query 0 document grade`` with blanks between.

    Raises:
        InputError: the file cannot be read or has another form, or a score is no whole number;
            it names the line.
    """
    path = _qrels(folder, split)
    try:
        with path.open("rb") as file:
            trec = _TREC.fullmatch(file.readline())
    except OSError as error:
        here = sorted(file.name for file in path.parent.glob("*.t*"))
        raise InputError(
            f"cannot read {path}, the {split} split: {error.strerror or error}; qrels has "
            f"{', '.join(here) or 'nothing'}"
        ) from error
    table = (
        read_table(path, COLUMNS, None, header=TREC_COLUMNS)
        if trec
        else read_table(path, COLUMNS, "\t")
    )
    scores = table["score"]
    grades = pd.to_numeric(scores, errors="coerce").to_numpy(np.float64)
    whole = np.isfinite(grades) & (grades == np.trunc(grades)) & (np.abs(grades) < 2**31)
    if not whole.all():
        line = scores.index[~whole][0]
        raise InputError(
            f"{path}, line {line}: the score must be a whole number, it is {scores[line]!r}"
        )
    names = (pa.array(table[column], pa.large_string()) for column in COLUMNS[:2])
    judged = pa.table([*names, grades.astype(np.int64)], ["query", "document", "grade"])
    return RawJudgements(judged, split, path)
