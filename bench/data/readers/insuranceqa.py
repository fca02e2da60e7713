"""InsuranceQA's package, rewritten in BEIR's form: the English texts, without pools of negatives.

Feng, Xiang, Glass, Wang & Zhou, Applying Deep Learning to Answer Selection: A Study and An Open
Task, ASRU 2015 (arXiv 1508.01585).
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PACKAGE = "insuranceqa_data"
SPLITS = {"train": "train", "valid": "dev", "test": "test"}
"""The splits by the package's name and by BEIR's."""


def rewrite(package: Path, folder: Path) -> None:
    """Write corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.

    The name of an answer is its number; of a question, its split and its number there, ``dev-7``.
    White space in texts is collapsed.

    Args:
        package: the unpacked source archive of ``insuranceqa_data`` 1.0.
        folder: the folder that is filled.
    """
    (folder / "qrels").mkdir(parents=True)
    answers = _read(package, "answers").items()
    _write_lines(
        folder / "corpus.jsonl",
        ({"_id": name, "title": "", "text": _english(answer)} for name, answer in answers),
    )
    questions = []
    for theirs, split in SPLITS.items():
        judged = ["query-id\tcorpus-id\tscore\n"]
        for number, asked in _read(package, theirs).items():
            name, metadata = f"{split}-{number}", {"domain": asked["domain"]}
            questions.append({"_id": name, "text": _english(asked), "metadata": metadata})
            judged += [f"{name}\t{answer}\t1\n" for answer in asked["answers"]]
        (folder / "qrels" / f"{split}.tsv").write_text("".join(judged), encoding="utf-8")
    _write_lines(folder / "queries.jsonl", questions)


def _read(package: Path, name: str) -> dict[str, dict[str, Any]]:
    """The entries of a file by their number."""
    with gzip.open(package / PACKAGE / f"{name}.json.gz") as file:
        entries: dict[str, dict[str, Any]] = json.load(file)
    return entries


def _english(entry: dict[str, Any]) -> str:
    return " ".join(entry["en"].split())


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
