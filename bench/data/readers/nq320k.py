"""NQ320k: the Wikipedia pages of Natural Questions, each a document, found by the questions.

Kwiatkowski et al., Natural Questions, TACL 7, 2019; prepared as for NCI (Wang et al., NeurIPS 2022,
arXiv 2206.02743): a document is title, abstract and content; documents with the same title are one,
with the text that comes first, training before development; the test is the development questions.

Title: ``document_title``, or what is between the first <H1> and </H1>. Abstract: what is between
the first <P> and </P>. Content: what follows up to the last <Ul> list but one, tags taken out.

Uncertain, and checked only by the counts on the card (109,739 documents, 307,373 and 7,830
questions): NCI compares titles after BERT's uncased tokenizer, of which ``title_key`` makes all but
the vocabulary, so that titles which differ in unknown characters alone are two documents here and
one there. NCI sets title, abstract and content side by side without a blank, and for a page without
<P> cuts its content where the abstract of the page before ended; here it begins after the title.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from bench.data.readers.nq_pages import pages as pages_of
from bench.data.readers.nq_pages import title_key
from bench.data.readers.pairs import Pairs
from bench.data.readers.text import VALIDATION_MOST, VALIDATION_SHARE, text_task
from bench.data.readers.text_cache import Texts, TextsWriter, cached, require_distinct
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from bench.task import Task

TRAIN = ("simplified-nq-train.jsonl", "v1.0-simplified_simplified-nq-train.jsonl")
DEVELOPMENT = ("nq-dev-all.jsonl", "v1.0-simplified_nq-dev-all.jsonl")
"""Names under which the files are downloaded; ``.gz`` may follow."""

_TOGETHER = 256
"""Pages written at once."""
_VERSION = 1


def read(
    name: str,
    folder: Path,
    *,
    validation_share: float = VALIDATION_SHARE,
    validation_most: int = VALIDATION_MOST,
) -> Task:
    """The task from the simplified training file and the development file, packed or not.

    Args:
        name: of the task.
        folder: with the two files.
        validation_share: of the training queries that the sample has, at least 1 query.
        validation_most: queries of the sample at most.

    Raises:
        InputError: a file is missing or damaged, or a line is no such page; it names the line.
    """
    train, development = (_find(folder, names) for names in (TRAIN, DEVELOPMENT))
    files = {"train": train, "test": development}
    made = cached(list(files.values()), f"nq320k {_VERSION}", lambda to: _write(files, to))
    found = [np.load(made / f"{split}.npy") for split in files]
    first = 0
    splits = []
    for documents in found:
        questions = np.arange(first, first + len(documents))
        splits.append(Pairs(questions, documents, np.zeros_like(documents), (1,)))
        first += len(documents)
    return text_task(
        name,
        Texts.open(made, "queries"),
        Texts.open(made, "documents"),
        *splits,
        validation_share=validation_share,
        validation_most=validation_most,
    )


def _write(files: dict[str, Path], folder: Path) -> None:
    """Write documents and questions, and for each split [n] the document of each question."""
    row_of: dict[str, int] = {}
    with TextsWriter(folder, "documents") as documents, TextsWriter(folder, "queries") as queries:
        for split, source in files.items():
            rows: list[int] = []
            pages = pages_of(source)
            while together := list(itertools.islice(pages, _TOGETHER)):
                new = []
                for page in together:
                    key = title_key(page.title)
                    if key not in row_of:
                        row_of[key] = len(row_of)
                        new.append(page)
                    rows.append(row_of[key])
                _append(documents, [(page.title, page.text) for page in new])
                _append(queries, [(page.question_id, page.question) for page in together])
            np.save(folder / f"{split}.npy", np.array(rows, np.int64))
    for kind in ("documents", "queries"):
        require_distinct(Texts.open(folder, kind).names, files["train"].parent)


def _append(writer: TextsWriter, rows: list[tuple[str, str]]) -> None:
    names, texts = (pa.array([row[i] for row in rows], pa.large_string()) for i in (0, 1))
    writer.append(names, texts)


def _find(folder: Path, names: tuple[str, ...]) -> Path:
    """The first of the names that is there, packed or not."""
    files = [folder / f"{name}{ending}" for name in names for ending in ("", ".gz")]
    for file in files:
        if file.is_file():
            return file
    raise InputError(
        f"there is none of {', '.join(file.name for file in files)} in {folder}; put one there"
    )
