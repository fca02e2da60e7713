"""What is printed: lines, tables, and how far long work is."""

from __future__ import annotations

import contextlib
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
"""How often a phase is told of where there is no terminal."""


def say(text: str = "") -> None:
    """One line to standard output."""
    click.echo(text)


def say_table(header: list[str], rows: list[list[str]]) -> None:
    """A plain table."""
    say(tabulate(rows, header, tablefmt="simple", disable_numparse=True))


@contextlib.contextmanager
def byte_bar(title: str, total: int | None, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show how far a file is: a bar on a terminal, a line now and then elsewhere.

    Args:
        title: what is done to which file.
        total: its bytes; None where that is not known.
        done: those that were there before.

    Yields:
        What to call with the bytes of each step.
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

    yield _told_now_and_then(title, line, done)


@contextlib.contextmanager
def count_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of something are done; yields what to call with the number of each step."""
    console = Console()
    if console.is_terminal:
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task(escape(title), total=total)
            yield lambda step: progress.advance(bar, step)
        return

    def line(now: int, seconds: float) -> str:
        return f"{now}/{total}, about {seconds / now * (total - now):.0f} s left"

    yield _told_now_and_then(title, line)


def _told_now_and_then(
    title: str, line: Callable[[int, float], str], done: int = 0
) -> Callable[[int], None]:
    """What to call with each step, of which a line is told where there is no terminal.

    Args:
        title: what goes on.
        line: of what is done now, and the seconds since the beginning.
        done: before that.
    """
    began = told = time.monotonic()

    def advance(step: int) -> None:
        nonlocal done, told
        done += step
        now = time.monotonic()
        if now - told > PLAIN_EVERY_S:
            told = now
            say(f"    {title}: {line(done, now - began)}")

    return advance
