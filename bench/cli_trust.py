"""Commands that hold what is stored against what it says it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bench.cli_options import (
    LOOKED_FOR,
    PLUGINS,
    STORED,
    TIMEOUT,
    Command,
    data_dir_option,
)

if TYPE_CHECKING:
    from pathlib import Path

OWN_DATA = click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="NAME:PATH",
    help="Where the data of a task lies that was read from a path. May be repeated.",
)


@click.command(name="replay", cls=Command)
@STORED
@OWN_DATA
@data_dir_option(LOOKED_FOR)
def replay_command(out: Path, datasets: tuple[str, ...], data_dir: Path | None) -> None:
    """Check stored files, rebuild the boards, derive every metric again from the runs."""
    from bench.replay.command import replay

    if not replay(out, data_dir, datasets):
        sys.exit(1)


@click.command(name="certify", cls=Command)
@click.argument("cell")
@STORED
@PLUGINS
@TIMEOUT
@OWN_DATA
@data_dir_option(LOOKED_FOR)
def certify_command(
    cell: str,
    out: Path,
    plugins: tuple[str, ...],
    timeout_s: float,
    datasets: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Measure a stored CELL again: OK, within tolerance or FAIL for each of its metrics.

    CELL is a cell.json, its folder, or how its key begins.
    """
    from bench.certify.command import certify
    from bench.run import RunOptions

    options = RunOptions(
        methods="",
        datasets="",
        dataset=datasets,
        plugins=plugins,
        timeout_s=timeout_s,
        out=out,
        data_dir=data_dir,
    )
    if not certify(cell, options):
        sys.exit(1)


TRUST = (replay_command, certify_command)
