"""Files of JSON lines such as BEIR's: a name, perhaps a title, and a text a line.

Blocks of lines are parsed by Arrow in several threads and go to disk as they come, so that memory
does not grow with the file. A block that Arrow refuses is parsed line by line: that accepts ids
that are numbers, and names the line that is wrong.
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from bench.data.readers.json_lines import Columns, parse_lines
from bench.data.readers.text_cache import Texts, TextsWriter, cached, require_distinct
from bench.errors import InputError
from bench.system.provenance import usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1 << 21
"""Bytes parsed at once. Arrow takes at most 100,000 lines, which these are not: the shortest line
with an id and a text has 22 bytes."""

MOST_THREADS = 8
_VERSION = 1
"""Part of the recipe; raise it when what is written changes."""


class _Block(NamedTuple):
    """Whole lines, and at which byte of the (unpacked) file they begin."""

    lines: memoryview
    start: int


_Read = tuple["pa.Array | pa.ChunkedArray", "pa.Array | pa.ChunkedArray"]


def read(path: Path, columns: Columns = Columns()) -> Texts:  # noqa: B008 - immutable
    """Names and texts of a file of JSON lines, or of ``path`` with ``.gz`` after it.

    A text is title, blank, text, without blanks around. A second read maps what the first wrote
    into the user's cache.

    Raises:
        InputError: the file is missing, empty or damaged, a line is not as it must be (it names the
            line), an id comes twice, or the cache cannot be written.
    """
    source = present(path)

    def write(folder: Path) -> None:
        with TextsWriter(folder, "lines") as writer:
            for names, texts in _parsed(source, columns):
                writer.append(names, texts)
        names = Texts.open(folder, "lines").names
        if not len(names):
            raise InputError(f"{source} is empty; it needs one JSON object a line")
        require_distinct(names, source)

    return Texts.open(cached([source], f"jsonl {_VERSION} {columns}", write), "lines")


def present(path: Path) -> Path:
    """``path`` if it is there, or else its gzipped form.

    Raises:
        InputError: neither is.
    """
    packed = path.with_name(f"{path.name}.gz")
    for file in (path, packed):
        if file.is_file():
            return file
    raise InputError(f"there is no {path}, and no {packed.name} beside it; put the file there")


def open_unpacked(source: Path) -> IO[bytes]:
    """Open a file for reading, unpacking one named ``.gz``."""
    if source.suffix == ".gz":
        return gzip.open(source)  # type: ignore[return-value]  # typeshed: not IO, reads like one
    return source.open("rb")


def damaged(source: Path, error: Exception) -> InputError:
    """The error for a file that ends early, is not gzip, or cannot be read."""
    return InputError(f"cannot read {source}: {error}; if it is damaged, get it anew")


def _parsed(source: Path, columns: Columns) -> Iterator[_Read]:
    """Names and texts of each block, in order; a few blocks are parsed ahead."""
    threads = min(MOST_THREADS, usable_cores())
    waiting: deque[tuple[_Block, Future[_Read | None]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for block in _blocks(source):
            waiting.append((block, pool.submit(_parse, block.lines, columns)))
            if len(waiting) > threads + 1:
                first, parsed = waiting.popleft()
                yield parsed.result() or _parse_slowly(first, source, columns)
        for block, parsed in waiting:
            yield parsed.result() or _parse_slowly(block, source, columns)


def _blocks(source: Path) -> Iterator[_Block]:
    """The file in blocks of whole lines, about ``BLOCK`` bytes each."""
    start, rest = 0, b""
    try:
        with open_unpacked(source) as file:
            while read := file.read(BLOCK):
                joined = rest + read
                end = joined.rfind(b"\n") + 1
                if end:
                    yield _Block(memoryview(joined)[:end], start)
                start, rest = start + end, joined[end:]
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(source, error) from error
    if rest:
        yield _Block(memoryview(rest), start)


def _parse(lines: memoryview, columns: Columns) -> _Read | None:
    """Parse a block by Arrow, or None where it needs the slow way."""
    if not bytes(lines[:64]).lstrip().startswith(b"{"):
        return None  # Arrow 26 crashes on a block whose first line is null
    fields = [name for name in columns if name is not None]
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
    names, texts = table[columns.id], table[columns.text]
    if names.null_count or texts.null_count:
        return None
    if columns.title is not None:
        titles = table[columns.title]
        if titles.null_count:
            titles = titles.fill_null("")
        texts = pc.binary_join_element_wise(titles, texts, pa.scalar(" ", pa.large_string()))
    return names, pc.utf8_trim_whitespace(texts)


def _parse_slowly(block: _Block, source: Path, columns: Columns) -> _Read:
    """Parse a block line by line; errors count lines from the top of the file."""

    def where(place: int) -> str:
        before = itertools.takewhile(lambda earlier: earlier.start < block.start, _blocks(source))
        lines = sum(bytes(earlier.lines).count(b"\n") for earlier in before)
        return f"{source}, line {lines + place + 1}"

    return parse_lines(bytes(block.lines).split(b"\n"), columns, where)
