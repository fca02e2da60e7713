"""The progress of a run while its cells are measured: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from bench.executors.events import Kind
from bench.measures.budget import UNLIMITED
from bench.measures.ranking import MEASURES
from bench.store.cell import Cell, Status
from bench.store.took import remember
from bench.system.terminal import PLAIN_EVERY_S, say, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bench.executors.events import Event
    from bench.plan.schedule import Schedule


def follow(events: Iterable[Event], n_cells: int, schedule: Schedule, logs: Path) -> list[Cell]:
    """Show the events of a run as they come, and return the cells that ended.

    The seconds of each cell are remembered for later runs.

    Args:
        events: the events.
        n_cells: number of cells that are to be measured.
        schedule: these cells, of which none has begun.
        logs: the folder of the logs of cells whose process was started.
    """
    console = Console()
    events = _timed(events, schedule)
    if console.is_terminal:
        return list(_live(console, events, n_cells, schedule, logs))
    return list(_plain(events, n_cells, schedule, logs))


def _timed(events: Iterable[Event], schedule: Schedule) -> Iterator[Event]:
    """The events, which the schedule takes in as they come."""
    for event in events:
        if event.kind is Kind.START:
            schedule.start(event.cell, time.monotonic())
        elif event.kind is Kind.END:
            ended = schedule.end(event.cell, time.monotonic())
            # A cell that failed does not tell how long the next one takes.
            if ended is not None and event.cell.status in {Status.OK, Status.SKIPPED}:
                remember(ended)
        yield event


def _outcome(cell: Cell, logs: Path | None) -> str:
    """How a cell ended, in one line, with the path of its log if there are logs."""
    if cell.status is Status.SKIPPED:
        return f"{cell.status}: {cell.reason}"
    if cell.status is not Status.OK:
        log = "" if logs is None else f" (its log: {quote(str(logs / f'{cell.key}.log'))})"
        return f"{cell.status}: {cell.reason}{log}"
    cost = cell.cost
    seconds = "" if cost is None else f", trained {cost.fit_s:.1f} s" + " before" * cost.fit_shared
    return f"{_quality(cell)}{seconds}"


def _quality(cell: Cell) -> str:
    """The main figure of a measured cell."""
    if cell.similarity:
        best = max(cell.similarity, key=lambda each: each.rho or 0.0)
        return f"rho {best.rho or 0.0:.3f} on {best.subset} by {best.score}"
    last = max(cell.points, key=UNLIMITED.order)
    if last.ranking:
        shown = [name for name in last.ranking if MEASURES[name].compared]
        return ", ".join(f"{name} {100 * last.ranking[name].mean:.1f} %" for name in shown)
    return f"recall {100 * last.recall:.1f} % (min {100 * last.min:.1f})"


def _plain(events: Iterable[Event], n_cells: int, schedule: Schedule, logs: Path) -> Iterator[Cell]:
    """Print lines for a log: the start and end of a cell, and a phase now and then."""
    phases: dict[str, tuple[str, float, float]] = {}  # key -> phase, its start, last printed
    started: set[str] = set()
    ended = 0
    for event in events:
        now = time.monotonic()
        name = event.cell.title
        if event.kind is Kind.START:
            started.add(event.cell.key)
            say(f"[{ended + 1}/{n_cells}] {name}")
        elif event.kind is Kind.END:
            ended += 1
            left = schedule.left(now)
            outcome = _outcome(event.cell, logs if event.cell.key in started else None)
            say(f"[{ended}/{n_cells}] {name}: {outcome} (about {left:.0f} s left)")
            yield event.cell
        elif event.kind is Kind.WARNING:
            say(f"    {name}: {event.kind}: {event.text}")
        else:
            phase, start, printed = phases.get(event.cell.key, ("", now, now))
            if phase != event.text:
                phases[event.cell.key] = event.text, now, now
            elif now - printed > PLAIN_EVERY_S and event.done:
                left = (now - start) / event.done * (event.total - event.done)
                say(f"    {name}: {phase} {event.done}/{event.total}, about {left:.0f} s left")
                phases[event.cell.key] = phase, start, now


def _ends(schedule: Schedule) -> float:
    """The time of the clock at which all cells will have ended."""
    now = time.monotonic()
    return now + schedule.left(now)


class _Left(TimeRemainingColumn):
    """Time left: of a bar with a field ``ends``, until then; of another one, by its speed."""

    def render(self, task: Task) -> Text:
        """The time left of a bar as text."""
        if "ends" not in task.fields:
            return super().render(task)
        left = round(max(task.fields["ends"] - time.monotonic(), 0))
        return Text(str(timedelta(seconds=left)), style="progress.remaining")


def _live(
    console: Console, events: Iterable[Event], n_cells: int, schedule: Schedule, logs: Path
) -> Iterator[Cell]:
    """Show a bar for the run and one for each running cell."""
    columns = (
        SpinnerColumn(),
        TextColumn(
            "{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
        ),
        BarColumn(bar_width=10),
        MofNCompleteColumn(table_column=Column(no_wrap=True)),
        TimeElapsedColumn(table_column=Column(no_wrap=True)),
        _Left(compact=True, table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        everything = progress.add_task("cells", total=n_cells, ends=_ends(schedule))
        bars: dict[str, tuple[TaskID, str]] = {}
        told = time.monotonic()
        for event in events:
            key, name = event.cell.key, visible(event.cell.title)
            bar, phase = bars.get(key, (None, ""))
            if event.kind is Kind.END:
                if bar is not None:
                    progress.remove_task(bar)
                progress.update(everything, advance=1, ends=_ends(schedule))
                colour = {Status.OK: "green", Status.SKIPPED: "yellow"}.get(
                    event.cell.status, "red"
                )
                outcome = visible(_outcome(event.cell, None if bar is None else logs))
                console.print(Text.assemble(f"{name}: ", (outcome, colour)))
                yield event.cell
                continue
            if event.kind is Kind.WARNING:
                warning = visible(f"{event.kind}: {event.text}")
                console.print(Text.assemble(f"{name}: ", (warning, "yellow")))
                continue
            text = visible(event.text or str(event.kind))
            if bar is not None and phase != text:
                progress.remove_task(bar)
                bar = None
            if bar is None:
                bar = progress.add_task(escape(f"{name} · {text}"), total=event.total or None)
                bars[key] = bar, text
            progress.update(bar, completed=event.done, total=event.total or None)
            if time.monotonic() - told > 1:
                told = time.monotonic()
                progress.update(everything, ends=_ends(schedule))
