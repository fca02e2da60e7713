"""What is printed: progress while cells run, then the boards; methods and datasets."""

from __future__ import annotations

import textwrap
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from bench.data.cards import cards
from bench.data.presence import BY_HAND, state_of
from bench.measures.ranking import MEASURES
from bench.registry import Registry, missing_packages
from bench.report.rows import most_visited
from bench.store.cell import WARNING, Cell, Status
from bench.system.terminal import PLAIN_EVERY_S, say, say_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench.executors.event import Event
    from bench.report.leaderboard import Leaderboard
    from bench.report.table import Board

WIDTH = 90
"""Characters of a method's parameters on a line."""


def name_of(cell: Cell) -> str:
    """A cell in a few words."""
    return f"{cell.task} · {cell.method} · seed {cell.seed}"


def follow(events: Iterable[Event], n_cells: int) -> list[Cell]:
    """Show the events of a run as they come; the ended cells are returned."""
    console = Console()
    shown = _live(console, events, n_cells) if console.is_terminal else _plain(events, n_cells)
    return list(shown)


def _outcome(cell: Cell) -> str:
    """How a cell ended, in a line."""
    if cell.status is Status.SKIPPED:
        return f"{cell.status}: {cell.reason}"
    if cell.status is not Status.OK:
        return f"{cell.status}: {cell.reason} (its log: .work/logs/{cell.key}.log)"
    cost = cell.cost
    seconds = "" if cost is None else f", trained {cost.fit_s:.1f} s" + " before" * cost.fit_shared
    return f"{_quality(cell)}{seconds}"


def _quality(cell: Cell) -> str:
    """The main figure of a measured cell."""
    if cell.similarity:
        best = max(cell.similarity, key=lambda each: each.rho or 0.0)
        return f"rho {best.rho or 0.0:.3f} on {best.subset} by {best.score}"
    last = most_visited(cell)
    if last.ranking:
        shown = [name for name in last.ranking if MEASURES[name].compared]
        return ", ".join(f"{name} {100 * last.ranking[name].mean:.1f} %" for name in shown)
    return f"recall {100 * last.recall:.1f} % (min {100 * last.min:.1f})"


def _plain(events: Iterable[Event], n_cells: int) -> Iterator[Cell]:
    """Lines for a log: the start and end of a cell, and a phase now and then."""
    began = time.monotonic()
    phases: dict[str, tuple[str, float, float]] = {}  # key -> phase, its start, last told
    ended = 0
    for event in events:
        now = time.monotonic()
        name = name_of(event.cell)
        if event.phase == "start":
            say(f"[{ended + 1}/{n_cells}] {name}")
        elif event.phase == "end":
            ended += 1
            left = (now - began) / ended * (n_cells - ended)
            say(f"[{ended}/{n_cells}] {name}: {_outcome(event.cell)} (about {left:.0f} s left)")
            yield event.cell
        elif event.phase.startswith(WARNING):
            say(f"    {name}: {event.phase}")
        else:
            phase, start, told = phases.get(event.cell.key, ("", now, now))
            if phase != event.phase:
                phases[event.cell.key] = event.phase, now, now
            elif now - told > PLAIN_EVERY_S and event.done:
                left = (now - start) / event.done * (event.total - event.done)
                say(f"    {name}: {phase} {event.done}/{event.total}, about {left:.0f} s left")
                phases[event.cell.key] = phase, start, now


def _live(console: Console, events: Iterable[Event], n_cells: int) -> Iterator[Cell]:
    """A bar for the run and one for each cell that is running."""
    columns = (
        SpinnerColumn(),
        TextColumn(
            "{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        ),
        BarColumn(bar_width=10),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        everything = progress.add_task("cells", total=n_cells)
        bars: dict[str, tuple[TaskID, str]] = {}
        for event in events:
            key, name = event.cell.key, name_of(event.cell)
            bar, phase = bars.get(key, (None, ""))
            if event.phase == "end":
                if bar is not None:
                    progress.remove_task(bar)
                progress.advance(everything)
                colour = {Status.OK: "green", Status.SKIPPED: "yellow"}.get(
                    event.cell.status, "red"
                )
                text = Text.assemble(f"{name}: ", (_outcome(event.cell), colour))
                console.print(text)
                yield event.cell
                continue
            if event.phase.startswith(WARNING):
                console.print(Text.assemble(f"{name}: ", (event.phase, "yellow")))
                continue
            if bar is not None and phase != event.phase:
                progress.remove_task(bar)
                bar = None
            if bar is None:
                bar = progress.add_task(
                    escape(f"{name} · {event.phase}"), total=event.total or None
                )
                bars[key] = bar, event.phase
            progress.update(bar, completed=event.done, total=event.total or None)


def print_boards(cell: Cell, boards: Iterable[Board]) -> None:
    """Print the boards of the task of a cell."""
    say(f"\n== {cell.task} ==")
    for note in cell.notes:
        say(note)
    for board in boards:
        say(f"\n{board.title}")
        for note in board.notes:
            say(note)
        say_table(board.header, board.rows)


def print_written(written: Leaderboard) -> None:
    """Print the stored cells that are on no board, and where the boards are, and the page."""
    for problem in written.left_out:
        say(f"Left out: {problem}")
    if written.left_out:
        say("Measure them again with --fresh, or take their files back from where they came.")
    say(f"\nBoards: {written.path}")
    if written.page is not None:
        say(f"Page: {written.page}")


def print_list(plugins: Iterable[str], data_dir: Path | None = None) -> None:
    """Print the methods and datasets, what each needs and what is missing here (``bench list``)."""
    registry = Registry(plugins)
    rows = []
    for method in map(registry.resolve, registry.names()):
        missing = missing_packages(method)
        state = f"missing: pip install {' '.join(missing)}" if missing else "ready"
        params = " ".join(f"{name}={value}" for name, value in method.params.items())
        rows.append([method.name, state, textwrap.fill(params, WIDTH) or "–"])
    say("Methods")
    say_table(["method", "here", "parameters and defaults"], rows)
    trainers, indexes = registry.parts()
    say("\nAny trainer goes with any index: --methods TRAINER+INDEX")
    say(f"  trainers: {', '.join(trainers)}")
    say(f"  indexes:  {', '.join(indexes)}")
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
    own = {f"{card.name}:FOLDER": card.title for card in cards().values() if card.takes_path}
    own["hierarchy:EDGES.csv"] = "your own, from a CSV with the columns child,parent"
    width = max(map(len, own))
    for name, title in own.items():
        say(f"  {name:{width}}  {title}")
