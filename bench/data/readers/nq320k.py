"""NQ320k: Wikipedia pages of Natural Questions are the documents, their questions the queries.

Kwiatkowski et al., Natural Questions, TACL 7, 2019; prepared as for NCI (Wang et al., NeurIPS 2022,
arXiv 2206.02743): a document is title, abstract and content; pages with the same title are one
document, with the text that comes first, training before development; the test is the development
questions.

Title: ``document_title``, or the text between the first <H1> and </H1>. Abstract: the text between
    the first <P> and </P>. Content: the text after it up to the last <Ul> list but one, without
    tags.

Uncertain, and checked only by the counts on the card (109,739 documents, 307,373 and 7,830
questions): NCI compares titles after BERT's uncased tokenizer, of which ``title_key`` makes all but
the vocabulary, so that titles which differ in unknown characters alone are two documents here and
one there. NCI sets title, abstract and content side by side without a blank, and for a page without
<P> cuts its content where the abstract of the page before ended; here it begins after the title.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np
import pyarrow as pa

from bench.data.readers.cache import Texts, cached, require_distinct, texts_writer
from bench.data.readers.jsonl import find_file, lines_of, parse_object
from bench.data.readers.pairs import RawJudgements
from bench.data.readers.text import text_task
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.data.readers.text import Splits
    from bench.task import Task

TRAIN = ("simplified-nq-train.jsonl", "v1.0-simplified_simplified-nq-train.jsonl")
DEVELOPMENT = ("nq-dev-all.jsonl", "v1.0-simplified_nq-dev-all.jsonl")
"""Names under which the files are downloaded; ``.gz`` may follow."""

_TAG = re.compile("<[^<]+?>")
_LIST_END = "</Ul>"
_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)

_TOGETHER = 256
"""Pages written at once."""
_VERSION = 1


def read(name: str, folder: Path, **splits: Unpack[Splits]) -> Task:
    """The task from the simplified training file and the development file, gzipped or not.

    Args:
        name: name of the task.
        folder: the folder with the two files.
        splits: rules by which the validation is drawn.

    Raises:
        InputError: a file is missing or damaged, or a line is no such page; the message has the
            line.
    """
    files = {"train": find_file(folder, *TRAIN), "test": find_file(folder, *DEVELOPMENT)}
    made = cached(list(files.values()), f"nq320k {_VERSION}", lambda to: _write(files, to))
    queries, documents = (Texts.open(made, kind) for kind in ("queries", "documents"))
    judged, first = [], 0
    for split, source in files.items():
        found = np.load(made / f"{split}.npy")
        asked = queries.names.take(np.arange(first, first + len(found)))
        pairs = [asked.to_arrow(), documents.names.take(found).to_arrow(), np.ones_like(found)]
        judged.append(RawJudgements(pa.table(pairs, ["query", "document", "grade"]), split, source))
        first += len(found)
    return text_task(name, queries, documents, *judged, **splits)


def _write(files: dict[str, Path], folder: Path) -> None:
    """Write documents and questions, and for each split [n] the document of each question."""
    row_of: dict[str, int] = {}
    with texts_writer(folder, "documents") as documents, texts_writer(folder, "queries") as queries:
        for split, source in files.items():
            rows: list[int] = []
            lines = pages(source)
            while together := list(itertools.islice(lines, _TOGETHER)):
                new = []
                for page in together:
                    key = title_key(page.title)
                    if key not in row_of:
                        row_of[key] = len(row_of)
                        new.append(page)
                    rows.append(row_of[key])
                documents(*_columns([(page.title, page.text) for page in new]))
                queries(*_columns([(page.question_id, page.question) for page in together]))
            np.save(folder / f"{split}.npy", np.array(rows, np.int64))
    for kind in ("documents", "queries"):
        require_distinct(Texts.open(folder, kind).names, files["train"].parent)


def _columns(rows: list[tuple[str, str]]) -> list[pa.Array]:
    """The names and the texts of rows."""
    return [pa.array([row[place] for row in rows], pa.large_string()) for place in (0, 1)]


class Page(NamedTuple):
    """A line of the file: a question and its page.

    Attributes:
        question_id, question: id and text of the question.
        title: title of the page.
        body: the page as in the line: words and tags with blanks between.
    """

    question_id: str
    question: str
    title: str
    body: str

    @property
    def text(self) -> str:
        """Title, abstract and content, without tags."""
        _, below_title = _between(self.body, "<H1>", "</H1>", 0)
        abstract, start = _between(self.body, "<P>", "</P>", below_title)
        end = self.body.rfind(_LIST_END)
        if end >= 0:
            before = self.body.rfind(_LIST_END, 0, end)
            end = before if before >= 0 else end
        content = self.body[start : end if end >= 0 else None]
        parts = (_TAG.sub("", part) for part in (abstract, content))
        return " ".join(" ".join((self.title, *parts)).split())


def pages(source: Path) -> Iterator[Page]:
    """The lines of a file, one after the other; it may be gzipped.

    Raises:
        InputError: the file is damaged or a line is malformed; the message has its number.
    """
    for number, line in lines_of(source):
        try:
            yield _page(parse_object(line))
        except ValueError as error:
            raise InputError(f"{source}, line {number}: {error}") from error


def title_key(title: str) -> str:
    """The key by which titles are compared: BERT's uncased words, without accents."""
    plain = unicodedata.normalize("NFD", title.lower())
    letters = (letter for letter in plain if unicodedata.category(letter) != "Mn")
    spaced = (f" {letter} " if _stands_alone(letter) else letter for letter in letters)
    return " ".join("".join(spaced).split())


def _page(fields: dict[str, Any]) -> Page:
    try:
        body = fields.get("document_text")
        if body is None:
            body = " ".join(token["token"] for token in fields["document_tokens"])
        title = fields.get("document_title") or _between(body, "<H1>", "</H1>", 0)[0]
        question = str(fields["example_id"]), fields["question_text"].strip()
        page = Page(*question, " ".join(title.split()), body)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"it is no line of Natural Questions: {error}; it needs example_id, question_text and "
            "document_text or document_tokens"
        ) from error
    if not page.title:
        raise ValueError("it has no title: neither a document_title nor an <H1>")
    return page


def _between(text: str, opening: str, closing: str, default: int) -> tuple[str, int]:
    """The text between the first two marks and its end; or nothing and ``default``."""
    start = text.find(opening)
    end = text.find(closing, start) if start >= 0 else -1
    if end < 0:
        return "", default
    return text[start + len(opening) : end], end + len(closing)


def _stands_alone(letter: str) -> bool:
    """Whether BERT makes a word of a single letter: punctuation, ASCII symbols, ideographs."""
    if letter.isascii():
        return letter.isprintable() and not letter.isalnum() and letter != " "
    return unicodedata.category(letter).startswith("P") or any(
        low <= ord(letter) <= high for low, high in _IDEOGRAPHS
    )
