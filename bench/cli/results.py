"""Commands that write what a results folder holds: its boards, and tables of its results."""

from __future__ import annotations

import datetime as dt
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import (
    BUDGET,
    BUDGET_BY,
    LAST_RUN,
    STORED,
    Command,
    budget_option,
    read_budget,
    read_names,
    read_seeds,
    results_folder,
    rows_options,
)
from bench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measures.budget import By

FILE = click.Path(path_type=Path, dir_okay=False)
OUTPUT = Path("-")
"""Standard output, as a name of a file."""


@click.command(name="results", cls=Command)
@LAST_RUN
@click.option(
    "--csv", type=FILE, is_flag=False, flag_value=OUTPUT, metavar="[FILE]", help="Write CSV."
)
@click.option("--parquet", type=FILE, metavar="FILE", help="Write Parquet.")
@click.option(
    "--latex",
    type=FILE,
    is_flag=False,
    flag_value=OUTPUT,
    metavar="[FILE]",
    help="Write a table for a paper: rows × measures of one dataset, or × datasets by one measure.",
)
@rows_options
@click.option("--kind", callback=read_names, help="Kinds of methods: trainer, index, bound, …")
@click.option(
    "--words",
    default="",
    help="Only rows with all of these words in the name, the method, or what it is said to be.",
)
@click.option("--default-settings", is_flag=True, help="Only rows without a setting of their own.")
@click.option("--seeds", callback=read_seeds, help="Only these, with commas between.")
@click.option("--measure", callback=read_names, help="Only these, such as recall,nDCG@10.")
@budget_option("Only the point of each cell that costs most within this share of the corpus.")
@BUDGET_BY
def results_command(
    out: Path | None,
    csv: Path | None,
    parquet: Path | None,
    latex: Path | None,
    datasets: tuple[str, ...] | None,
    dataset: tuple[str, ...],
    methods: tuple[str, ...] | None,
    kind: tuple[str, ...] | None,
    words: str,
    seeds: tuple[int, ...] | None,
    measure: tuple[str, ...] | None,
    budget_share: float | None,
    budget_by: By | None,
    *,
    default_settings: bool,
) -> None:
    """Write a folder's results as one table, a row for each cell, point and measure.

    CSV and LaTeX go to standard output where no FILE is named. Without --budget, CSV and Parquet
    have all points of a cell, and a table for a paper has the one that costs most.
    """
    budget = read_budget(budget_share, budget_by)
    if sum(each is not None for each in (csv, parquet, latex)) != 1:
        raise click.UsageError("give one of --csv, --parquet FILE and --latex")
    folder = results_folder(out)
    # Heavy imports wait until the options are known to be right.
    from bench.report import export
    from bench.report.latex import latex as table_for_a_paper
    from bench.report.tidy import cells_of
    from bench.system.terminal import counted

    wanted = export.Wanted(
        (*(datasets or ()), *dataset),
        methods or (),
        kind or (),
        tuple(map(str, seeds or ())),
        words.split(),
        default_settings,
        measure or (),
        budget,
    )
    found = export.chosen(cells_of(folder), wanted)
    if latex is not None:
        text = table_for_a_paper(found, wanted)
        _write(latex, "a table for a paper", partial(_write_text, text))
        return
    table = export.exported(found.cells, wanted)
    if csv is not None:
        _write(csv, counted(len(table), "row"), partial(_write_text, table.to_csv(index=False)))
    elif parquet is not None:
        _write(parquet, counted(len(table), "row"), partial(export.write_parquet, table))


def _write(path: Path, content: str, write: Callable[[Path], None]) -> None:
    """Write a file, and say so beside standard output.

    Raises:
        InputError: it cannot be written.
    """
    from bench.system.terminal import visible

    try:
        write(path)
    except OSError as error:
        folder = path.parent.absolute()
        why = (error.strerror or error) if folder.is_dir() else f"there is no folder {folder}"
        raise InputError(
            f"cannot write {path}: {why}; name a FILE in a folder where you may write"
        ) from error
    if path != OUTPUT:
        click.echo(visible(f"Written: {path} ({content})"), err=True)


def _write_text(text: str, path: Path) -> None:
    """Write a text as it is; to a terminal, without what would move its cursor."""
    from bench.system.files import written
    from bench.system.terminal import visible

    if path == OUTPUT:
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
        return
    with written(path.parent, text) as file:
        file.replace(path)


@click.command(name="leaderboard", cls=Command)
@LAST_RUN
@click.option(
    "--mark",
    is_flag=True,
    help="Record the boards in published.json; later ones list what changed since.",
)
@BUDGET
@BUDGET_BY
def leaderboard_command(
    out: Path | None, budget_share: float | None, budget_by: By | None, *, mark: bool
) -> None:
    """Write LEADERBOARD.md, its charts and leaderboard.html again from the cells of a folder."""
    from bench.report.console import print_written
    from bench.report.leaderboard import write_leaderboard
    from bench.report.published import mark_published
    from bench.store.folder import Store
    from bench.system.terminal import say

    budget = read_budget(budget_share, budget_by)
    if mark and out is None:
        raise click.UsageError(
            "--mark records what is published; name its folder: --out results --mark"
        )
    store = Store(results_folder(out))
    if mark:
        mark_published(store, dt.datetime.now(dt.UTC).date())
        say(f"Marked: {store.published}")
    if not store.cell_paths():
        raise InputError(
            f"{store.runs} holds no cell, so there is nothing to write; measure first (python "
            "-m bench run), or name a results folder with --out"
        )
    print_written(write_leaderboard(store, budget, figures=True))


@click.command(name="reproduction", cls=Command)
@STORED
def reproduction_command(out: Path) -> None:
    """The papers' claims beside what was measured: write REPRODUCTION.md of a results folder."""
    from bench.report.reproduction.page import write_reproduction
    from bench.store.folder import Store
    from bench.system.terminal import say

    say(f"Written: {write_reproduction(Store(out))}")


COMMANDS = (leaderboard_command, reproduction_command, results_command)
