"""The command line. Heavy imports wait until a command needs them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import click

from bench.cli import folders, results, verify
from bench.cli.advise import advise_command
from bench.cli.cache import cache_command
from bench.cli.options import DATA_DIR_HELP, HELP, PLUGINS, SET, Command, data_dir_option
from bench.cli.run import run_command
from bench.system.paths import CHECKOUT, load_object
from bench.system.version import VERSION

STUDIES = "studies"
"""The package of the project's own studies."""
GREETING = """\
Treeline {version} measures retrieval: recall by distance in a hierarchy, and by the share of the
corpus that is visited.

  {name} list                 methods, datasets, and what is missing here
  {name} run --suite quick    measure small hierarchies and texts, in about 3 minutes
  {name} run --methods all --dataset hierarchy:EDGES.csv
  {fill}                      your own: a table child,parent or id,parent_id,name, paths, OBO, SKOS
  {name} advise --dataset hierarchy:EDGES.csv --budget 0.1
  {fill}                         which method to take, and at what price

Boards and charts go to results/local in this folder. All commands: {name} -h,
and the options of one: {name} run -h.
"""


class Group(click.Group):
    """Commands; a word that only one of them takes, such as a part of a study, leads to it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            for name, command in self.commands.items():
                takes = "|".join(each.metavar or "" for each in command.params)
                if args[0] in re.split(r"[][|.]+", takes):
                    hint = f"{error.message} Did you mean '{name} {args[0]}'?"
                    raise click.UsageError(hint, ctx) from error
            raise


@click.group(name="bench", cls=Group, context_settings=HELP, invoke_without_command=True)
@click.version_option(VERSION, message="Treeline %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Treeline: recall by distance, and by how much of the corpus a method visits."""
    if ctx.invoked_subcommand is None:
        name = ctx.command_path
        click.echo(GREETING.format(version=VERSION, name=name, fill=" " * len(name)), nl=False)


def _has_studies() -> bool:
    """Whether the studies stand beside this code; a folder of the user may have the same name."""
    spec = importlib.util.find_spec(STUDIES)
    places = [] if spec is None else spec.submodule_search_locations or []
    return str(CHECKOUT / STUDIES) in places


for command in (
    run_command,
    advise_command,
    cache_command,
    *results.COMMANDS,
    *folders.COMMANDS,
    *verify.COMMANDS,
):
    main.add_command(command)
if _has_studies():
    for command in load_object(f"{STUDIES}.cli:COMMANDS"):
        main.add_command(command)


@main.command(name="list", cls=Command)
@PLUGINS
@data_dir_option(DATA_DIR_HELP)
def list_command(plugins: tuple[str, ...], data_dir: Path | None) -> None:
    """Methods and datasets, what each needs and what is missing here."""
    from bench.report.console import print_list

    print_list(plugins, data_dir)


@main.command(cls=Command)
@click.argument("methods", nargs=-1, metavar="METHOD|FILE.py:Class...")
@click.option("--all", "everything", is_flag=True, help="All methods of `bench list`.")
@SET
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds that the checks of a method may take.",
)
def check(
    methods: tuple[str, ...], settings: tuple[str, ...], timeout_s: float, *, everything: bool
) -> None:
    """Whether methods keep the contract: named checks on two small tasks."""
    from bench.check.report import check_methods
    from bench.plan.grid import Settings

    if everything and methods:
        raise click.UsageError(f"--all is all methods; leave it out to check {' '.join(methods)}")

    asked = Settings.parse(settings)
    if not check_methods(methods, asked, everything=everything, timeout_s=timeout_s):
        sys.exit(1)


@main.command(cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to download into; without it, the user's cache.",
)
def fetch(names: tuple[str, ...], data_dir: Path | None) -> None:
    """Download the files of datasets and verify them; what was cut short goes on."""
    from bench.data.fetch import fetch as fetch_datasets

    fetch_datasets(names, data_dir)


@main.command(name="embed-wordnet", cls=Command)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="TREELINE_DATA",
    required=True,
    help="Folder with wordnet/data.noun and wordnet/index.noun of WordNet 3.0.",
)
def embed_wordnet(data_dir: Path) -> None:
    """Build the embedded noun graph from WordNet 3.0's own files."""
    from bench.data.cards import FOLDER
    from bench.data.readers.wordnet import build_graph
    from bench.system.terminal import say

    target = FOLDER / "wordnet-nouns.parquet"
    graph = build_graph(data_dir / "wordnet", target)
    say(f"{target}: {len(graph.names):,} synsets, {len(graph.children):,} links")
