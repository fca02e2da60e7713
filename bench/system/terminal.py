"""Printing: lines, tables, and the progress of long work."""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import time
from textwrap import TextWrapper
from typing import TYPE_CHECKING

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


PLAIN_EVERY_S = 10.0
"""Seconds between two lines about a phase, where there is no terminal."""
GAP = 2
"""Characters between two columns of a table."""
FOLDED_FROM = 24
"""Characters from which a text of a table may go over several lines."""
NO_ROW = "No row."
NARROWEST = 20
"""Characters of a terminal that tables are made for; on a narrower one they are cut."""


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, colours, turns the order of letters around, or is half a letter."""


def visible(text: str) -> str:
    """A text whose control characters are spelt out, but for tabs and ends of lines."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def counted(number: int, one: str, several: str = "") -> str:
    """A number and what is said of one thing or of several; an ``s`` if no more is said of them."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def size_text(n_bytes: float) -> str:
    """A size in the unit that one speaks of it, by powers of 1000."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.{1 if n_bytes < 10 * size else 0}f} {unit}"
    kilobyte = 1e3
    return f"{n_bytes / kilobyte:.0f} kB" if n_bytes >= kilobyte else f"{n_bytes:.0f} B"


def say(text: str = "") -> None:
    """Print lines to standard output; for a terminal, prose is broken between words.

    A line to copy stays whole: a command, which begins with a space, or a row in markdown.
    """
    lines = visible(text).split("\n")
    if width := _terminal_width():
        wrapper = TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        lines = [line if line.startswith((" ", "|")) else wrapper.fill(line) for line in lines]
    click.echo("\n".join(lines))


def say_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a plain table that is no wider than the terminal.

    Long texts go over several lines. Where there is no room for all columns, the others follow in
    further tables, each after the first column. A file or a pipe gets each row as one line of any
    length. A table without rows is a sentence.
    """
    if not rows:
        say(NO_ROW)
        return
    texts = [
        [visible(text).expandtabs(1).replace("\n", " ") for text in row] for row in (header, *rows)
    ]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    terminal = _terminal_width()
    width = sum(widths) + GAP * len(widths) if terminal is None else max(terminal, NARROWEST)
    console = Console(width=width, color_system=None, legacy_windows=False)
    for number, columns in enumerate(_groups(widths, width)):
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, GAP - 1)
        )
        for column in columns:
            table.add_column(Text(texts[0][column]), overflow="fold")
        for row in texts[1:]:
            table.add_row(*(Text(row[column]) for column in columns))
        with console.capture() as captured:
            console.print(table)
        lines = "\n".join(map(str.rstrip, captured.get().split("\n")))
        click.echo("\n" * bool(number) + lines.rstrip("\n"))


def _terminal_width() -> int | None:
    """Characters of a line of the terminal; None: there is none.

    ``COLUMNS`` tells nothing of a pipe: programs that read lines hand it to all that they start.
    """
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _groups(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """The numbers of the columns that stand beside each other; the first column is in each group.

    Args:
        widths: the characters of the longest text of each column; a text of more than
            ``FOLDED_FROM``, or of more than half the width, may go over several lines.
        width: the characters of a line.
    """
    least = [min(each, FOLDED_FROM, (width - GAP) // 2) for each in widths]
    group, used = [0], least[0]
    for column in range(1, len(widths)):
        if used + GAP + least[column] > width:
            yield group
            group, used = [0], least[0]
        group.append(column)
        used += GAP + least[column]
    yield group


@contextlib.contextmanager
def byte_bar(title: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show the progress of a file: a bar on a terminal, a line now and then elsewhere.

    Args:
        title: the action and the file.
        total: bytes of the file; None: not known.
        done: bytes that were there before.

    Yields:
        A function to be called with the bytes of each step.
    """
    console = Console()
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task(escape(title), total=total, completed=done)
            yield lambda step: progress.advance(bar, step)
        return
    of_total = "" if total is None else f" of {total / 1e6:,.1f}"
    say(title if total is None else f"{title}: {done / 1e6:,.1f}{of_total} MB are here")

    def line(now: int, seconds: float) -> str:
        speed = (now - done) / seconds
        left = "" if total is None else f", about {(total - now) / speed:.0f} s left"
        return f"{now / 1e6:,.1f}{of_total} MB{left}"

    yield _line_now_and_then(title, line, done)


@contextlib.contextmanager
def count_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show the progress of a count; yields a function to be called with the number of each step."""
    console = Console()
    if console.is_terminal:
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(escape(title), total=total)
            yield lambda step: progress.advance(bar, step)
        return

    def line(now: int, seconds: float) -> str:
        return f"{now}/{total}, about {seconds / now * (total - now):.0f} s left"

    yield _line_now_and_then(title, line)


def _line_now_and_then(
    title: str, line: Callable[[int, float], str], done: int = 0
) -> Callable[[int], None]:
    """A function to be called with each step; it prints a line now and then, without a terminal.

    Args:
        title: the action.
        line: the text for the amount done now and the seconds since the beginning.
        done: the amount done before.
    """
    began = printed = time.monotonic()

    def advance(step: int) -> None:
        nonlocal done, printed
        done += step
        now = time.monotonic()
        if now - printed > PLAIN_EVERY_S:
            printed = now
            say(f"    {title}: {line(done, now - began)}")

    return advance
