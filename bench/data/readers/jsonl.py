"""Files of JSON lines such as BEIR's: each line has a name, an optional title, and a text.

Arrow parses blocks of lines in several threads, and they go to disk at once, so that memory does
not grow with the file. A block that Arrow refuses is parsed line by line: this accepts ids that are
numbers, and names the line that is wrong.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from bench.arrays.strings import Strings
from bench.data.readers.cache import Column, Texts, cached, require_distinct, texts_writer
from bench.errors import InputError
from bench.system.provenance import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.types import Ints

BLOCK = 1 << 21
"""Bytes parsed at once. Arrow takes at most 100,000 lines, which these are not: the shortest line
with an id and a text has 22 bytes."""
LONGEST_LINE = 1 << 26
"""Bytes of a line: a small gzipped file can unpack to one that fills memory."""

WITH_TITLE, WITHOUT_TITLE = ("_id", "text", "title"), ("_id", "text")
EMPTY, BLANK = Strings.of(["", " "]).to_arrow()  # pa.scalar would first import pandas
MOST_THREADS = 8
_VERSION = 3
"""Version of the recipe; raise it when the written files change."""


class _Read(NamedTuple):
    """Names, texts, and how many bytes of each text are not its title."""

    names: Column
    texts: Column
    untitled: Ints


class _Block(NamedTuple):
    """Whole lines, and the number of lines before them in the file."""

    lines: memoryview
    above: int


def read(path: Path, fields: Sequence[str] = WITH_TITLE) -> Texts:
    """Names and texts of a file of JSON lines, or of ``path`` with ``.gz`` after it.

    A line has ``_id``, a string or a whole number, and ``text``, which may be empty; ``title`` is
    optional. A text is title, blank, text, without blanks around. A second read maps the files that
    the first wrote into the user's cache.

    Args:
        path: the file.
        fields: the fields that are read, of the three.

    Raises:
        InputError: the file is missing, empty or damaged, a line is malformed (the message has its
            number), an id occurs twice, or the cache cannot be written.
    """
    source = find_file(path.parent, path.name)

    def write(folder: Path) -> None:
        untitled = []
        with texts_writer(folder, "lines") as append:
            for block in _parsed(source, fields):
                append(block.names, block.texts)
                untitled.append(block.untitled)
        if "title" in fields and untitled:
            np.save(folder / "lines.untitled.npy", np.concatenate(untitled).astype(np.int32))
        names = Texts.open(folder, "lines").names
        if not len(names):
            raise InputError(f"{source} is empty; it needs one JSON object a line")
        require_distinct(names, source)

    return Texts.open(cached([source], f"jsonl {_VERSION} {fields}", write), "lines")


def find_file(folder: Path, *names: str) -> Path:
    """The first of the names that exists in a folder, as it is or with ``.gz`` after it.

    Raises:
        InputError: no such file exists.
    """
    files = [folder / f"{name}{ending}" for name in names for ending in ("", ".gz")]
    for file in files:
        if file.is_file():
            return file
    others = ", ".join(file.name for file in files[1:])
    raise InputError(f"there is no {files[0]}, and no {others} beside it; put one of them there")


@contextlib.contextmanager
def opened(source: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacking one named ``.gz``.

    Raises:
        InputError: the file ends early, is not gzip, or cannot be read.
    """
    try:
        with gzip.open(source) if source.suffix == ".gz" else source.open("rb") as file:
            yield cast("IO[bytes]", file)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot read {source}: {reason}; if it is damaged, get it again"
        ) from error


def parse_object(line: bytes) -> dict[str, Any]:
    """The JSON object of one line.

    Raises:
        ValueError: it is no object, is not UTF-8, or has an escape that UTF-8 cannot encode.
    """
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(
            f"it is not UTF-8: {error.reason} at byte {error.start + 1} of the line"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"it must be a JSON object {{…}}, it is {_shown(value)}")  # noqa: TRY004
    if b"\\ud" in line or b"\\uD" in line:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = f"{error.object[error.start]!a}"
            raise ValueError(
                f"it has half of a surrogate pair ({half}), which is no text"
            ) from error
    return value


def _parsed(source: Path, fields: Sequence[str]) -> Iterator[_Read]:
    """Names and texts of each block, in order; a few blocks are parsed ahead."""
    threads = min(MOST_THREADS, usable_cores())
    waiting: deque[tuple[_Block, Future[_Read | None]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for block in _blocks(source):
            waiting.append((block, pool.submit(_parse, block.lines, fields)))
            if len(waiting) > threads + 1:
                first, parsed = waiting.popleft()
                yield parsed.result() or _parse_slowly(first, source, fields)
        for block, parsed in waiting:
            yield parsed.result() or _parse_slowly(block, source, fields)


def _blocks(source: Path) -> Iterator[_Block]:
    """The file in blocks of whole lines, about ``BLOCK`` bytes each."""
    above, rest = 0, b""
    with opened(source) as file:
        while read := file.read(BLOCK):
            joined = rest + read
            end = joined.rfind(b"\n") + 1
            if len(joined) - end > LONGEST_LINE:
                number = above + joined.count(b"\n") + 1
                raise InputError(
                    f"{source}, line {number} has more than {LONGEST_LINE:,} bytes; it needs one "
                    "JSON object a line"
                )
            if end:
                yield _Block(memoryview(joined)[:end], above)
            above, rest = above + read.count(b"\n"), joined[end:]
    if rest:
        yield _Block(memoryview(rest), above)


def lines_of(source: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, with their numbers from 1 on."""
    for block in _blocks(source):
        yield from _numbered(block)


def _numbered(block: _Block) -> Iterator[tuple[int, bytes]]:
    """The lines of a block that are not blank, with their numbers in the file."""
    for number, line in enumerate(bytes(block.lines).split(b"\n"), start=block.above + 1):
        if line.strip():
            yield number, line


def _parse(lines: memoryview, fields: Sequence[str]) -> _Read | None:
    """Parse a block by Arrow; None if it must be parsed line by line."""
    if not bytes(lines[:64]).lstrip().startswith(b"{"):
        return None  # Arrow 26 crashes on a block whose first line is null
    schema = pa.schema([(name, pa.large_string()) for name in fields])
    try:
        table = pj.read_json(
            pa.BufferReader(pa.py_buffer(lines)),
            pj.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
        table.validate(full=True)  # is it UTF-8?
    except pa.ArrowInvalid:
        return None
    names, texts = table["_id"], table["text"]
    if names.null_count or texts.null_count:
        return None
    untitled = Strings.from_arrow(pc.utf8_trim_whitespace(texts)).lengths
    if "title" in fields:
        titles = table["title"].fill_null(EMPTY)
        texts = pc.binary_join_element_wise(titles, texts, BLANK)
    return _Read(names, pc.utf8_trim_whitespace(texts), untitled)


def _parse_slowly(block: _Block, source: Path, fields: Sequence[str]) -> _Read:
    """Parse a block line by line."""
    names, texts, untitled = [], [], []
    for number, line in _numbered(block):
        try:
            value = parse_object(line)
            if type(value.get("_id")) is int:  # as some BEIR files have them; True is no id
                value["_id"] = str(value["_id"])
            if "title" not in fields or value.get("title") is None:
                value["title"] = ""
            name, text, title = (_string(value, field) for field in WITH_TITLE)
            names.append(name)
            texts.append(f"{title} {text}".strip())
            untitled.append(len(text.strip().encode()))
        except ValueError as error:
            raise InputError(f"{source}, line {number}: {error}") from error
    kind = pa.large_string()
    return _Read(pa.array(names, kind), pa.array(texts, kind), np.array(untitled))


def _string(fields: dict[str, Any], field: str) -> str:
    value = fields.get(field)
    if not isinstance(value, str):
        lack = "is missing" if value is None else f"is {_shown(value)}"
        raise ValueError(f'the field "{field}" {lack}; it must be a string')  # noqa: TRY004
    return value


def _shown(value: object) -> str:
    return json.dumps(value)[:60]
