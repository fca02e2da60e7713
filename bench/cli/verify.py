"""Commands that check whether results are as measured, and put them among the published ones."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.cli import completion
from bench.cli.options import (
    DATA_DIR_HELP,
    PLUGINS,
    STORED,
    TIMEOUT,
    Command,
    data_dir_option,
    read_names,
)

OWN_DATA = click.option(
    "--dataset",
    "datasets",
    shell_complete=completion.datasets,
    multiple=True,
    metavar="NAME:PATH",
    help="Where the data of a task lies that was read from a path. May be repeated.",
)


@click.command(name="replay", cls=Command)
@STORED
@OWN_DATA
@data_dir_option(DATA_DIR_HELP)
def replay_command(out: Path, datasets: tuple[str, ...], data_dir: Path | None) -> None:
    """Check stored files, rebuild the boards, derive every metric again from the runs."""
    from bench.verify.replay import replay

    if not replay(out, data_dir, datasets):
        sys.exit(1)


@click.command(name="recompute", cls=Command)
@STORED
@OWN_DATA
@data_dir_option(DATA_DIR_HELP)
def recompute_command(out: Path, datasets: tuple[str, ...], data_dir: Path | None) -> None:
    """Derive every measure again from stored runs and write it; nothing is searched."""
    from bench.verify.recompute import recompute

    if not recompute(out, data_dir, datasets):
        sys.exit(1)


@click.command(name="certify", cls=Command)
@click.argument("cell", shell_complete=completion.cells)
@STORED
@PLUGINS
@TIMEOUT
@OWN_DATA
@data_dir_option(DATA_DIR_HELP)
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
    from bench.verify.certify import CertifyOptions, certify

    again = CertifyOptions(out, plugins, datasets, timeout_s, data_dir)
    if not certify(cell, again):
        sys.exit(1)


POINT = click.option(
    "--point",
    default="",
    metavar="PARAM=VALUE,…",
    help="Settings of the operating point; without it the one that validation chose.",
)


@click.command(name="export", cls=Command)
@click.argument("cell", shell_complete=completion.cells)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write, which is empty or not there.",
)
@POINT
@STORED
@PLUGINS
@OWN_DATA
@data_dir_option(DATA_DIR_HELP)
def export_command(
    cell: str,
    target: Path,
    point: str,
    out: Path,
    plugins: tuple[str, ...],
    datasets: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Write a CELL's vectors, encoder and index in files that are searched without Treeline.

    CELL is a cell.json, its folder, or how its key begins. The folder has a program, search.py,
    which is checked to find what the cell found.
    """
    from bench.verify.export import ExportOptions, export

    export(cell, target, ExportOptions(out, plugins, datasets, data_dir), point)


@click.command(name="export-run", cls=Command)
@click.argument("cell", shell_complete=completion.cells)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File to write; gzipped if its name ends in .gz.",
)
@POINT
@STORED
@OWN_DATA
@data_dir_option(DATA_DIR_HELP)
def export_run_command(
    cell: str,
    target: Path,
    point: str,
    out: Path,
    datasets: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Write the rankings of a CELL as a run in TREC's form, with names of queries and documents.

    CELL is a cell.json, its folder, or how its key begins.
    """
    from bench.verify.export import ExportOptions
    from bench.verify.export_run import export_run

    export_run(cell, target, point, ExportOptions(out, (), datasets, data_dir))


@click.command(name="submit", cls=Command)
@click.argument("cells", shell_complete=completion.cells, nargs=-1, metavar="[CELL]...")
@click.option(
    "--methods",
    shell_complete=completion.methods,
    callback=read_names,
    help="Only these, with commas between.",
)
@click.option(
    "--dataset",
    "datasets",
    shell_complete=completion.datasets,
    multiple=True,
    metavar="NAME",
    help="Only this. May be repeated.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results/local"),
    show_default=True,
    help="Results folder with the cells.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("results"),
    show_default=True,
    help="Results folder that is published.",
)
@click.option("--certify", is_flag=True, help="Measure a seed of each row again, where none was.")
@click.option("--check", "check_only", is_flag=True, help="Check, and copy nothing.")
@TIMEOUT
@data_dir_option(DATA_DIR_HELP)
def submit_command(
    cells: tuple[str, ...],
    methods: tuple[str, ...] | None,
    datasets: tuple[str, ...],
    source: Path,
    out: Path,
    timeout_s: float,
    data_dir: Path | None,
    *,
    certify: bool,
    check_only: bool,
) -> None:
    """Check cells of your own as CI would, and put them among the published ones.

    CELL is a cell.json, its folder, or how its key begins; without one, all that were measured are
    meant. If a check fails, nothing is copied.
    """
    from bench.verify.submit import submit

    holds = submit(
        cells,
        source,
        out,
        methods=methods or (),
        datasets=datasets,
        certify=certify,
        check_only=check_only,
        timeout_s=timeout_s,
        data_dir=data_dir,
    )
    if not holds:
        sys.exit(1)


@click.command(name="lock", cls=Command)
@click.option(
    "--before",
    default="HEAD",
    metavar="COMMIT",
    show_default=True,
    help="Whose results code that changed under its version must still give.",
)
@click.option("--same", is_flag=True, help="Take my word that results are the same; run nothing.")
def lock_command(before: str, *, same: bool) -> None:
    """Take changed code of built-in methods into methods/versions.json.

    Code whose version was not raised is run before and after, on two small tasks, and must give
    every query the same ids.
    """
    from bench.verify.lock import lock

    lock(before, same=same)


COMMANDS = (
    recompute_command,
    replay_command,
    certify_command,
    export_command,
    export_run_command,
    submit_command,
    lock_command,
)
