"""The queries of a folder: queries.jsonl, or topics in one of TREC's forms.

TREC's forms are a line for each topic, its number, a tab and its text (Deep Learning tracks);
``<top>`` with ``<num>`` and ``<title>`` (ad-hoc tracks); and ``<topic number="1">`` with
``<query>`` or ``<title>`` (CORD-19 and later ones).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from bench.arrays.strings import Strings
from bench.data.readers import jsonl
from bench.data.readers.cache import Texts, require_distinct
from bench.data.readers.tables import read_table, read_text
from bench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

JSON_LINES = "queries.jsonl"
TOPICS = ("queries.tsv", "topics.tsv", "topics.txt", "topics.xml", "topics.trec")
"""Names of a file of topics; each may end in ``.gz``, and the first that is there is read."""

_TOPIC = re.compile(r"(?is)<top(ic)?\b(?P<attributes>[^>]*)>(?P<inside>.*?)</top(ic)?>")
_NUMBER = re.compile(
    r"(?i)\bnumber\s*=\s*[\"']\s*([^\"']+?)\s*[\"']|<num>\s*(?:Number:)?\s*([^\s<]+)"
)
_TEXT = re.compile(r"(?is)<(?:title|query)>\s*(?:Topic:)?\s*(.*?)\s*(?=<|\Z)")


def read_queries(folder: Path) -> Texts:
    """The queries of a folder.

    Raises:
        InputError: no file of queries is there, it is malformed, or an id occurs twice.
    """
    names = (JSON_LINES, *TOPICS)
    found = jsonl.find_file(folder, *names)
    if found.name.removesuffix(".gz") == JSON_LINES:
        return jsonl.read(folder / JSON_LINES, jsonl.WITHOUT_TITLE)
    return read_topics(found)


def unread_topics(folder: Path) -> list[str]:
    """The sentence on files of queries that ``read_queries`` passes over, if there are any."""
    there = [
        file.name
        for name in (JSON_LINES, *TOPICS)
        for file in (folder / name, folder / f"{name}.gz")
        if file.exists()
    ]
    return [f"Queries are those of {there[0]}; not read: {', '.join(there[1:])}."] * (
        len(there) > 1
    )


def read_topics(path: Path) -> Texts:
    """Topics from a file, in the form that its first sign tells.

    Raises:
        InputError: it holds no topic, a topic lacks its number or its text, or a number occurs
            twice.
    """
    if read_text(path).lstrip().startswith("<"):
        topics = _marked_up(path)
    else:
        table = read_table(path, ("id", "text"), "\t", header=("id", "text"))
        topics = dict(enumerate(zip(table["id"], table["text"], strict=True)))
    if not topics:
        raise InputError(f"{path} holds no topic; a line has its number, a tab and its text")
    names, texts = zip(*topics.values(), strict=True)
    found = Texts(Strings.of(names), Strings.of(texts))
    require_distinct(found.names, path)
    return found


def _marked_up(path: Path) -> dict[int, tuple[str, str]]:
    """Number and title of each topic, by its place in the file."""
    topics = {}
    for place, topic in enumerate(_TOPIC.finditer(read_text(path)), start=1):
        number = _NUMBER.search(topic["attributes"]) or _NUMBER.search(topic["inside"])
        text = _TEXT.search(topic["inside"])
        if number is None or text is None or not text[1]:
            lack = "number (<num>, or number=)" if number is None else "text (<title> or <query>)"
            raise InputError(f"{path}: topic {place} has no {lack}")
        name = number[1] or number[2]
        topics[place] = name, " ".join(html.unescape(text[1]).split())
    return topics
