"""The command line. Heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bench.errors import InputError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _Command(click.Command):
    """A command whose user errors are one message, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo(
                "\nInterrupted. What was measured is kept; the same command goes on from there.",
                err=True,
            )
            sys.exit(130)


@click.group(name="bench")
def main() -> None:
    """Treeline: recall by distance, and by how much of the corpus a method visits."""


def _seeds(_ctx: click.Context, _param: click.Parameter, text: str) -> tuple[int, ...]:
    """Parse ``0,1,2``."""
    try:
        seeds = tuple(dict.fromkeys(int(seed) for seed in text.split(",")))
    except ValueError:
        raise click.BadParameter(f"takes whole numbers with commas between, got {text!r}") from None
    if min(seeds) < 0 or max(seeds) >= 2**32:
        raise click.BadParameter(f"a seed is 0 or more, and less than 2**32, got {text!r}")
    return seeds


def _data_dir(text: str) -> Callable[[Decorated], Decorated]:
    """The option of a folder of data that is there."""
    kind = click.Path(path_type=Path, exists=True, file_okay=False)
    return click.option("--data-dir", type=kind, help=text)


def _out(text: str) -> Callable[[Decorated], Decorated]:
    """The option of a results folder to write to."""
    kind = click.Path(path_type=Path, file_okay=False)
    default = Path("results/local")
    return click.option("--out", type=kind, default=default, show_default=True, help=text)


_SEVERAL_SEEDS = click.option("--seeds", default="0,1,2", callback=_seeds, show_default=True)
_JOBS = click.option(
    "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Cells at once."
)
_SET = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="[METHOD.]PARAM=VALUE",
    help="Set a hyper-parameter. May be repeated.",
)
_LOOKED_FOR = "Where data files are looked for."
_KEPT = "Results folder; what it holds is not measured again."


@main.command(cls=_Command)
@click.option("--methods", required=True, help="all, or names with commas between.")
@click.option("--datasets", default=None, help="quick (default), all, or names with commas.")
@click.option(
    "--dataset",
    multiple=True,
    metavar="NAME[:ARGS]",
    help="One dataset, with arguments: hierarchy:EDGES.csv, tree:H=3,W=7. May be repeated.",
)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE.py:Class",
    help="Add a method from a file.",
)
@click.option("--seeds", default="0", callback=_seeds, help="For example 0,1,2.")
@_SET
@click.option("--encoder", help="Of texts: minilm, a sentence-transformers name, or a folder.")
@click.option("--tune", help="What is trained of a text encoder: none, head, last-layer, full.")
@click.option("--k", type=click.IntRange(1), help="Documents asked for each query.")
@_JOBS
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0, min_open=True),
    default=3600,
    show_default=True,
    help="Seconds a cell may take.",
)
@_out("Results folder.")
@click.option("--fresh", is_flag=True, help="Measure again what is stored.")
@_data_dir(_LOOKED_FOR)
def run(
    methods: str,
    datasets: str | None,
    dataset: tuple[str, ...],
    plugins: tuple[str, ...],
    seeds: tuple[int, ...],
    settings: tuple[str, ...],
    encoder: str | None,
    tune: str | None,
    k: int | None,
    jobs: int,
    timeout_s: float,
    out: Path,
    fresh: bool,
    data_dir: Path | None,
) -> None:
    """Measure methods on datasets and print the boards."""
    from bench.run import RunOptions
    from bench.run import run as run_cells

    if datasets is None:
        datasets = "" if dataset else "quick"
    # Short for --set, for what all methods over texts have in common.
    for name, value in (("encoder", encoder), ("tune", tune)):
        settings += (f"{name}={value}",) if value is not None else ()
    options = RunOptions(
        methods=methods,
        datasets=datasets,
        dataset=dataset,
        plugins=plugins,
        seeds=seeds,
        settings=settings,
        k=k,
        jobs=jobs,
        timeout_s=timeout_s,
        out=out,
        fresh=fresh,
        data_dir=data_dir,
    )
    if not run_cells(options):
        sys.exit(1)


@main.command(name="list", cls=_Command)
@click.option("--plugin", "plugins", multiple=True, metavar="FILE.py:Class")
@_data_dir(_LOOKED_FOR)
def list_command(plugins: tuple[str, ...], data_dir: Path | None) -> None:
    """Methods and datasets, what each needs and what is missing here."""
    from bench.listing import list_everything

    list_everything(plugins, data_dir)


@main.command(cls=_Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to download into; without it, the user's cache.",
)
def fetch(names: tuple[str, ...], data_dir: Path | None) -> None:
    """Download the files of datasets and verify them; what was cut short goes on."""
    from bench.fetch import fetch as fetch_datasets

    fetch_datasets(names, data_dir)


@main.command(cls=_Command)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("results"),
    show_default=True,
    help="Results folder.",
)
def leaderboard(out: Path) -> None:
    """Write LEADERBOARD.md again from the cells of a results folder."""
    from bench.report.console import say_written
    from bench.report.markdown import write_leaderboard
    from bench.store import Store

    say_written(write_leaderboard(Store(out), figures=True))


@main.command(name="ablate", cls=_Command)
@click.argument("method")
@click.option("--dataset", required=True, metavar="NAME", help="A dataset, or beir:FOLDER.")
@_SEVERAL_SEEDS
@_JOBS
@_SET
@_out("Results folder; what its folder ablations holds is not measured again.")
@_data_dir(_LOOKED_FOR)
def ablate_command(
    method: str,
    dataset: str,
    seeds: tuple[int, ...],
    jobs: int,
    settings: tuple[str, ...],
    out: Path,
    data_dir: Path | None,
) -> None:
    """A method with one thing changed at a time: a table and a chart."""
    from bench.ablate import ablate
    from bench.run import RunOptions

    ablate(
        RunOptions(
            methods=method,
            datasets="",
            dataset=(dataset,),
            seeds=seeds,
            settings=settings,
            jobs=jobs,
            out=out,
            data_dir=data_dir,
        )
    )


@main.command(cls=_Command)
@_SEVERAL_SEEDS
@_out(_KEPT)
def speed(seeds: tuple[int, ...], out: Path) -> None:
    """The project's own benchmark over hierarchies: what it reaches beside what it aims at."""
    from bench.speed import speed_report

    speed_report(seeds, out)


@main.command(name="speed-text", cls=_Command)
@_SEVERAL_SEEDS
@_out(_KEPT)
@_data_dir("Folder with scifact and hyperlex.")
def speed_text(seeds: tuple[int, ...], out: Path, data_dir: Path | None) -> None:
    """The same over texts."""
    from bench.speed_text import text_report

    text_report(seeds, out, data_dir)


@main.command(name="embed-wordnet", cls=_Command)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="TREELINE_DATA",
    required=True,
    help="Folder with wordnet/data.noun and wordnet/index.noun of WordNet 3.0.",
)
def embed_wordnet(data_dir: Path) -> None:
    """Build the embedded noun graph from WordNet 3.0's own files."""
    from bench.cards import FOLDER
    from bench.readers.wordnet import build_graph
    from bench.report.console import say

    target = FOLDER / "wordnet-nouns.parquet"
    graph = build_graph(data_dir / "wordnet", target)
    say(f"{target}: {len(graph.names):,} synsets, {len(graph.children):,} links")
