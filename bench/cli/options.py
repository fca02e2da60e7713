"""Options and errors that commands have in common."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from bench.cli import completion
from bench.errors import EXTRAS, InputError, lacks_packages
from bench.measures.budget import Budget, By
from bench.system.paths import folder_of_last_run

HELP = {"help_option_names": ["-h", "--help"]}
"""Settings of a command that is called by itself, and of the group of all."""
LEAST_MEMORY = 512 << 20
"""Bytes that a cell needs at least: its libraries take half of it before it begins."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Command(click.Command):
    """A command whose user errors are one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            from bench.system.terminal import visible

            raise click.ClickException(visible(str(error))) from error
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not any(package in packages for packages in EXTRAS.values()):
                raise
            raise click.ClickException(f"{ctx.command_path} {lacks_packages([package])}") from error
        except KeyboardInterrupt:
            click.echo(
                "\nInterrupted. What was measured is kept; the same command goes on from there.",
                err=True,
            )
            sys.exit(130)


def read_seeds(
    _ctx: click.Context, _param: click.Parameter, text: str | None
) -> tuple[int, ...] | None:
    """Parse ``0,1,2``."""
    if text is None:
        return None
    try:
        seeds = tuple(dict.fromkeys(int(seed) for seed in text.split(",")))
    except ValueError:
        raise click.BadParameter(f"takes whole numbers with commas between, got {text!r}") from None
    if min(seeds) < 0 or max(seeds) >= 2**32:
        raise click.BadParameter(f"a seed is 0 or more, and less than 2**32, got {text!r}")
    return seeds


def read_names(
    _ctx: click.Context, _param: click.Parameter, text: str | None
) -> tuple[str, ...] | None:
    """Parse names with commas between."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def rows_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--datasets``, ``--dataset`` and ``--methods``: of which rows a command speaks."""
    only = "Only these, with commas between."
    one: dict[str, Any] = {"multiple": True, "metavar": "NAME[:ARGS]"}
    for name, complete, more in (
        ("--methods", completion.methods, {"callback": read_names, "help": only}),
        ("--dataset", completion.datasets, {**one, "help": "One. May be repeated."}),
        ("--datasets", completion.datasets, {"callback": read_names, "help": only}),
    ):
        command = click.option(name, shell_complete=complete, **more)(command)
    return command


class Bytes(click.ParamType[int]):
    """A size in bytes: ``8GiB``, ``500MB``."""

    name = "size"

    def __init__(self, least: int = LEAST_MEMORY) -> None:
        """``least``: the smallest size; that of a cell, if nothing is said."""
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Turn the text into bytes."""
        from pydantic import ByteSize, TypeAdapter, ValidationError

        try:
            n_bytes = TypeAdapter(ByteSize).validate_python(value)
        except ValidationError:
            self.fail(f"takes a size such as 8GiB or 500MB, got {value!r}", param, ctx)
        if n_bytes < self._least:
            needs = "a cell needs to begin, 512MiB" if self._least == LEAST_MEMORY else "a byte"
            self.fail(f"{value} is less than {needs}", param, ctx)
        return int(n_bytes)


def data_dir_option(text: str) -> Callable[[Decorated], Decorated]:
    """The option of an existing folder of data."""
    kind = click.Path(path_type=Path, exists=True, file_okay=False)
    return click.option("--data-dir", type=kind, help=text)


def out_option(
    text: str, default: str | None = "results/local"
) -> Callable[[Decorated], Decorated]:
    """The option of a results folder to write to; it must be given if there is no default."""
    kind = click.Path(path_type=Path, file_okay=False)
    if default is None:
        return click.option("--out", type=kind, required=True, help=text)
    return click.option("--out", type=kind, default=Path(default), show_default=True, help=text)


def budget_option(text: str) -> Callable[[Decorated], Decorated]:
    """The option of the largest share of the corpus that a query may cost."""
    kind = click.FloatRange(0, 1, min_open=True)
    return click.option("--budget", "budget_share", type=kind, metavar="SHARE", help=text)


SEVERAL_SEEDS = click.option("--seeds", default="0,1,2", callback=read_seeds, show_default=True)
JOBS = click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Cells at once; without it one, or as many as a cluster has room for.",
)
EXECUTOR = click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where cells run: here, or on a Ray cluster.",
)
ADDRESS = click.option(
    "--address",
    metavar="HOST:PORT",
    help="Of the Ray cluster; without it RAY_ADDRESS, or a new one of this machine alone.",
)
NEEDS = click.option(
    "--needs",
    multiple=True,
    metavar="[METHOD.]NAME=NUMBER",
    help="What a cell asks of a node: cpus (1), gpus (0), memory_gb. May be repeated.",
)
SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="[METHOD.]PARAM=VALUE",
    help="Set a hyper-parameter. May be repeated.",
)
PLUGINS = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE.py:Class",
    help="Add a method, a trainer or an index of your own: the class of a file, of a package's "
    "folder, or of a module.",
)
MEMORY = click.option(
    "--memory",
    "memory_bytes",
    type=Bytes(),
    metavar="SIZE",
    help="What all cells together may allocate, such as 8GiB; without it 85 % of what is free.",
)
TIMEOUT = click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0, min_open=True),
    default=3600,
    show_default=True,
    help="Seconds a cell may take.",
)
STORED = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("results"),
    show_default=True,
    help="Results folder.",
)
LAST_RUN = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Results folder; without it that of the last run, or results if none is remembered.",
)
BUDGET = budget_option(
    "Compare rows at 0.01, 0.02, 0.05, 0.1 or 0.2 of the corpus; values of queries are kept "
    "there, and not for other shares. Without it as each card says: 0.1."
)
BUDGET_BY = click.option(
    "--budget-by",
    type=click.Choice(get_args(By)),
    help="Whether --budget limits documents visited (without it), or work, which adds routing.",
)


def read_budget(share: float | None, by: By | None) -> Budget | None:
    """The budget of ``--budget`` and ``--budget-by``; None: that of each card."""
    if share is None and by is not None:
        raise click.UsageError(f"--budget-by {by} needs --budget, such as --budget 0.1")
    if share is not None and math.isnan(share):
        raise click.UsageError("--budget takes a share of the corpus, such as 0.02, got nan")
    return None if share is None else Budget(share, by or "visited")


def results_folder(out: Path | None) -> Path:
    """The folder of ``LAST_RUN``; one that was not named is said, and why it was taken.

    Raises:
        InputError: it is not there, or that of the last run is gone.
    """
    from bench.system.terminal import visible

    if out is not None:
        return out
    folder, why = folder_of_last_run(), "that of the last run"
    if folder is None:
        folder, why = Path("results"), "as no run is remembered here"
    if not folder.is_dir():
        raise InputError(
            f"there is no results folder {folder.absolute()} ({why}); name one with --out"
        )
    click.echo(visible(f"Results folder: {folder} ({why}; --out names another)"), err=True)
    return folder


DATA_DIR_HELP = "Where data files are looked for."
