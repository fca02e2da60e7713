"""The command that measures: ``treeline run``, ``python -m bench run``, ``python run_bench.py``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bench.cli import completion
from bench.cli.options import (
    ADDRESS,
    BUDGET,
    BUDGET_BY,
    DATA_DIR_HELP,
    EXECUTOR,
    HELP,
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

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measures.budget import By


@click.command(name="run", cls=Command, context_settings=HELP)
@click.option(
    "--methods",
    shell_complete=completion.methods,
    callback=read_names,
    help="all, or names with commas between.",
)
@click.option(
    "--datasets",
    shell_complete=completion.datasets,
    default=None,
    help="quick (default), all, or names with commas.",
)
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
@click.option(
    "--run",
    "runs",
    multiple=True,
    metavar="FILE[:NAME]",
    help="A run that was made elsewhere, in TREC's form, as a row beside the others; on the one "
    "--dataset that it is of. May be repeated.",
)
@click.option(
    "--plan",
    "--dry-run",
    is_flag=True,
    help="Say what would be measured and encoded, how long that takes and how much disk; no more.",
)
@PLUGINS
@click.option("--seeds", callback=read_seeds, help="For example 0,1,2; without it 0.")
@SET
@click.option(
    "--encoder", help="Of texts: minilm, wordllama, a sentence-transformers name, or a folder."
)
@click.option(
    "--tune", help="What is trained of a text encoder: none, head, neighbours, last-layer, full."
)
@click.option(
    "--precision",
    help="Of a text encoder: float32, or bfloat16; without it bfloat16 where this machine has it.",
)
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
@click.option("--boards", is_flag=True, help="Print all boards of what ran at the end.")
@click.option(
    "--fresh",
    is_flag=True,
    help="Measure again what is stored, and trust no cache: read, encode and fit again.",
)
@data_dir_option(DATA_DIR_HELP)
def run_command(
    methods: tuple[str, ...] | None,
    datasets: str | None,
    dataset: tuple[str, ...],
    suite: str | None,
    runs: tuple[str, ...],
    plan: bool,
    plugins: tuple[str, ...],
    seeds: tuple[int, ...] | None,
    settings: tuple[str, ...],
    encoder: str | None,
    tune: str | None,
    precision: str | None,
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
    boards: bool,
    fresh: bool,
    data_dir: Path | None,
) -> None:
    """Measure methods on datasets, write the boards and print the best rows."""
    from bench import experiment
    from bench.data.several import all_tasks, dataset_names
    from bench.executors.measure import Cluster, Conditions
    from bench.plan.brought import named_files
    from bench.plan.grid import Settings, grids
    from bench.plan.suite import read_suite
    from bench.plan.suite_grids import grids_of
    from bench.registry import Registry
    from bench.system.terminal import say

    if suite is None and methods is None and not runs and not plugins:
        raise click.UsageError("give --methods, with names or all, or --suite, --run or --plugin")
    given = {
        "seeds": seeds,
        "set": settings,
        "encoder": encoder,
        "tune": tune,
        "precision": precision,
        "k": k,
        "run": runs,
    }
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
        if runs and not dataset and datasets is None:
            raise click.UsageError("--run needs the --dataset that it is of")
        listed = "quick" if datasets is None and not dataset else datasets or ""
        # Short for --set, for what all methods over texts have in common.
        shared = {"encoder": encoder, "tune": tune, "precision": precision}
        settings += tuple(f"{name}={value}" for name, value in shared.items() if value is not None)
        asked = grids(
            methods or (),
            all_tasks(dataset_names(listed, dataset), data_dir),
            registry,
            settings=Settings.parse(settings),
            seeds=seeds or (0,),
            k=k,
            runs=named_files(runs, registry),
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
        boards=boards,
    )
    if plan:
        experiment.print_plan(asked_for)
    elif not experiment.run(asked_for):
        sys.exit(1)
