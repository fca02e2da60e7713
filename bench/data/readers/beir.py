"""Folders in BEIR's form: corpus.jsonl, queries.jsonl (or TREC's topics) and qrels/SPLIT.tsv.

Thakur, Reimers, Rücklé, Srivastava & Gurevych, BEIR, NeurIPS 2021 (arXiv 2104.08663).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.data.readers import jsonl
from bench.data.readers.cache import require_distinct
from bench.data.readers.pairs import RawJudgements
from bench.data.readers.tables import read_table
from bench.data.readers.text import text_task
from bench.data.readers.topics import JSON_LINES, read_queries, unread_topics
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.data.readers.text import Splits
    from bench.task import Task

COLUMNS = ("query-id", "corpus-id", "score")
TREC_COLUMNS = ("query-id", "iteration", "corpus-id", "score")
ENDINGS = (".tsv", ".tsv.gz", ".txt", ".txt.gz", ".qrels", ".qrels.gz")
"""Endings of a file of judgements; of several for a split, the first is read."""

_TREC = re.compile(r"\s*\S+\s+\S+\s+\S+\s+[-+]?[0-9.]+\s*")
_HEADERLESS = re.compile(r"[^\t]+\t[^\t]+\t\s*[-+]?[0-9.]+\s*")
_RUN_COLUMNS = 6
_FIRST_LINE = 1 << 16
"""Bytes of a first line that are looked at; no more of a file without line ends is read."""
_FORMS = (
    "BEIR's form has query-id, corpus-id, score on its first line and then a judgement a line, all "
    "with tabs between; TREC's has a judgement on each line, query 0 document grade, with blanks "
    "or tabs between"
)


def read(
    name: str,
    folder: Path,
    *,
    train: str = "train",
    validation: str = "",
    test: str = "test",
    topics: str = "",
    **splits: Unpack[Splits],
) -> Task:
    """A task from a folder in BEIR's form; each file may be gzipped.

    The positive scores of a split, from the highest on, are distance 0, 1, 2 …; they are the gains
    of nDCG. The text of a document is its title and its text.

    Args:
        name: name of the task.
        folder: the folder with the files.
        train: the split to train on; without it, nothing can be trained.
        validation: the split to validate on; empty: a sample of the training queries; ``auto``: the
            split ``dev`` where it is there, else such a sample.
        test: the split to test on, unless ``heldout_queries`` are drawn from training.
        topics: a folder beside this one with queries.jsonl and qrels of more splits, of the same
            corpus; empty: there is none.
        splits: rules by which validation and test are drawn, and what counts as relevant.

    Raises:
        InputError: a file or a line is malformed, or nothing is left to test on.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; it must hold corpus.jsonl")
    documents = jsonl.read(folder / "corpus.jsonl")
    queries, notes = read_queries(folder), unread_topics(folder)
    files = _files(folder)
    if topics:
        more = folder.with_name(topics)
        files |= _files(more)
        queries = queries.followed_by(read_queries(more))
        require_distinct(queries.names, more / JSON_LINES)
    if train not in files:
        notes.append(f"There are no training pairs: no {folder.name}/qrels/{train}.tsv.")
    heldout = splits.get("heldout_queries", 0)
    chosen_here = validation == "auto"
    if chosen_here:
        validation = "dev" if "dev" in files and (heldout or test != "dev") else ""
    if chosen_here:
        taken = {files.get(split) for split in (train, validation, "" if heldout else test)}
        if unread := [path.name for path in _all_files(folder) if path not in taken]:
            notes.append(f"Not read, of qrels: {', '.join(unread)}.")
    trained = read_qrels(files[train], train) if train in files else None
    tested = validated = None
    if not heldout:
        tested = read_qrels(_file(files, folder, test, "test"), test)
    if validation:
        validated = read_qrels(_file(files, folder, validation, "validation"), validation)
    return text_task(name, queries, documents, trained, tested, validated, notes=notes, **splits)


def _all_files(folder: Path) -> list[Path]:
    """All files of ``folder/qrels`` that are not hidden, in order of their names."""
    return sorted(path for path in (folder / "qrels").glob("[!.]*") if path.is_file())


def _files(folder: Path) -> dict[str, Path]:
    """The file of each split in ``folder/qrels``."""
    found: dict[str, Path] = {}
    for ending in ENDINGS:
        for path in _all_files(folder):
            if path.name.endswith(ending):
                found.setdefault(path.name.removesuffix(ending), path)
    return found


def _file(files: Mapping[str, Path], folder: Path, split: str, part: str) -> Path:
    """The file of a split that is needed for a part of the task."""
    if split not in files:
        others = [other for other in sorted(files) if other != "train"] or ["SPLIT"]
        out = f"{part}={others[0]}"
        if part == "test" and "train" in files:
            out += ", or draw the test from training with heldout_queries=NUMBER"
        raise InputError(
            f"there is no {folder / 'qrels' / split}.tsv, the {part} split, and none that ends in "
            f"{', '.join(ENDINGS[1:])}; qrels has "
            f"{', '.join(path.name for path in _all_files(folder)) or 'no file'}: put it "
            f"there, or name another split: beir:{folder},{out}"
        )
    return files[split]


def read_qrels(path: Path, split: str) -> RawJudgements:
    """The judgements of a split, from a file in BEIR's or in TREC's form.

    BEIR's has a header, ``query-id corpus-id score``, and tabs between. TREC's has none, and on
    each line ``query 0 document grade`` with blanks between.

    Raises:
        InputError: the file cannot be read or has another form, or a score is no whole number;
            it names the line.
    """
    with jsonl.opened(path) as file:
        first = file.readline(_FIRST_LINE).decode("utf-8-sig", "replace").rstrip("\r\n")
    if _TREC.fullmatch(first):
        table = read_table(path, COLUMNS, None, header=TREC_COLUMNS)
    else:
        _require_header(path, first)
        table = read_table(path, COLUMNS, "\t", quotes=True)
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


def _require_header(path: Path, first: str) -> None:
    """Refuse a file whose first line is neither BEIR's nor TREC's."""
    names = [name.strip(' "') for name in first.split("\t")]
    if set(COLUMNS) <= set(names):
        return
    problem = f"has no column {' and no column '.join(c for c in COLUMNS if c not in names)}"
    if len(first.split()) == _RUN_COLUMNS:
        problem = "has six values, as a run (the results of a search) has, and no judgement"
    elif "," in first and "\t" not in first:
        problem = "has commas between, and no tabs"
    elif _HEADERLESS.fullmatch(first):
        problem = "is a judgement already; write query-id, corpus-id, score above it, tabs between"
    raise InputError(f"{path}, line 1 {problem}; it is {first[:100]!r}. {_FORMS}")
