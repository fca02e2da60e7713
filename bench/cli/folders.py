"""Commands over several results folders: one beside another, and several in one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import (
    BUDGET,
    BUDGET_BY,
    Command,
    out_option,
    read_budget,
    read_names,
    rows_options,
)

if TYPE_CHECKING:
    from bench.measures.budget import By

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(name="compare", cls=Command)
@click.argument("before", type=FOLDER, metavar="A")
@click.argument("after", type=FOLDER, metavar="B")
@rows_options
@click.option(
    "--measure",
    callback=read_names,
    help="Of nDCG@10, R@100, unseen R@100 and recall; without it the main one of each dataset.",
)
@BUDGET
@BUDGET_BY
def compare_command(
    before: Path,
    after: Path,
    datasets: tuple[str, ...] | None,
    dataset: tuple[str, ...],
    methods: tuple[str, ...] | None,
    measure: tuple[str, ...] | None,
    budget_share: float | None,
    budget_by: By | None,
) -> None:
    """Compare results folders A and B, such as before and after a change: row by row.

    Rows that only one folder has are named. The others are compared seed by seed and query by
    query, in quality, visited, work and seconds.
    """
    budget = read_budget(budget_share, budget_by)
    from bench.data.load import task_named
    from bench.report.compare.folders import Asked, compare_folders
    from bench.store.folder import Store

    tasks = [*(datasets or ()), *map(task_named, dataset)]
    asked = Asked(tasks, methods or (), measure or (), budget)
    compare_folders(Store(before), Store(after), asked)


@click.command(name="merge", cls=Command)
@click.argument("folders", type=FOLDER, nargs=-1, required=True, metavar="FOLDER...")
@out_option("Results folder to write to; cells that it has stay.", None)
@click.option(
    "--prefer",
    type=FOLDER,
    metavar="FOLDER",
    help="Where two folders measured the same, take this one's cells.",
)
def merge_command(folders: tuple[Path, ...], out: Path, prefer: Path | None) -> None:
    """Put the cells of several results folders into one, and write its boards."""
    from bench.report.console import print_written
    from bench.report.leaderboard import NAME, write_leaderboard
    from bench.report.stated import stated_budget
    from bench.store.folder import Store
    from bench.store.merge import merge
    from bench.system.terminal import counted, say

    store = Store(out)
    done = merge([*map(Store, folders)], store, prefer)
    say(f"{out}: {counted(done.copied, 'cell was', 'cells were')} copied")
    if done.alike:
        say(f"{counted(done.alike, 'cell is', 'cells are')} in several folders, and the same")
    for text in done.told:
        say(text)
    print_written(write_leaderboard(store, stated_budget(out / NAME), figures=True))
    for text in done.left_out:
        say(f"Not merged: {text}")
    if done.left_out:
        sys.exit(1)


COMMANDS = (compare_command, merge_command)
