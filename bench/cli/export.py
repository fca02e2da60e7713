"""The command that hands results on: ``python -m bench results --csv``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.options import (
    BUDGET_BY,
    LAST_RUN,
    Command,
    read_budget,
    read_names,
    read_seeds,
    results_folder,
)

if TYPE_CHECKING:
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
@click.option("--datasets", callback=read_names, help="Only these, with commas between.")
@click.option("--dataset", multiple=True, metavar="NAME[:ARGS]", help="One. May be repeated.")
@click.option("--methods", callback=read_names, help="Only these, with commas between.")
@click.option("--kind", callback=read_names, help="Kinds of methods: trainer, index, bound, …")
@click.option("--words", default="", help="Only rows whose name has all of these words.")
@click.option("--seeds", callback=read_seeds, help="Only these, with commas between.")
@click.option("--measure", callback=read_names, help="Only these, such as recall,nDCG@10.")
@click.option(
    "--budget",
    "budget_share",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Of each cell the point that costs most within this share of the corpus.",
)
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
    from bench.report.tidy import cells_of

    wanted = export.Wanted(
        (*(datasets or ()), *dataset),
        methods or (),
        kind or (),
        tuple(map(str, seeds or ())),
        words.split(),
        measure or (),
        budget,
    )
    cells = cells_of(folder)
    if parquet is not None:
        export.write_parquet(export.exported(cells, wanted), parquet)
    elif latex is not None:
        _write(export.latex(cells, wanted), latex)
    elif csv is not None:
        _write(export.exported(cells, wanted).to_csv(index=False), csv)


def _write(text: str, path: Path) -> None:
    """Write a text as it is; to a terminal, without what would move its cursor."""
    from bench.system.files import write_atomically
    from bench.system.terminal import visible

    if path != OUTPUT:
        write_atomically(path, text)
        return
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)
