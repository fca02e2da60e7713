"""Commands that measure the project's own claims, and that build what it embeds."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli_options import (
    JOBS,
    LOOKED_FOR,
    SET,
    SEVERAL_SEEDS,
    STORED,
    Command,
    data_dir_option,
    out_option,
    read_seeds,
)


@click.command(name="ablate", cls=Command)
@click.argument("method")
@click.option("--dataset", required=True, metavar="NAME", help="A dataset, or beir:FOLDER.")
@SEVERAL_SEEDS
@JOBS
@SET
@out_option("Results folder; what its folder ablations holds is not measured again.")
@data_dir_option(LOOKED_FOR)
def ablate_command(
    method: str,
    dataset: str,
    seeds: tuple[int, ...],
    jobs: int | None,
    settings: tuple[str, ...],
    out: Path,
    data_dir: Path | None,
) -> None:
    """A method with one thing changed at a time: a table and a chart."""
    from bench.ablate import ablate
    from bench.experiment import RunOptions

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


@click.command(name="geometry", cls=Command)
@click.option("--quick", is_flag=True, help="Small trees and short trainings, one seed: minutes.")
@click.option(
    "--seeds",
    default=None,
    callback=read_seeds,
    help="Without it 0,1,2, trees the first two; with --quick 0.",
)
@click.option(
    "--jobs", type=click.IntRange(1), help="Trainings at once; without it, one for each core."
)
@out_option("Results folder; what its folder geometry holds is not measured again.")
def geometry_command(
    seeds: tuple[int, ...] | None, jobs: int | None, out: Path, *, quick: bool
) -> None:
    """How many dimensions a hierarchy needs, and what resampling and finetuning trade off."""
    from bench.geometry import command
    from bench.provenance import usable_cores

    study = command.quick(seeds or (0,)) if quick else command.full(seeds or (0, 1, 2))
    command.geometry(study, out, jobs or usable_cores())


@click.command(name="reproduction", cls=Command)
@STORED
def reproduction_command(out: Path) -> None:
    """The papers' claims beside what was measured: write REPRODUCTION.md of a results folder."""
    from bench.report.console import say
    from bench.reproduction.report import write_reproduction
    from bench.store import Store

    say(f"Written: {write_reproduction(Store(out))}")


@click.command(name="speed", cls=Command)
@click.argument("parts", nargs=-1, metavar="[PART]...")
@out_option("Results folder; its parts that are not measured are kept.")
@data_dir_option("Folder with scifact; without it that part of texts is left out.")
def speed_command(parts: tuple[str, ...], out: Path, data_dir: Path | None) -> None:
    """Treeline beside its peers, measured in the same run.

    Parts: training, exact-search, measures, visited, harness, texts, growth; all without.
    """
    from bench.speed.command import speed

    speed(parts, out, data_dir)


@click.command(name="gpu", cls=Command)
@out_option("Results folder.")
def gpu_command(out: Path) -> None:
    """The CPU against a GPU of this machine: training and encoding, speed and what is found."""
    from bench.gpu.command import gpu_report

    gpu_report(out)


@click.command(name="embed-wordnet", cls=Command)
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


MEASURES = (
    ablate_command,
    geometry_command,
    reproduction_command,
    speed_command,
    gpu_command,
    embed_wordnet,
)
