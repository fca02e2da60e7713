"""Runs in TREC's form: the results of a search, ``query Q0 document rank score tag`` a line.

The form is that of trec_eval (https://github.com/usnistgov/trec_eval).
"""

from __future__ import annotations

import json
import shlex
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.arrays.strings import Strings
from bench.data.readers.pairs import rows_of
from bench.data.readers.tables import read_table
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.task import Task
    from bench.types import Ints

COLUMNS = ("query", "Q0", "document", "rank", "score", "tag")
READ = ("query", "document", "rank", "score", "tag")


class TrecRun(NamedTuple):
    """A run as its file has it.

    Attributes:
        path: the file.
        tag: the name of the system.
        table: [n] names ``query`` and ``document``, the best document of each query first; the
            index is the number of the line.
    """

    path: Path
    tag: str
    table: pd.DataFrame


class Rankings(NamedTuple):
    """A run on the test of a task.

    Attributes:
        ids: [n_queries, k] rows of documents, best first: -1 after the last, and in the place of a
            document that is not judged where nothing but judgements is known.
        unanswered: number of the queries that the run has no ranking of.
        not_asked: number of its queries that the test does not ask.
        read: number of ranked documents that measures read.
        unjudged: number of these that are not judged and not known.
    """

    ids: Ints
    unanswered: int
    not_asked: int
    read: int
    unjudged: int


def read_trec_run(path: Path) -> TrecRun:
    """A run from a file, which may be gzipped.

    As in trec_eval, documents are in the order of their scores. Of equal scores the lower rank
    comes first, where trec_eval orders by the names of the documents.

    Raises:
        InputError: the file cannot be read or holds no line, a line is malformed, there are two
            systems, or a query has a document twice; it names the line.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path.absolute()}; --run takes FILE or FILE:NAME")
    read = read_table(path, READ, None, header=COLUMNS)
    if read.empty:
        raise InputError(f"{path} holds no line; a run has {' '.join(COLUMNS)} on each")
    numbers = {name: pd.to_numeric(read[name], errors="coerce") for name in ("rank", "score")}
    for name, values in numbers.items():
        wrong = ~np.isfinite(values.to_numpy(np.float64))
        if wrong.any():
            line = read.index[wrong][0]
            raise InputError(
                f"{path}, line {line}: the {name} must be a number, it is {read[name][line]!r}; a "
                f"run has {' '.join(COLUMNS)} on each line"
            )
    tag = str(read["tag"].iloc[0])
    other = read["tag"] != tag
    if other.any():
        line = int(read.index[other][0])
        raise InputError(
            f"{path}, line {line} is of system {read['tag'][line]!r}, line {read.index[0]} of "
            f"{tag!r}; a file holds one run: take them apart, by `{_of_one(path, tag)}`, and give "
            "each with --run"
        )
    again = read.duplicated(["query", "document"])
    if again.any():
        line = int(read.index[again][0])
        query, document = read["query"][line], read["document"][line]
        alike = (read["query"] == query) & (read["document"] == document)
        raise InputError(
            f"{path}, line {line} ranks document {document!r} for query {query!r} again, as line "
            f"{read.index[alike][0]} did; a document stands once in a ranking: keep one line of it"
        )
    order = np.lexsort((numbers["rank"], -numbers["score"].to_numpy(np.float64)))
    return TrecRun(path, tag, read.iloc[order][["query", "document"]])


def rankings_of(run: TrecRun, task: Task, k: int) -> Rankings:
    """The rankings of a run for the queries of a test.

    Args:
        run: the run.
        task: the task; where it knows no more than judgements, other queries and documents may
            be in the run.
        k: documents kept of each ranking.

    Raises:
        InputError: the run names a query or a document that the task does not have, or none of
            the test's queries.
    """
    path, _, table = run
    queries = _rows(table["query"], task.query_names)
    documents = _rows(table["document"], task.document_names)
    if not task.judged_alone:
        _require_known(run, task, "query", queries)
        _require_known(run, task, "document", documents)
    asked = task.test.relevance.answered
    place = np.full(len(task.query_names) + 1, -1, np.int64)
    place[asked] = np.arange(len(asked))
    at = place[queries]  # -1, of a query that is not known, is the last place
    kept = at >= 0
    if not kept.any():
        raise InputError(
            f"{path} has no ranking of a query that {task.name} tests; its first query is "
            f"{table['query'].iloc[0]!r}, the test's is {task.query_names[asked[0]]!r}: see "
            "whether the run is of this dataset"
        )
    found, columns = at[kept], documents[kept]
    rank = pd.Series(found).groupby(found).cumcount().to_numpy()
    ids = np.full((len(asked), k), -1, np.int32)
    read = rank < k
    ids[found[read], rank[read]] = columns[read]
    return Rankings(
        ids,
        unanswered=len(asked) - len(np.unique(found)),
        not_asked=table["query"][~kept].nunique(),
        read=int(read.sum()),
        unjudged=int((columns[read] < 0).sum()),
    )


def _rows(names: pd.Series, known: Sequence[str]) -> Ints:
    """[n] the row of each name, -1 if there is none."""
    return rows_of(pa.array(names, pa.large_string()), Strings.of(known))


def _require_known(run: TrecRun, task: Task, kind: str, rows: Ints) -> None:
    """Raise InputError for a name that the task does not have, by the first line that has it."""
    if not (rows < 0).any():
        return
    unknown = run.table[kind][rows < 0]
    line = unknown.index.min()
    raise InputError(
        f"{run.path}, line {line}: {task.name} has no {kind} {unknown[line]!r}; the run has "
        f"{unknown.nunique():,} such names. Take the data that it was made on, leave these lines "
        "out, or measure it by judgements alone, which ask for no corpus: --dataset qrels:QRELS.txt"
    )


def _of_one(path: Path, tag: str) -> str:
    """The command that writes the lines of one system to a file that is not there yet."""
    named = (path.with_name(f"{path.stem}-{n}.trec") for n in count(1))
    free = next(name for name in named if not name.exists())
    lines = shlex.join(["awk", f"$6 == {json.dumps(tag)}"])
    return f"gzip -cdf {shlex.quote(str(path))} | {lines} > {shlex.quote(str(free))}"
