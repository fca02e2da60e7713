"""The command line. Heavy imports wait until a command needs them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli import results
from bench.cli.options import (
    ADDRESS,
    BUDGET,
    BUDGET_BY,
    DATA_DIR_HELP,
    EXECUTOR,
    JOBS,
    LEAST_MEMORY,
    MEMORY,
    NEEDS,
    PLUGINS,
    SET,
    TIMEOUT,
    Command,
    data_dir_option,
    out_option,
    read_budget,
    read_names,
    read_seeds,
)
from bench.system.paths import CHECKOUT, load_object

if TYPE_CHECKING:
    from bench.measures.budget import By

STUDIES = "studies"
"""The package of the project's own studies."""


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


@click.group(name="bench", cls=Group)
def main() -> None:
    """Treeline: recall by distance, and by how much of the corpus a method visits."""


def _has_studies() -> bool:
    """Whether the studies stand beside this code; a folder of the user may have the same name."""
    spec = importlib.util.find_spec(STUDIES)
    places = [] if spec is None else spec.submodule_search_locations or []
    return str(CHECKOUT / STUDIES) in places


for command in results.COMMANDS:
    main.add_command(command)
if _has_studies():
    for command in load_object(f"{STUDIES}.cli:COMMANDS"):
        main.add_command(command)


@main.command(cls=Command)
@click.option("--methods", callback=read_names, help="all, or names with commas between.")
@click.option("--datasets", default=None, help="quick (default), all, or names with commas.")
@click.option(
    "--dataset",
    multiple=True,
    metavar="NAME[:ARGS]",
    help="One dataset, with arguments: hierarchy:EDGES.csv, tree:H=3,W=7. May be repeated.",
)
@click.option(
    "--suite",
    metavar="NAME|FILE.toml",
    help="What a file lists of methods, datasets, settings and seeds: published, quick, or one of "
    "your own. --methods and --datasets then name those of it that are meant.",
)
@click.option("--plan", is_flag=True, help="Say what would be measured and in how many hours.")
@PLUGINS
@click.option("--seeds", callback=read_seeds, help="For example 0,1,2; without it 0.")
@SET
@click.option("--encoder", help="Of texts: minilm, a sentence-transformers name, or a folder.")
@click.option("--tune", help="What is trained of a text encoder: none, head, last-layer, full.")
@click.option("--k", type=click.IntRange(1), help="Documents asked for each query.")
@JOBS
@EXECUTOR
@ADDRESS
@NEEDS
@MEMORY
@TIMEOUT
@BUDGET
@BUDGET_BY
@out_option("Results folder.")
@click.option(
    "--fresh",
    is_flag=True,
    help="Measure again what is stored, and trust no cache: read, encode and fit again.",
)
@data_dir_option(DATA_DIR_HELP)
def run(
    methods: tuple[str, ...] | None,
    datasets: str | None,
    dataset: tuple[str, ...],
    suite: str | None,
    plan: bool,
    plugins: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    settings: tuple[str, ...],
    encoder: str | None,
    tune: str | None,
    k: int | None,
    jobs: int | None,
    executor: str,
    address: str | None,
    needs: tuple[str, ...],
    memory_bytes: int | None,
    timeout_s: float,
    budget_share: float | None,
    budget_by: By | None,
    out: Path,
    fresh: bool,
    data_dir: Path | None,
) -> None:
    """Measure methods on datasets and print the boards."""
    from bench import experiment
    from bench.data.load import dataset_names
    from bench.executors.measure import Cluster, Conditions
    from bench.plan.grid import Settings, grids
    from bench.plan.suite import read_suite
    from bench.plan.suite_grids import grids_of
    from bench.registry import Registry
    from bench.system.terminal import say

    if suite is None and methods is None:
        raise click.UsageError("give --methods, with names or all, or --suite")
    given = {"seeds": seeds, "set": settings, "encoder": encoder, "tune": tune, "k": k}
    options = [f"--{name}" for name, value in given.items() if value not in (None, ())]
    if suite is not None and options:
        raise click.UsageError(
            f"{', '.join(options)}: a suite states this itself; leave it out, or change a copy of "
            "the suite and give that: --suite FILE.toml"
        )
    if executor == "local" and (address is not None or needs):
        named = "--address" if address is not None else "--needs"
        raise click.UsageError(f"{named} is for a cluster; give --executor ray with it")
    if executor == "ray" and memory_bytes is not None:
        raise click.UsageError("--memory is for cells here; on a cluster --needs memory_gb=NUMBER")
    if memory_bytes is not None and memory_bytes // (jobs or 1) < LEAST_MEMORY:
        raise click.UsageError(
            f"--memory is shared by --jobs {jobs}: each cell needs 512MiB to begin; raise the one "
            "or lower the other"
        )
    budget = read_budget(budget_share, budget_by)
    registry = Registry(plugins)
    if suite is None:
        listed = "quick" if datasets is None and not dataset else datasets or ""
        # Short for --set, for what all methods over texts have in common.
        shared = {"encoder": encoder, "tune": tune}
        settings += tuple(f"{name}={value}" for name, value in shared.items() if value is not None)
        asked = grids(
            methods or (),
            dataset_names(listed, dataset),
            registry,
            settings=Settings.parse(settings),
            seeds=seeds or (0,),
            k=k,
        )
    else:
        listed = datasets or ""
        only = dataset_names(listed, dataset) if listed != "all" and (listed or dataset) else []
        found = read_suite(suite)
        say(f"Suite {found.name}: {found.title}")
        asked = grids_of(found, registry, methods or (), only)
    asked_for = experiment.Experiment(
        asked,
        registry,
        out,
        Conditions(
            jobs=jobs,
            timeout_s=timeout_s,
            memory_bytes=memory_bytes,
            fresh=fresh,
            cluster=Cluster(address, needs) if executor == "ray" else None,
        ),
        data_dir,
        here_only=suite is not None or listed == "all",
        plan_first=suite is not None,
        budget=budget,
    )
    if plan:
        experiment.print_plan(asked_for)
    elif not experiment.run(asked_for):
        sys.exit(1)


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
