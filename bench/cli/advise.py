"""The command that names a method for data and a budget: ``python -m bench advise``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import click

from bench.cli import completion
from bench.cli.options import (
    DATA_DIR_HELP,
    PLUGINS,
    Bytes,
    Command,
    budget_option,
    data_dir_option,
    out_option,
    read_budget,
)
from bench.measures.budget import DEFAULT, UNLIMITED, Budget, By

if TYPE_CHECKING:
    from pathlib import Path

    from bench.advise.goal import Goal

POSITIVE = click.FloatRange(0, min_open=True)


@click.command(name="advise", cls=Command)
@click.option(
    "--dataset",
    shell_complete=completion.datasets,
    required=True,
    metavar="NAME[:ARGS]",
    help="As a run takes it.",
)
@budget_option("The best score for at most this share of the corpus; 0.1 without other limits.")
@click.option(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="The cheapest that finds this share of the relevant documents, as 0.95.",
)
@click.option(
    "--budget-by",
    type=click.Choice(get_args(By)),
    help="What counts: documents visited (of --budget), or work, with routing (of --recall).",
)
@click.option(
    "--latency-ms", type=POSITIVE, help="Milliseconds of a single query at most, the median."
)
@click.option(
    "--memory", "memory_bytes", type=Bytes(least=1), metavar="SIZE", help="Size of the index."
)
@click.option(
    "--minutes", type=POSITIVE, default=10, show_default=True, help="Minutes to measure in."
)
@out_option("Results folder; a second call goes on with its cells.", "results/local/advise")
@PLUGINS
@data_dir_option(DATA_DIR_HELP)
def advise_command(
    dataset: str,
    budget_share: float | None,
    recall: float | None,
    budget_by: By | None,
    latency_ms: float | None,
    memory_bytes: int | None,
    minutes: float,
    out: Path,
    plugins: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Name the method and settings to take for data and a budget, measured within minutes.

    Candidates are compared on validation queries; the best one alone is measured on the test.
    """
    goal = _goal(budget_share, budget_by, recall, latency_ms, memory_bytes, minutes)
    from bench.advise.advise import advise
    from bench.advise.answer import print_advice

    found = advise(dataset, goal, minutes=minutes, out=out, data_dir=data_dir, plugins=plugins)
    print_advice(found, dataset, out, data_dir)


def _goal(
    share: float | None,
    by: By | None,
    recall: float | None,
    latency_ms: float | None,
    memory_bytes: int | None,
    minutes: float,
) -> Goal:
    """The limits that were typed."""
    from bench.advise.goal import Goal

    for name, number in {"recall": recall, "latency-ms": latency_ms, "minutes": minutes}.items():
        if number is not None and not math.isfinite(number):
            raise click.UsageError(f"--{name} takes a number, got {number}")
    if share is not None and recall is not None:
        raise click.UsageError(
            "--budget asks for the best score at a price, and --recall for the lowest price of a "
            "score; give one of them"
        )
    if recall is not None:
        budget = Budget(UNLIMITED.share, by or "work")
    elif share is None and by is None:
        limited = latency_ms is not None or memory_bytes is not None
        budget = UNLIMITED if limited else DEFAULT
    else:
        budget = read_budget(share, by) or DEFAULT
    return Goal(budget, recall, latency_ms, memory_bytes)
