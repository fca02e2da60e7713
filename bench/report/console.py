"""Boards and where they are, on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.report.rows import Board
    from bench.store.cell import Cell


def say_boards(cell: Cell, boards: Iterable[Board]) -> None:
    """Print the boards of the task of a cell."""
    say(f"\n== {cell.task} ==")
    for note in cell.notes:
        say(note)
    for board in boards:
        say(f"\n{board.title}")
        for note in board.notes:
            say(note)
        say_table(board.header, board.rows)


def say_written(path: Path, page: Path | None = None) -> None:
    """Say where the boards are, and the page if there is one."""
    say(f"\nBoards: {path}")
    if page is not None:
        say(f"Page: {page}")


def say_left_out(problems: list[str]) -> None:
    """Name the stored cells that are on no board."""
    for problem in problems:
        say(f"Left out: {problem}")
    if problems:
        say("Measure them again with --fresh, or take their files back from where they came.")
