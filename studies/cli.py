"""Commands of the project's own studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bench.cli.options import (
    DATA_DIR_HELP,
    JOBS,
    SET,
    SEVERAL_SEEDS,
    Command,
    data_dir_option,
    out_option,
    read_seeds,
)

if TYPE_CHECKING:
    from pathlib import Path

PARTS = (
    "training", "exact-search", "measures", "visited", "harness", "texts", "growth", "gpu",
)  # fmt: skip
"""What ``bench speed`` measures, as a word each."""
DIMS = range(2, 64)
"""Dimensions that ``bench limit`` takes: it tries 64 documents or more, more than dimensions."""


def _read_dims(_ctx: click.Context, _param: click.Parameter, text: str) -> tuple[int, ...]:
    """Parse ``4,8,16``, in any order, each once."""
    numbers = {number.strip() for number in text.split(",")}
    if not all(number.isdecimal() and int(number) in DIMS for number in numbers):
        raise click.BadParameter(f"takes whole numbers from {DIMS[0]} to {DIMS[-1]}, got {text!r}")
    return tuple(sorted(map(int, numbers)))


@click.command(name="ablate", cls=Command)
@click.argument("method")
@click.option("--dataset", required=True, metavar="NAME", help="A dataset, or beir:FOLDER.")
@SEVERAL_SEEDS
@JOBS
@SET
@out_option("Results folder; what its folder ablations holds is not measured again.")
@data_dir_option(DATA_DIR_HELP)
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
    from bench.executors.measure import Conditions
    from bench.experiment import Experiment
    from bench.plan.grid import Settings, grids
    from bench.registry import Registry
    from studies.ablate import ablate

    registry = Registry()
    asked = grids([method], [dataset], registry, settings=Settings.parse(settings), seeds=seeds)
    ablate(Experiment(asked, registry, out, Conditions(jobs), data_dir))


@click.command(name="geometry", cls=Command)
@click.option("--quick", is_flag=True, help="Small trees and short trainings, one seed: minutes.")
@click.option(
    "--seeds",
    default=None,
    callback=read_seeds,
    help="Without it 0,1,2; with --quick 0.",
)
@click.option(
    "--jobs", type=click.IntRange(1), help="Trainings at once; without it, one for each core."
)
@out_option("Results folder; what its folder geometry holds is not measured again.")
def geometry_command(
    seeds: tuple[int, ...] | None, jobs: int | None, out: Path, *, quick: bool
) -> None:
    """How many dimensions a hierarchy needs, and what resampling and finetuning trade off."""
    from bench.system.provenance import usable_cores
    from studies.geometry import study
    from studies.geometry.command import geometry

    asked = study.quick(seeds or (0,)) if quick else study.full(seeds or (0, 1, 2))
    geometry(asked, out, jobs or usable_cores())


@click.command(name="limit", cls=Command)
@click.option(
    "--dims",
    default="4,5,6,7,8,10,12,16",
    show_default=True,
    callback=_read_dims,
    help="The dimensions.",
)
@click.option(
    "--most",
    default=128,
    show_default=True,
    type=click.IntRange(64, 1414),
    help="The largest number of documents that is tried.",
)
@click.option("--seeds", default="0", show_default=True, callback=read_seeds)
@click.option(
    "--jobs", type=click.IntRange(1), help="Trainings at once; without it, one for each core."
)
@out_option("Results folder; what its folder limit holds is not measured again.")
def limit_command(
    dims: tuple[int, ...], most: int, seeds: tuple[int, ...], jobs: int | None, out: Path
) -> None:
    """How many documents d dimensions hold, where every two answer a query (arXiv 2508.21038)."""
    from bench.system.provenance import usable_cores
    from studies.limit.command import limit
    from studies.limit.critical import Grid

    limit(Grid(dims, most, seeds), out, jobs or usable_cores())


@click.command(name="speed", cls=Command)
@click.argument("parts", nargs=-1, metavar=f"[{'|'.join(PARTS)}]...")
@out_option("Results folder; its parts that are not measured are kept.")
@data_dir_option("Folder with scifact; without it that part of texts is left out.")
def speed_command(parts: tuple[str, ...], out: Path, data_dir: Path | None) -> None:
    """Treeline beside its peers, measured in the same run.

    Without a part, all are measured, but gpu only where there is one.
    """
    from studies.speed.command import speed

    speed(parts, out, data_dir)


COMMANDS = (ablate_command, geometry_command, limit_command, speed_command)
