"""Commands that hold what is stored against what it says it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bench.cli_options import (
    LOOKED_FOR,
    STORED,
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


TRUST = (replay_command,)
