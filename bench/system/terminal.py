"""Printing: lines, tables, and the progress of long work."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING

import click
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
from tabulate import tabulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


PLAIN_EVERY_S = 10.0
"""Seconds between two lines about a phase, where there is no terminal."""


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, colours, turns the order of letters around, or is half a letter."""


def visible(text: str) -> str:
    """A text whose control characters are spelt out, but for tabs and ends of lines."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(text: str = "") -> None:
    """Print one line to standard output."""
    click.echo(visible(text))


def say_table(header: list[str], rows: list[list[str]]) -> None:
    """Print a plain table."""
    lines = [[text.replace("\n", " ") for text in row] for row in rows]
    say(tabulate(lines, header, tablefmt="simple", disable_numparse=True))


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
