"""Folders in BEIR's form: corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv.

Thakur, Reimers, Rücklé, Srivastava & Gurevych, BEIR, NeurIPS 2021 (arXiv 2104.08663).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.data.readers import jsonl
from bench.data.readers.json_lines import Columns
from bench.data.readers.pairs import Pairs, pairs_of
from bench.data.readers.qrels import find_qrels, read_qrels
from bench.data.readers.text import VALIDATION_MOST, VALIDATION_SHARE, text_task
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.data.readers.text_cache import Texts
    from bench.task import Task


def read(
    name: str,
    folder: Path,
    *,
    train: str = "train",
    validation: str = "",
    test: str = "test",
    validation_share: float = VALIDATION_SHARE,
    validation_most: int = VALIDATION_MOST,
    heldout_queries: int = 0,
    least_gain: int = 1,
) -> Task:
    """A task from a folder in BEIR's form; files of lines may be gzipped.

    The positive scores of a split, from the highest on, are distance 0, 1, 2 …; they are the gains
    of nDCG. The text of a document is its title and its text.

    Args:
        name: of the task.
        folder: with the files.
        train: the split to train on; it may be missing, then nothing can be trained.
        validation: the split to validate on, or empty: a sample of the training queries.
        test: the split to test on.
        validation_share: of the training queries that the sample has, at least 1 query.
        validation_most: queries of the sample at most.
        heldout_queries: if not 0, the test is so many training queries instead of a split.
        least_gain: score from which a document counts as relevant for recall and MRR.

    Raises:
        InputError: a file or a line is not as it must be, or nothing is left to test on.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; it must hold corpus.jsonl")
    documents = jsonl.read(folder / "corpus.jsonl")
    queries = jsonl.read(folder / "queries.jsonl", Columns(title=None))
    notes: list[str] = []

    def split(named: str) -> Pairs:
        pairs, left_out = _split(folder, named, queries, documents)
        notes.extend(left_out)
        return pairs

    trained = Pairs.none()
    if find_qrels(folder, train):
        trained = split(train)
    else:
        notes.append(f"There are no training pairs: no {folder.name}/qrels/{train}.tsv.")
    tested = None if heldout_queries else split(test)
    return text_task(
        name,
        queries,
        documents,
        trained,
        tested,
        split(validation) if validation else None,
        validation_share=validation_share,
        validation_most=validation_most,
        heldout_queries=heldout_queries,
        least_gain=least_gain,
        notes=notes,
    )


def _split(folder: Path, split: str, queries: Texts, documents: Texts) -> tuple[Pairs, list[str]]:
    path = find_qrels(folder, split)
    if path is None:
        here = sorted(file.name for file in (folder / "qrels").glob("*.t*"))
        raise InputError(
            f"there is no {folder / 'qrels' / split}.tsv for the {split} split; qrels has "
            f"{', '.join(here) or 'nothing'}"
        )
    return pairs_of(read_qrels(path, split), queries.names, documents.names)
