"""Boards, methods and datasets on the terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bench.data.cards import cards
from bench.data.load import BY_HAND, state_of
from bench.errors import EXTRAS, lacks_packages
from bench.registry import Registry
from bench.system.terminal import say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bench.report.leaderboard import Leaderboard
    from bench.report.table import Board
    from bench.store.cell import Cell


_EMPHASIS = re.compile(r"(`[^`]+`)|\*\*([^*]+)\*\*|\*([\w+][^*]*)\*")
"""Code of a note, which stays, and its words in bold and in italics, as the page reads them."""


def plain(note: str) -> str:
    """A note as a terminal shows it: words in bold and in italics without their signs."""
    return _EMPHASIS.sub(r"\1\2\3", note)


def print_boards(cell: Cell, boards: Iterable[Board]) -> None:
    """Print the boards of the task of a cell."""
    say(f"\n== {cell.task} ==")
    for note in cell.notes:
        say(note)
    for board in boards:
        say(f"\n{board.title}")
        for note in board.notes:
            say(plain(note))
        say_table(board.header, board.rows)


def print_written(written: Leaderboard) -> None:
    """Print the stored cells that are on no board, and the paths of the boards and the page."""
    for problem in written.left_out:
        say(f"Left out: {problem}")
    if written.left_out:
        say("Measure them again with --fresh, or take their files back from where they came.")
    say()
    if written.page is None:
        say(f"Page: none, and no charts; this {lacks_packages(EXTRAS['page'])}")
    else:
        say(f"Page: {written.page}")
    say(f"Boards: {written.path}")


def print_list(plugins: Iterable[str], data_dir: Path | None = None) -> None:
    """Print methods and datasets, the needs of each and what is missing here (``bench list``)."""
    registry = Registry(plugins)
    rows = []
    for method in map(registry.resolve, registry.names()):
        state = lacks_packages(method.requires) or "ready"
        params = " ".join(f"{name}={value}" for name, value in method.params.items())
        rows.append([method.name, state, params or "–"])
    say("Methods")
    say_table(["method", "here", "parameters and defaults"], rows)
    trainers, indexes = registry.parts()
    say("\nAny trainer goes with any index: --methods TRAINER+INDEX")
    say(f"  trainers: {', '.join(trainers)}")
    say(f"  indexes:  {', '.join(indexes)}")
    say("\nExtras, which a plain install leaves out")
    extras = [[extra, lacks_packages(names) or "ready"] for extra, names in EXTRAS.items()]
    say_table(["extra", "here"], extras)
    say("\nDatasets")
    named = [card for card in cards().values() if not card.takes_path]
    states = {card.name: state_of(card, data_dir) for card in named}
    say_table(
        ["dataset", "here", "what it is"],
        [[card.name, states[card.name], card.title] for card in named],
    )
    for card in named:
        if states[card.name] == BY_HAND:
            say(f"  {card.name}: {card.obtain}")
    own = {
        f"{card.name}:{card.takes_path}": card.title for card in cards().values() if card.takes_path
    }
    width = max(map(len, own))
    for name, title in own.items():
        say(f"  {name:{width}}  {title}")
