"""Whether an export finds what its cell found: its program is run on every test query."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bench.errors import InputError
from bench.evaluation.answers import Indexed
from bench.evaluation.search import BATCH, Searcher
from bench.store.folder import RUN
from bench.store.run_file import read_run
from bench.system.files import is_altered
from bench.verify.end_to_end import EndToEnd, end_to_end, judged

if TYPE_CHECKING:
    from bench.measures.records import PointResult
    from bench.method import Exported, Method
    from bench.store.cell import Cell
    from bench.task import Queries, Task
    from bench.types import Floats, Ints

MOST_ENCODED = 2000
"""Queries that are encoded again by the export's encoder, at most."""
AGREEMENT = 0.9999
"""Least cosine of a query's vector to the method's own."""
ANSWER = f"""
import json, sys
import numpy as np
from search import encode, search
folder, k = sys.argv[1], int(sys.argv[2])

def found(vectors):
    batches = [vectors[start : start + {BATCH}] for start in range(0, len(vectors), {BATCH})]
    ids = [np.asarray(search(batch, k)) for batch in batches]
    wide = [np.pad(each, ((0, 0), (0, k - each.shape[1])), constant_values=-1) for each in ids]
    return np.concatenate(wide)

np.save(f"{{folder}}/ids.npy", found(np.load(f"{{folder}}/vectors.npy")))
asked = json.load(open(f"{{folder}}/asked.json", encoding="utf-8"))
if asked:
    vectors = np.asarray(encode(asked))
    np.savez(f"{{folder}}/encoded.npz", vectors=vectors, ids=found(vectors))
"""


class Check(NamedTuple):
    """An export that holds.

    Attributes:
        n_queries: test queries for which it found the same documents.
        against: where these are from.
        encoded: what it finds with vectors of its own encoder; None: queries come with vectors.
    """

    n_queries: int
    against: str
    encoded: EndToEnd | None

    @property
    def text(self) -> str:
        """The outcome in a sentence."""
        text = f"the same documents as {self.against} for {self.n_queries:,} test queries"
        if self.encoded is None:
            return text
        return f"{text}, by the vectors of the cell; {self.encoded.text}"


def check(
    folder: Path,
    exported: Exported,
    task: Task,
    cell: Cell,
    point: PointResult,
    path: Path,
    method: Method,
) -> Check:
    """Search all test queries by the program of an export, in a process of its own.

    Args:
        folder: the export.
        exported: its vectors of the test queries.
        task: the task.
        cell: the cell.
        point: the operating point that was exported.
        path: the cell.json, beside which its run lies.
        method: the method, which has indexed the corpus: it is searched where the run is not here.

    Raises:
        InputError: the program fails, finds other documents, or encodes a query to another vector.
    """
    rows = task.test.relevance.answered
    queries, depth = task.queries(rows), task.test.depth[rows]
    asked = _asked(queries)[:MOST_ENCODED]
    threads = cell.provenance.threads
    found, encoded = _answers(folder, exported.vectors, cell.k, asked, threads)
    expected, against = _expected(task, cell, point, path, method)
    expected = _as_wide(expected, found)
    _require_same_ids(expected, found, depth, task, queries)
    if encoded is None:
        return Check(len(rows), against, None)
    vectors, ids = encoded
    cosine = _cosine(vectors, exported.vectors, queries)
    return Check(len(rows), against, end_to_end(expected[: len(ids)], ids, depth, cosine, threads))


def _asked(queries: Queries) -> list[str]:
    """What the encoder of an export takes of queries; nothing where they come with vectors."""
    if queries.vectors is not None:
        return []
    return list(queries.names if queries.texts is None else queries.texts)


def _answers(
    folder: Path, vectors: Floats, k: int, asked: list[str], threads: int
) -> tuple[Ints, tuple[Floats, Ints] | None]:
    """What the program finds [n, k]; its vectors of the queries ``asked``, and what these find.

    The last bits of products depend on the number of threads, which is that of the cell.
    """
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as exchange:
        np.save(f"{exchange}/vectors.npy", np.ascontiguousarray(vectors, np.float32))
        Path(exchange, "asked.json").write_text(json.dumps(asked), encoding="utf-8")
        ended = subprocess.run(  # noqa: S603 - the program that was just written
            [sys.executable, "-B", "-c", ANSWER, exchange, str(k)],
            cwd=folder,
            env={**outside, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise InputError(f"the exported search.py fails:\n{ended.stderr.strip()}")
        ids = np.load(f"{exchange}/ids.npy")
        if not asked:
            return ids, None
        with np.load(f"{exchange}/encoded.npz") as encoded:
            return ids, (encoded["vectors"], encoded["ids"])


def _expected(
    task: Task, cell: Cell, point: PointResult, path: Path, method: Method
) -> tuple[Ints, str]:
    """[n, at most k] what the cell found, and where that is from."""
    run = path.with_name(RUN)
    if run.is_file() and not is_altered(run, cell.run_sha256):
        records = read_run(run)
        number = cell.points.index(point)
        return next(each for n, each in enumerate(records) if n == number).ids, "the cell's run"
    queries = task.queries(task.test.relevance.answered)
    indexed = Indexed(method, len(task.document_names))
    searched = Searcher(indexed, queries, cell.k).run(point.point, lambda _done, _total: None)
    return searched.ids, "a search by the method (the cell's run is not here)"


def _as_wide(expected: Ints, found: Ints) -> Ints:
    """[n, k] ids with as many columns as those found; -1 where there are none."""
    k = found.shape[1]
    missing = ((0, 0), (0, max(0, k - expected.shape[1])))
    wide: Ints = np.pad(expected, missing, constant_values=-1)[:, :k]
    return wide


def _require_same_ids(
    expected: Ints, found: Ints, depth: Ints, task: Task, queries: Queries
) -> None:
    """Raise InputError for the first query whose documents differ, as deep as it is judged."""
    differs = (expected != found) & judged(found, depth)
    if not differs.any():
        return
    row, rank = np.argwhere(differs)[0]
    names = [
        task.document_names[i] if i >= 0 else "none"
        for i in (found[row, rank], expected[row, rank])
    ]
    raise InputError(
        f"the export finds {names[0]!r} at rank {rank + 1} of the query "
        f"{queries.names[row]!r}, where the cell found {names[1]!r} (and other documents for "
        f"{int(differs.any(axis=1).sum())} of {len(found)} queries); measure the cell on this "
        "machine and export that one"
    )


def _cosine(encoded: Floats, vectors: Floats, queries: Queries) -> float:
    """The least cosine of the first queries' vectors.

    Raises:
        InputError: it is too small.
    """
    own = np.asarray(vectors[: len(encoded)], np.float32)
    lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(encoded, axis=1)
    known = lengths > 0  # a static model has no vector for unknown words
    cosines = np.where(known, (own * encoded).sum(axis=1) / np.where(known, lengths, 1), 1.0)
    if (least := float(cosines.min())) < AGREEMENT:
        raise InputError(
            f"the exported encoder gives the query {queries.names[int(cosines.argmin())]!r} a "
            f"vector with a cosine of {least:.5f} to the cell's, and at least {AGREEMENT} is asked "
            "for"
        )
    return min(least, 1.0)
