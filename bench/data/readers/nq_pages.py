"""Lines of Natural Questions: the question, and title and text of its page."""

from __future__ import annotations

import re
import unicodedata
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.data.readers.json_lines import parse_object
from bench.data.readers.jsonl import damaged, open_unpacked
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TAG = re.compile("<[^<]+?>")
_LIST_END = "</Ul>"
_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)


class Page(NamedTuple):
    """One line.

    Attributes:
        question_id, question: of the question.
        title: of its page.
        body: the page as the line has it: words and tags with blanks between.
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
        InputError: the file is damaged or a line is not as it must be; it names the line.
    """

    def where(place: int) -> str:
        return f"{source}, line {place + 1}"

    try:
        with open_unpacked(source) as file:
            for place, line in enumerate(file):
                if not line.strip():
                    continue
                fields = parse_object(line, place, where)
                try:
                    page = _page(fields)
                except (KeyError, TypeError, AttributeError) as error:
                    raise InputError(
                        f"{where(place)} is no line of Natural Questions: {error}; it needs "
                        "example_id, question_text and document_text or document_tokens"
                    ) from error
                if not page.title:
                    raise InputError(
                        f"{where(place)} has no title: neither a document_title nor an <H1>"
                    )
                yield page
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(source, error) from error


def title_key(title: str) -> str:
    """What makes two titles the same: BERT's uncased words, without accents."""
    plain = unicodedata.normalize("NFD", title.lower())
    letters = (letter for letter in plain if unicodedata.category(letter) != "Mn")
    spaced = (f" {letter} " if _stands_alone(letter) else letter for letter in letters)
    return " ".join("".join(spaced).split())


def _page(fields: dict[str, Any]) -> Page:
    body = fields.get("document_text")
    if body is None:
        body = " ".join(token["token"] for token in fields["document_tokens"])
    title = fields.get("document_title") or _between(body, "<H1>", "</H1>", 0)[0]
    question = str(fields["example_id"]), fields["question_text"].strip()
    return Page(*question, " ".join(title.split()), body)


def _between(text: str, opening: str, closing: str, default: int) -> tuple[str, int]:
    """What is between the first two marks and where that ends, or nothing and ``default``."""
    start = text.find(opening)
    end = text.find(closing, start) if start >= 0 else -1
    if end < 0:
        return "", default
    return text[start + len(opening) : end], end + len(closing)


def _stands_alone(letter: str) -> bool:
    """Whether BERT makes a word of a single letter: punctuation, symbols of ASCII, ideographs."""
    if letter.isascii():
        return letter.isprintable() and not letter.isalnum() and letter != " "
    return unicodedata.category(letter).startswith("P") or any(
        low <= ord(letter) <= high for low, high in _IDEOGRAPHS
    )
